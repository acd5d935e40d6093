import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '#core/store.ts';
import type { NewestFirstKey, WorkerStore } from '#core/worker-store.ts';
import type { Worker } from '#core/worker.ts';
import {
  aPool,
  after,
  allPages,
  dayMs,
  declared,
  hourMs,
  minuteMs,
  now,
  oneRequested,
  only,
  poolId,
  registered,
  requested,
  scope,
  toldEvents,
  workerIn,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const all = { after: null, limit: 1000 };
const ids = (workers: readonly Worker[]): string[] => workers.map(({ workerId }) => workerId);
const missing = { workerPoolId: poolId, workerGroup: scope, workerId: 'i-none' };

type Declaration = Parameters<WorkerStore['declareWorker']>[0];

const declaration: Declaration = {
  key: { workerPoolId: poolId, workerGroup: 'rack', workerId: 'metal-1' },
  providerId: 'static',
  capacity: 2,
  expires: after(30 * dayMs),
  providerData: { sealed: { kid: 'k', hash: 'h' } },
};

/** What every store promises of reading, declaring and expiring workers. */
export function workerPromises(open: OpenStore): void {
  // spec: api 7.3, provisioning 1.2, P-44
  test('a worker reads back as its order and its lifecycle made it', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await oneRequested(store, { capacityPerInstance: 4, launchConfigId: 'b' });
    assert.deepEqual(worker, {
      workerPoolId: poolId,
      workerGroup: scope,
      workerId: 'i-0',
      providerId: 'aws',
      state: 'requested',
      capacity: 4,
      launchConfigId: 'b',
      created: now,
      expires: after(7 * dayMs),
      lastModified: now,
      lastChecked: now,
      terminateAfter: after(hourMs),
      reregistrationTimeoutMs: 4 * dayMs,
      queueInactivityTimeoutMs: 2 * hourMs,
      registeredAt: null,
      stoppedAt: null,
      previousState: null,
      removalReason: null,
      decision: null,
      scope,
      providerData: { privateIp: '10.0.0.0' },
    });
    assert.deepEqual(await store.worker(worker), worker);
    assert.equal(await store.worker(missing), null);
    assert.equal(await store.worker({ ...worker, workerPoolId: 'other/pool' }), null);
    assert.equal(await store.worker({ ...worker, workerGroup: 'eu-west-1' }), null);
  });

  // spec: E29, W13
  test('workers are listed newest first, those of one instant in a fixed order, each once', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'other/pool' });
    await requested(store, 5, { prefix: 'old', at: now });
    await requested(store, 4, { prefix: 'new', at: after(1) });
    await requested(store, 1, { prefix: 'x', workerPoolId: 'other/pool' });
    const pages = await pagesOf(store, { workerPoolId: poolId }, 2);
    assert.deepEqual(
      pages.map((page) => page.length),
      [2, 2, 2, 2, 1],
    );
    const listed = pages.flat();
    assert.equal(new Set(ids(listed)).size, 9);
    assert.deepEqual(
      listed.map(({ created }) => created.getTime()),
      [...Array<number>(4).fill(after(1).getTime()), ...Array<number>(5).fill(now.getTime())],
    );
    assert.deepEqual(listed, (await store.workersPage({ workerPoolId: poolId }, all)).rows);
  });

  // spec: W13
  test('a listing under way shows nobody twice and misses nobody who was there, whatever comes and goes', async (t) => {
    const store = await open(t);
    await aPool(store);
    const there = await requested(store, 6, { prefix: 'there' });
    const first = await store.workersPage({ workerPoolId: poolId }, { after: null, limit: 3 });
    await requested(store, 3, { prefix: 'newer', at: after(5) });
    await store.moveWorkers([{ worker: only(first.rows.slice(0, 1)), move: 'stop', reason: 'x' }], now);
    await store.expireWorkers(after(1e10));
    const second = await store.workersPage({ workerPoolId: poolId }, { after: first.next, limit: 3 });
    assert.deepEqual(ids([...first.rows, ...second.rows]).toSorted(), ids(there).toSorted());
    assert.equal(second.next, null);
  });

  // spec: E28
  test('a listing can be narrowed by group, state and launch config, alone and together', async (t) => {
    const store = await open(t);
    await aPool(store);
    const east = await oneRequested(store, { prefix: 'east', workerGroup: 'us-east-1', launchConfigId: 'b' });
    await registered(store, east);
    await oneRequested(store, { prefix: 'west' });
    await oneRequested(store, { prefix: 'other', workerGroup: 'us-east-1' });
    const listed = async (filter: object): Promise<string[]> =>
      ids((await pagesOf(store, { workerPoolId: poolId, ...filter }, 1)).flat());
    assert.deepEqual(await listed({ workerGroup: 'us-east-1' }), ['other-0', 'east-0']);
    assert.deepEqual(await listed({ state: 'requested' }), ['west-0', 'other-0']);
    assert.deepEqual(await listed({ launchConfigId: 'b' }), ['east-0']);
    assert.deepEqual(await listed({ state: 'requested', workerGroup: 'us-east-1' }), ['other-0']);
    assert.deepEqual(await listed({ state: 'running', workerGroup: 'us-east-1', launchConfigId: 'b' }), ['east-0']);
    assert.deepEqual(await listed({ state: 'stopped' }), []);
    assert.deepEqual(await store.workersPage({ workerPoolId: 'no/such' }, all), { rows: [], next: null });
  });

  for (const key of [
    { at: 'yesterday', id: 'g/i' },
    { at: '1', id: 'no-slash' },
    { at: '1', id: 'a/b/c' },
    { at: '99999999999999999999', id: 'g/i' },
  ]) {
    test(`a page key that no page gave (${key.at}, ${key.id}) is invalid input`, async (t) => {
      const store = await open(t);
      await assert.rejects(store.workersPage({ workerPoolId: poolId }, { after: key, limit: 1 }), {
        name: 'ServiceError',
        code: 'invalid-input',
      });
    });
  }

  test('workers asked for by key come as far as they exist, of the asked pool only', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'other/pool' });
    const [one, two] = await requested(store, 3);
    const elsewhere = await oneRequested(store, { workerPoolId: 'other/pool', prefix: 'e' });
    const found = await store.workersOf(
      poolId,
      [one, two, elsewhere, missing].filter((key) => key !== undefined),
    );
    assert.deepEqual(ids(found).toSorted(), ['i-0', 'i-1']);
    assert.deepEqual(await store.workersOf(poolId, []), []);
  });

  test('a declared worker runs at once and is not told before it registers', async (t) => {
    const store = await open(t);
    const worker = await store.declareWorker(declaration, () => false, now);
    assert.deepEqual(
      [worker.state, worker.capacity, worker.expires, worker.created, worker.lastChecked],
      ['running', 2, after(30 * dayMs), now, now],
    );
    assert.deepEqual([worker.terminateAfter, worker.launchConfigId, worker.registeredAt], [null, null, null]);
    assert.deepEqual(worker.providerData, declaration.providerData);
    assert.deepEqual(await toldEvents(store), []);
  });

  test('a declaration repeated gives the stored worker, even long after', async (t) => {
    const store = await open(t);
    const worker = await store.declareWorker(declaration, () => false, now);
    const asked: unknown[] = [];
    const isSame = (stored: unknown): boolean => asked.push(stored) > 0;
    assert.deepEqual(await store.declareWorker(declaration, isSame, after(hourMs)), worker);
    assert.deepEqual(asked, [declaration.providerData]);
  });

  const others: Record<string, Partial<Declaration>> = {
    provider: { providerId: 'static-2' },
    capacity: { capacity: 3 },
    expiry: { expires: after(31 * dayMs) },
  };
  for (const [what, other] of Object.entries(others)) {
    // spec: W5, P-47
    test(`a declaration with another ${what} is a conflict and changes nothing`, async (t) => {
      const store = await open(t);
      const worker = await store.declareWorker(declaration, () => true, now);
      const changed = store.declareWorker({ ...declaration, ...other }, () => true, now);
      await assert.rejects(changed, { name: 'ServiceError', code: 'conflict' });
      assert.deepEqual(await store.worker(worker), worker);
    });
  }

  // spec: E33, W5, P-47
  test('a declaration with another secret, or of a worker that was removed, is a conflict', async (t) => {
    const store = await open(t);
    const worker = await store.declareWorker(declaration, () => true, now);
    await assert.rejects(
      store.declareWorker(declaration, () => false, now),
      { code: 'conflict' },
    );
    await store.moveWorkers([{ worker, move: 'stop', reason: 'api' }], now);
    await assert.rejects(
      store.declareWorker(declaration, () => true, now),
      { code: 'conflict' },
    );
  });

  test('an operator changes expiry, data and, if told, capacity of a declared worker', async (t) => {
    const store = await open(t);
    await store.declareWorker(declaration, () => true, now);
    const change = { expires: after(-dayMs), providerData: { sealed: 'y' } };
    const updated = await store.updateDeclared(declaration.key, 'static', change, after(3));
    assert.deepEqual(
      [updated.capacity, updated.expires, updated.providerData, updated.lastModified],
      [2, after(-dayMs), { sealed: 'y' }, after(3)],
    );
    const larger = await store.updateDeclared(declaration.key, 'static', { ...change, capacity: 9 }, now);
    assert.equal(larger.capacity, 9);
    assert.deepEqual((await store.poolCounts([poolId])).get(poolId)?.running, { count: 1, capacity: 9 });
    assert.deepEqual(await store.worker(declaration.key), larger);
  });

  // spec: W7, W30
  test('only declared workers, and only those of the named provider, can be changed', async (t) => {
    const store = await open(t);
    await aPool(store);
    await store.declareWorker(declaration, () => true, now);
    const cloud = await oneRequested(store);
    const change = { expires: now, providerData: {} };
    for (const [key, providerId] of [
      [declaration.key, 'static-2'],
      [cloud, 'aws'],
      [missing, 'static'],
    ] as const) {
      const refused = store.updateDeclared(key, providerId, change, now);
      await assert.rejects(refused, { name: 'ServiceError', code: 'not-found' });
    }
    assert.deepEqual(await store.worker(cloud), cloud);
  });

  test('provider data that cannot be stored is a violation of the schema', async (t) => {
    const store = await open(t);
    const providerData = { sealed: 'a\0' };
    const refused = { name: 'ServiceError', code: 'schema-violation' };
    await assert.rejects(
      store.declareWorker({ ...declaration, providerData }, () => true, now),
      refused,
    );
    const worker = await store.declareWorker(declaration, () => true, now);
    const expires = new Date(Date.UTC(12_000, 1));
    await assert.rejects(store.updateDeclared(worker, 'static', { expires: now, providerData }, now), refused);
    await assert.rejects(store.updateDeclared(worker, 'static', { expires, providerData: {} }, now), refused);
    const change = { expires: now, capacity: 2 ** 40, providerData: {} };
    await assert.rejects(store.updateDeclared(worker, 'static', change, now), refused);
  });

  // spec: P-49
  test('the narrow question for advice gives state and last decision, null for nobody', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await workerIn(store, 'running');
    assert.deepEqual(await store.terminationAdvice(worker), { state: 'running', decision: null });
    const decision = { terminate: true, reason: 'over capacity', decidedAt: now } as const;
    await store.saveDecisions(poolId, [{ worker, decision }]);
    await store.moveWorkers([{ worker, move: 'remove', reason: 'x' }], now);
    assert.deepEqual(await store.terminationAdvice(worker), { state: 'stopping', decision });
    assert.equal(await store.terminationAdvice(missing), null);
  });

  // spec: api 7.5, E65, W6, P-13, P-48
  test('rows of stopped and of declared workers expire, never one whose machine may live', async (t) => {
    const store = await open(t);
    await aPool(store);
    await workerIn(store, 'requested', 'requested');
    await workerIn(store, 'running', 'running');
    await workerIn(store, 'stopping', 'stopping');
    await workerIn(store, 'stopped', 'stopped');
    await declared(store, { workerId: 'past', expires: after(-minuteMs) });
    await declared(store, { workerId: 'future', expires: after(30 * dayMs) });
    assert.equal(await store.expireWorkers(after(7 * dayMs)), 1);
    assert.equal(await store.expireWorkers(after(7 * dayMs + 1)), 1);
    const left = ids((await store.workersPage({ workerPoolId: poolId }, all)).rows).toSorted();
    assert.deepEqual(left, ['future', 'requested-0', 'running-0', 'stopping-0']);
    assert.equal((await store.poolCounts([poolId])).get(poolId)?.stopped.count, 0);
  });

  test('any number of expired rows goes', async (t) => {
    const store = await open(t);
    await aPool(store);
    const workers = await requested(store, 10_001);
    const stops = workers.map((worker) => ({ worker, move: 'stop' as const, reason: 'gone' }));
    await store.moveWorkers(stops, now);
    assert.equal(await store.expireWorkers(after(8 * dayMs)), 10_001);
    assert.deepEqual((await store.workersPage({ workerPoolId: poolId }, all)).rows, []);
  });
}

async function pagesOf(
  store: Store,
  filter: Parameters<WorkerStore['workersPage']>[0],
  limit: number,
): Promise<Worker[][]> {
  return allPages<Worker, NewestFirstKey>(limit, async (page) => store.workersPage(filter, page));
}
