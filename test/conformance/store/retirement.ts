import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import type { TerminationDecision } from '#core/worker.ts';
import {
  aPool,
  after,
  declared,
  hourMs,
  launchConfig,
  minuteMs,
  now,
  oneRequested,
  only,
  poolId,
  poolInput,
  providerId,
  registered,
  requested,
  scope,
  secret,
  workerIn,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const overCapacity = (decidedAt: Date): TerminationDecision => ({
  terminate: true,
  reason: 'over capacity',
  decidedAt,
});

/** What every store promises of decisions, activity and quarantines. */
export function retirementPromises(open: OpenStore): void {
  test('candidates are the running workers that are not quarantined now, with what decides about them', async (t) => {
    const clock = new SteppedClock(now);
    const store = await open(t, { clock });
    await aPool(store);
    const kept = await registered(store, await oneRequested(store, { capacityPerInstance: 2, at: after(-hourMs) }));
    const old = await registered(store, await oneRequested(store, { launchConfigId: 'b', prefix: 'old' }));
    const away = await workerIn(store, 'running', 'quarantined');
    for (const state of ['requested', 'stopping', 'stopped'] as const) await workerIn(store, state, state);
    await declared(store);
    await store.updatePool(poolInput({ launchConfigs: [launchConfig('a')] }), 'user', now);
    await store.saveQuarantines(poolId, [{ worker: away, until: after(minuteMs) }]);
    await store.saveQueueActivity([{ worker: kept, firstClaim: now, lastDateActive: after(3) }], after(4));
    await store.saveDecisions(poolId, [{ worker: old, decision: overCapacity(after(1)) }]);
    const rows = await store.retirementCandidates(poolId);
    assert.deepEqual(rows.map((row) => row.workerId).toSorted(), ['hardware-1', 'i-0', 'old-0']);
    const row = (workerId: string): unknown => rows.find((each) => each.workerId === workerId);
    const group = { workerPoolId: poolId, workerGroup: scope };
    assert.deepEqual(row('i-0'), {
      ...group,
      workerId: 'i-0',
      created: after(-hourMs),
      capacity: 2,
      launchConfigId: 'a',
      isLaunchConfigArchived: false,
      isStatic: false,
      lastActive: after(3),
      decision: null,
    });
    assert.deepEqual(row('old-0'), {
      ...group,
      workerId: 'old-0',
      created: now,
      capacity: 1,
      launchConfigId: 'b',
      isLaunchConfigArchived: true,
      isStatic: false,
      lastActive: null,
      decision: overCapacity(after(1)),
    });
    assert.equal(rows.find((each) => each.workerId === 'hardware-1')?.isStatic, true);
    await clock.step(minuteMs);
    assert.equal((await store.retirementCandidates(poolId)).length, 4);
    assert.deepEqual(await store.retirementCandidates('no/such'), []);
  });

  // spec: provisioning 4.6, 9.4
  test('what the provider before started has no launch config any more, even when the new one uses the same', async (t) => {
    const store = await open(t);
    await aPool(store);
    await workerIn(store, 'running');
    await store.updatePool(poolInput({ providerId: 'aws-2' }), 'user', now);
    assert.equal(only(await store.retirementCandidates(poolId)).isLaunchConfigArchived, true);
  });

  // spec: api 7.7, provisioning 4.6
  test('a decision is stored when its answer or its reason changed, keeps its date otherwise, and can be cleared', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await workerIn(store, 'running');
    const saved = async (decision: TerminationDecision | null): Promise<TerminationDecision | null | undefined> => {
      await store.saveDecisions(poolId, [{ worker, decision }]);
      return (await store.worker(worker))?.decision;
    };
    assert.deepEqual(await saved(overCapacity(after(1))), overCapacity(after(1)));
    assert.deepEqual(await saved(overCapacity(after(2))), overCapacity(after(1)));
    const needed = { terminate: false, reason: 'needed', decidedAt: after(3) } as const;
    assert.deepEqual(await saved(needed), needed);
    const archived = { terminate: true, reason: 'launch config archived', decidedAt: after(4) } as const;
    assert.deepEqual(await saved(archived), archived);
    assert.deepEqual(await saved(overCapacity(after(5))), overCapacity(after(5)));
    assert.equal(await saved(null), null);
    await store.saveDecisions(poolId, []);
  });

  test('decisions reach the workers of the named pool only', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'other/pool' });
    const worker = await workerIn(store, 'running');
    await store.saveDecisions('other/pool', [{ worker, decision: overCapacity(now) }]);
    assert.equal((await store.worker(worker))?.decision, null);
  });

  test('what the queue said of activity is kept where it is news: the first claim stays, the latest sign of life counts', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await workerIn(store, 'running');
    const known = async (): Promise<unknown[]> => {
      const member = only((await store.fleetPage(providerId, scope, { after: null, limit: 9 })).rows);
      return [member.lastActive, member.queueCheckedAt];
    };
    const say = async (lastDateActive: Date | null, checkedAt: Date): Promise<unknown[]> => {
      await store.saveQueueActivity([{ worker, firstClaim: lastDateActive, lastDateActive }], checkedAt);
      return known();
    };
    assert.deepEqual(await say(null, after(1)), [null, after(1)]);
    assert.deepEqual(await say(after(5), after(6)), [after(5), after(6)]);
    // An answer that overtook this one on the way is newer.
    assert.deepEqual(await say(after(4), after(5)), [after(5), after(6)]);
    assert.deepEqual(await say(null, after(9)), [after(5), after(9)]);
    assert.deepEqual(await say(after(8), after(9)), [after(8), after(9)]);
    await store.saveQueueActivity([], after(10));
  });

  // spec: provisioning 1.7, E69
  test('the quarantines of a pool become those given, and the number of changes is told', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'other/pool' });
    const workers = (await requested(store, 4, { capacityPerInstance: 10 })).slice();
    for (const worker of workers) await registered(store, worker);
    const elsewhere = await registered(store, await oneRequested(store, { workerPoolId: 'other/pool', prefix: 'e' }));
    const quarantined = async (...given: [index: number, until: Date][]): Promise<number> =>
      store.saveQuarantines(
        poolId,
        given.flatMap(([index, until]) => {
          const worker = workers[index];
          return worker === undefined ? [] : [{ worker, until }];
        }),
      );
    const sum = async (at: Date): Promise<number[]> => {
      const tally = (await store.tallies([poolId], at)).get(poolId);
      return [tally?.running ?? -1, tally?.quarantined ?? -1];
    };
    await store.saveQuarantines('other/pool', [{ worker: elsewhere, until: after(hourMs) }]);
    assert.equal(await quarantined([0, after(hourMs)], [1, after(hourMs)]), 2);
    assert.deepEqual(await sum(now), [20, 20]);
    assert.equal(await quarantined([0, after(hourMs)], [1, after(hourMs)]), 0);
    assert.equal(await quarantined([1, after(minuteMs)], [2, after(hourMs)]), 3);
    assert.deepEqual(await sum(now), [20, 20]);
    assert.deepEqual(await sum(after(minuteMs)), [30, 10]);
    assert.equal(await quarantined(), 2);
    assert.deepEqual(await sum(now), [40, 0]);
    assert.equal((await store.tallies(['other/pool'], now)).get('other/pool')?.quarantined, 1);
    const stranger = { workerPoolId: poolId, workerGroup: scope, workerId: 'i-none' };
    assert.equal(await store.saveQuarantines(poolId, [{ worker: stranger, until: after(1) }]), 0);
  });

  // spec: api 7.8, E62
  test('what the queue said of a worker outlives what is said of it here, until the queue says otherwise', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await workerIn(store, 'running');
    const known = async (): Promise<unknown[]> => {
      const member = only((await store.fleetPage(providerId, scope, { after: null, limit: 9 })).rows);
      return [(await store.tallies([poolId], now)).get(poolId)?.quarantined, member.lastActive];
    };
    await store.saveQuarantines(poolId, [{ worker, until: after(hourMs) }]);
    await store.saveQueueActivity([{ worker, firstClaim: now, lastDateActive: after(1) }], after(2));
    const grant = { terminateAfter: after(2 * hourMs), secret: secret('second') };
    await store.reregister(worker, secret('first'), { ...grant, previousValidUntil: after(minuteMs) }, after(3));
    await store.noteObserved(providerId, scope, after(4), after(5));
    await store.saveDecisions(poolId, [{ worker, decision: overCapacity(after(6)) }]);
    assert.deepEqual(await known(), [1, after(1)]);
    await store.saveQuarantines(poolId, []);
    assert.deepEqual(await known(), [0, after(1)]);
  });

  // spec: W32
  test('advice given before a quarantine is void', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await workerIn(store, 'running');
    await store.saveDecisions(poolId, [{ worker, decision: overCapacity(now) }]);
    await store.saveQuarantines(poolId, [{ worker, until: after(hourMs) }]);
    assert.deepEqual(await store.terminationAdvice(worker), { state: 'running', decision: null });
  });
}
