import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canMove, moves, removedByApi, workerStates } from '#core/worker.ts';
import type { Worker } from '#core/worker.ts';
import type { MoveRequest } from '#core/worker-store.ts';
import {
  aPool,
  after,
  declared,
  hourMs,
  minuteMs,
  now,
  oneRequested,
  only,
  poolId,
  registered,
  requested,
  toldEvents,
  toldExchanges,
  workerIn,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const ends = ['remove', 'stop'] as const;
const told = { remove: 'worker-removed', stop: 'worker-stopped' };

/** What every store promises of moves. */
export function movePromises(open: OpenStore): void {
  for (const state of workerStates) {
    for (const move of ends) {
      const isAllowed = canMove(state, move);
      // spec: api 7.3, provisioning 1.1, 1.8, W48, P-15
      test(`from ${state}, ${move} ${isAllowed ? 'happens and is told' : 'does nothing'}, as the table says`, async (t) => {
        const store = await open(t);
        await aPool(store);
        const worker = await workerIn(store, state);
        await toldEvents(store);
        const moved = await store.moveWorkers([{ worker, move, reason: 'why' }], after(1));
        const stored = await store.worker(worker);
        if (!isAllowed) {
          assert.deepEqual(moved, []);
          assert.deepEqual(stored, worker);
          assert.deepEqual(await toldEvents(store), []);
          return;
        }
        assert.deepEqual(moved, [{ worker: stored, move, from: state, reason: 'why' }]);
        assert.equal(stored?.state, moves[move].to);
        assert.deepEqual(stored.lastModified, after(1));
        const { exchange, payload } = only(await toldEvents(store));
        assert.equal(exchange, told[move]);
        assert.equal('reason' in payload ? payload.reason : null, move === 'remove' ? 'why' : null);
      });
    }
  }

  // spec: provisioning 1.2
  test('the first end is remembered: when it began, from which state and why', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await workerIn(store, 'running');
    const removed = only(await store.moveWorkers([{ worker, move: 'remove', reason: 'first' }], after(1))).worker;
    assert.deepEqual([removed.stoppedAt, removed.previousState, removed.removalReason], [after(1), 'running', 'first']);
    const stopped = only(await store.moveWorkers([{ worker, move: 'stop', reason: 'second' }], after(2))).worker;
    assert.deepEqual(
      [stopped.stoppedAt, stopped.previousState, stopped.removalReason, stopped.lastChecked],
      [after(1), 'running', 'first', after(2)],
    );
  });

  test('a removed worker is due at once with its tries counted anew, a stopped one never', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await oneRequested(store);
    await store.reschedule([{ worker, dueAt: after(hourMs) }]);
    await store.moveWorkers([{ worker, move: 'remove', reason: 'x' }], after(minuteMs));
    assert.deepEqual(await store.nextWorkerDue('aws', worker.scope), after(minuteMs));
    assert.equal(only(await store.dueWorkers('aws', worker.scope, after(minuteMs), 9)).attempts, 0);
    await store.moveWorkers([{ worker, move: 'stop', reason: 'x' }], after(minuteMs));
    assert.equal(await store.nextWorkerDue('aws', worker.scope), null);
  });

  const guards: Record<string, { holds: Partial<MoveRequest>; fails: Partial<MoveRequest>; prepare?: 'activity' }> = {
    'its end of life is past': {
      holds: { ifTerminateAfterBefore: after(hourMs + 1) },
      fails: { ifTerminateAfterBefore: after(hourMs) },
    },
    'the queue has not seen it since': {
      holds: { ifInactiveSince: after(minuteMs) },
      fails: { ifInactiveSince: after(minuteMs - 1) },
      prepare: 'activity',
    },
  };
  for (const [what, { holds, fails, prepare }] of Object.entries(guards)) {
    // spec: provisioning 1.6, 1.9, P-50
    test(`a move made only if ${what} looks at what is stored then`, async (t) => {
      const store = await open(t);
      await aPool(store);
      const worker = await oneRequested(store);
      if (prepare === 'activity') {
        const seen = { worker, firstClaim: now, lastDateActive: after(minuteMs) };
        await store.saveQueueActivity([seen], after(2 * minuteMs));
      }
      assert.deepEqual(await store.moveWorkers([{ worker, move: 'remove', reason: 'x', ...fails }], now), []);
      assert.equal((await store.moveWorkers([{ worker, move: 'remove', reason: 'x', ...holds }], now)).length, 1);
    });
  }

  test('a worker of which the queue has never heard is inactive since ever', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await oneRequested(store);
    const request = { worker, move: 'remove', reason: 'x', ifInactiveSince: after(-hourMs) } as const;
    assert.equal((await store.moveWorkers([request], now)).length, 1);
  });

  test('a worker without end of life is never past it', async (t) => {
    const store = await open(t);
    const worker = await declared(store);
    const request = { worker, move: 'remove', reason: 'x', ifTerminateAfterBefore: after(1e12) } as const;
    assert.deepEqual(await store.moveWorkers([request], now), []);
  });

  // spec: provisioning 1.9, E60
  test('a move made only if it has not registered spares one that has', async (t) => {
    const store = await open(t);
    await aPool(store);
    const running = await registered(store, await oneRequested(store));
    const waiting = await oneRequested(store, { prefix: 'w' });
    const requests = [running, waiting].map(
      (worker) => ({ worker, move: 'remove', reason: 'x', ifUnregistered: true }) as const,
    );
    const moved = await store.moveWorkers(requests, now);
    assert.equal(only(moved).worker.workerId, 'w-0');
  });

  // spec: P-20
  test('many moves are answered in the order asked, without those that did not happen', async (t) => {
    const store = await open(t);
    await aPool(store);
    const workers = await requested(store, 50);
    const gone = workers[7];
    assert.ok(gone);
    await store.moveWorkers([{ worker: gone, move: 'stop', reason: 'x' }], now);
    await toldEvents(store);
    const requests = workers
      .toReversed()
      .map((worker) => ({ worker, move: 'remove', reason: worker.workerId }) as const);
    const stranger = { ...gone, workerId: 'i-none' };
    const moved = await store.moveWorkers([...requests, { worker: stranger, move: 'remove', reason: 'x' }], now);
    const expected = requests.map(({ reason }) => reason).filter((id) => id !== gone.workerId);
    assert.deepEqual(
      moved.map(({ reason }) => reason),
      expected,
    );
    const events = await toldEvents(store);
    assert.deepEqual(
      events.map(({ payload }) => 'workerId' in payload && payload.workerId),
      expected,
    );
    assert.deepEqual(await store.moveWorkers([], now), []);
  });

  test('a worker that is asked to be removed and stopped at once makes both moves, in that order', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await workerIn(store, 'running');
    await toldEvents(store);
    const requests = ends.map((move) => ({ worker, move, reason: 'api' }));
    const moved = await store.moveWorkers(requests, now);
    assert.deepEqual(
      moved.map(({ move, from }) => `${from} ${move}`),
      ['running remove', 'stopping stop'],
    );
    assert.deepEqual(await toldExchanges(store), ['worker-removed', 'worker-stopped']);
  });

  // spec: provisioning 1.9, W48
  test('however many ask at once, each move happens once and is told once', async (t) => {
    const store = await open(t);
    await aPool(store);
    const workers = await requested(store, 40);
    await toldEvents(store);
    const shuffled = (salt: number): Worker[] =>
      workers.toSorted((one, other) => ((one.workerId.length * salt) % 7) - ((other.workerId.length * 3) % 5));
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const order = index % 2 === 0 ? shuffled(index) : shuffled(index).toReversed();
        const requests = order.map((worker) => ({ worker, move: ends[index % 2] ?? 'stop', reason: 'x' }));
        return store.moveWorkers(requests, now);
      }),
    );
    const made = answers.flat();
    const stops = made.filter(({ move }) => move === 'stop');
    assert.equal(stops.length, workers.length);
    assert.equal(new Set(stops.map(({ worker }) => worker.workerId)).size, workers.length);
    const names = made.map(({ worker, move }) => `${worker.workerId} ${told[move as 'stop']}`);
    assert.equal(new Set(names).size, names.length);
    const events = (await toldEvents(store)).map(
      ({ exchange, payload }) => `${'workerId' in payload ? payload.workerId : ''} ${exchange}`,
    );
    assert.deepEqual(events.toSorted(), names.toSorted());
    assert.deepEqual((await store.poolCounts([poolId])).get(poolId)?.stopped.count, workers.length);
  });

  // spec: provisioning 1.8
  test('the events of one worker wait in the order of its moves', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await registered(store, await oneRequested(store));
    for (const move of ends) await store.moveWorkers([{ worker, move, reason: 'x' }], now);
    const entries = await store.waitingEvents(100);
    const own = entries.filter(({ event }) => 'workerId' in event.payload);
    assert.equal(new Set(own.map(({ orderKey }) => orderKey)).size, 1);
    assert.deepEqual(
      own.map(({ event }) => event.exchange),
      ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped'],
    );
    assert.ok(own.every(({ sequence }, index) => index === 0 || sequence > (own[index - 1]?.sequence ?? 0n)));
  });

  test('a machine that ends without registering is a loss of its launch config and its pool, counted once', async (t) => {
    const store = await open(t);
    await aPool(store);
    const [one, two, three] = await requested(store, 3);
    assert.ok(one && two && three);
    await store.moveWorkers(
      [one, two].map((worker) => ({ worker, move: 'remove', reason: 'x' }) as const),
      after(1),
    );
    await store.moveWorkers(
      [one, two, three].map((worker) => ({ worker, move: 'stop', reason: 'x' }) as const),
      after(2),
    );
    const ran = await registered(store, await oneRequested(store, { launchConfigId: 'b', prefix: 'ran' }), after(-1));
    await store.moveWorkers([{ worker: ran, move: 'stop', reason: 'x' }], after(3));
    const records = new Map((await store.launchRecords(poolId)).map((record) => [record.launchConfigId, record]));
    const lossesOf = (id: string): unknown[] => {
      const record = records.get(id);
      return [record?.unregisteredStreak, record?.streakSince, record?.lastLossAt];
    };
    assert.deepEqual(lossesOf('a'), [3, after(1), after(2)]);
    assert.deepEqual(lossesOf('b'), [0, null, null]);
    // The registration of `b` forgave the pool.
    assert.deepEqual(lossesOf('*'), [0, null, after(2)]);
  });

  // spec: P-52
  test('a launch that the cloud failed after accepting it counts against its launch config, and is no machine that never registered', async (t) => {
    const store = await open(t);
    await aPool(store);
    const [one, two, three] = await requested(store, 3);
    await store.moveWorkers(
      [
        { worker: one!, move: 'remove', reason: 'no room', isRefused: true },
        { worker: two!, move: 'stop', reason: 'no room', isRefused: true },
        { worker: three!, move: 'stop', reason: 'gone' },
      ],
      now,
    );
    // Its way out has begun: what follows is no second failure.
    await store.moveWorkers([{ worker: one!, move: 'stop', reason: 'gone', isRefused: true }], now);
    const records = await store.launchRecords(poolId);
    assert.deepEqual(
      records.map(({ launchConfigId, attempts, failures, unregisteredStreak }) => ({
        launchConfigId,
        attempts,
        failures,
        unregisteredStreak,
      })),
      ['*', 'a'].map((launchConfigId) => ({ launchConfigId, attempts: 3, failures: 2, unregisteredStreak: 1 })),
    );
  });

  test('a machine that somebody asked to end before it registered is no loss', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await oneRequested(store);
    await store.moveWorkers([{ worker, move: 'remove', reason: removedByApi }], now);
    await store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], now);
    for (const record of await store.launchRecords(poolId)) assert.equal(record.unregisteredStreak, 0);
  });

  test('a reason from a cloud that cannot be stored as it is loses those characters only', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await oneRequested(store);
    const moved = only(await store.moveWorkers([{ worker, move: 'remove', reason: 'a\0b\uD800' }], now));
    assert.equal(moved.worker.removalReason, 'a\uFFFDb\uFFFD');
  });
}
