import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aLaunchConfig, anApiWorld, aPool, aStaticPool } from '#test/api-world.ts';

const pool = '/worker-pool/aa%2Fbb';

// spec: api 0.2, W10, E14
test('every reply about pools counts their workers', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  await world.requestWorker('aa/bb');
  const workers = { currentCapacity: 1, requestedCount: 1, requestedCapacity: 1, runningCount: 0 };
  const replies = [
    (await world.call('GET', pool)).body,
    (await world.call('POST', pool, { body: aPool() })).body,
    (await world.call('GET', '/worker-pools')).body.workerPools[0],
    (await world.call('GET', '/worker-pools/stats')).body.workerPoolsStats[0],
    (await world.call('DELETE', pool)).body,
  ];
  for (const reply of replies) {
    const shown = Object.fromEntries(Object.keys(workers).map((name) => [name, reply[name]]));
    assert.deepEqual(shown, workers);
  }
});

// spec: api 1.10
test('pool statistics count workers by launch config; those without one come last, and no workers are one item', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool({}, [aLaunchConfig({ workerManager: { launchConfigId: 'b' } })]) });
  const empty = await world.call('GET', `${pool}/stats`);
  assert.equal(empty.body.launchConfigStats.length, 1);
  assert.equal(empty.body.launchConfigStats[0].launchConfigId, 'unknown');
  assert.equal(empty.body.launchConfigStats[0].currentCapacity, 0);
  await world.requestWorker('aa/bb');
  await world.requestWorker('aa/bb');
  await world.call('POST', pool, { body: aStaticPool() });
  const expires = '2026-04-01T00:00:00Z';
  const providerInfo = { staticSecret: 's'.repeat(44) };
  await world.call('PUT', '/workers/aa%2Fbb/g/w', { body: { expires, capacity: 3, providerInfo } });
  const { launchConfigStats } = (await world.call('GET', `${pool}/stats`)).body;
  assert.deepEqual(
    launchConfigStats.map((item: Record<string, unknown>) => [item['launchConfigId'], item['currentCapacity']]),
    [
      ['b', 2],
      ['unknown', 3],
    ],
  );
  assert.equal((await world.call('GET', '/worker-pool/aa%2Fnone/stats')).status, 404);
});

// spec: E15
test('workers are counted for their pool whenever they came', async (t) => {
  const world = await anApiWorld(t);
  const key = { workerPoolId: 'aa/bb', workerGroup: 'g', workerId: 'w' };
  const expires = new Date('2027-01-01T00:00:00Z');
  const early = { key, providerId: 'static', capacity: 2, expires, providerData: {} };
  await world.store.declareWorker(early, () => true, world.clock.now());
  await world.call('PUT', pool, { body: aStaticPool() });
  assert.equal((await world.call('GET', pool)).body.runningCapacity, 2);
  assert.equal((await world.call('GET', '/worker-pools/stats')).body.workerPoolsStats[0].runningCount, 1);
});

// spec: api 1.11, 2.6, E12
test('pools and their statistics are listed by id, in the same pages, with each other’s tokens', async (t) => {
  const world = await anApiWorld(t);
  assert.deepEqual((await world.call('GET', '/worker-pools')).body, { workerPools: [] });
  const ids = ['aa/a', 'aa/b', 'ab/a', 'b/z'];
  for (const id of ids.toReversed()) {
    await world.call('PUT', `/worker-pool/${encodeURIComponent(id)}`, { body: aPool() });
  }
  const seen: string[] = [];
  let token = '';
  for (let turn = 0; turn < ids.length; turn += 1) {
    const query = `?limit=1${token}`;
    const { workerPools } = (await world.call('GET', `/worker-pools${query}`)).body;
    const stats = (await world.call('GET', `/worker-pools/stats${query}`)).body;
    assert.equal(stats.workerPoolsStats[0].workerPoolId, workerPools[0].workerPoolId);
    assert.equal(stats.continuationToken === undefined, turn === ids.length - 1);
    seen.push(workerPools[0].workerPoolId);
    token = `&continuationToken=${stats.continuationToken}`;
  }
  assert.deepEqual(seen, ids);
  assert.deepEqual((await world.call('GET', '/worker-pools?limit=0')).body, { workerPools: [] });
});

// spec: W13
test('pages hold while pools come and go', async (t) => {
  const world = await anApiWorld(t);
  const create = async (id: string): Promise<void> =>
    void (await world.call('PUT', `/worker-pool/aa%2F${id}`, { body: aPool() }));
  for (const id of ['c', 'd', 'e']) await create(id);
  const first = (await world.call('GET', '/worker-pools?limit=2')).body;
  await create('a');
  const rest = (await world.call('GET', `/worker-pools?continuationToken=${first.continuationToken}`)).body;
  assert.deepEqual(
    rest.workerPools.map(({ workerPoolId }: { workerPoolId: string }) => workerPoolId),
    ['aa/e'],
  );
});

// spec: W13, E76
test('a token that this service did not give is refused', async (t) => {
  const world = await anApiWorld(t);
  for (const token of ['%F0%9F%98%80', 'qzxkXG8ZWa', 'null']) {
    const { status, body } = await world.call('GET', `/worker-pools?continuationToken=${token}`);
    assert.deepEqual([status, body.code], [400, 'InputError'], token);
  }
});
