import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import {
  aPool,
  after,
  anOrder,
  launchConfig,
  now,
  only,
  oneRequested,
  poolId,
  poolInput,
  toldEvents,
  toldExchanges,
  workerIn,
} from './samples.ts';
import type { OpenStore, PoolSample } from './samples.ts';

const user = 'github/2';
const all = { after: null, limit: 1000 };

/** What every store promises of pools. */
export function poolPromises(open: OpenStore): void {
  // spec: api 6.1, 7.1, W1
  test('a created pool reads back as it was sent, its launch configs in the order of submission', async (t) => {
    const store = await open(t);
    const launchConfigs = ['c', 'a', 'd', 'b'].map((id) => launchConfig(id));
    const input = poolInput({ launchConfigs, config: { lifecycle: { registrationTimeout: 1800 } } });
    const { pool, changes } = await store.createPool(input, user, now);
    const { launchConfigs: _, ...config } = input.config;
    assert.deepEqual(pool.config, config);
    assert.equal(pool.hasLaunchConfigs, true);
    assert.deepEqual(
      pool.launchConfigs.map((each) => each.configuration),
      launchConfigs,
    );
    assert.deepEqual(pool.created, now);
    assert.deepEqual(pool.lastModified, now);
    assert.deepEqual(pool.previousProviderIds, []);
    assert.deepEqual(changes, { created: ['c', 'a', 'd', 'b'], updated: [], archived: [] });
    assert.deepEqual(await store.pool(poolId), pool);
    assert.equal(await store.pool('no/such'), null);
    const { launchConfigs: _launchConfigs, hasLaunchConfigs: _hasThem, ...head } = pool;
    assert.deepEqual(await store.poolHead(poolId), head);
    assert.equal(await store.poolHead('no/such'), null);
  });

  // spec: api 1.6, E17, W2
  test('a creation is told after it is stored, the pool before its launch configs', async (t) => {
    const store = await open(t);
    await aPool(store);
    const payload = { workerPoolId: poolId, providerId: 'aws' };
    assert.deepEqual(await toldEvents(store), [
      { exchange: 'worker-pool-created', payload },
      { exchange: 'launch-config-created', payload: { ...payload, launchConfigId: 'a' } },
      { exchange: 'launch-config-created', payload: { ...payload, launchConfigId: 'b' } },
    ]);
  });

  const content = { region: 'us-east-1', launchConfig: { ImageId: 'ami-1' } };
  const other = { region: 'us-east-2' };
  const repeats: Record<string, [PoolSample, PoolSample]> = {
    'with ids': [{}, {}],
    'without ids': [{ launchConfigs: [content, other] }, { launchConfigs: [content, other] }],
    'in another order': [{ launchConfigs: [content, other] }, { launchConfigs: [other, content] }],
    'with an empty list': [{ launchConfigs: [] }, { launchConfigs: [] }],
    'with members in another order': [
      { launchConfigs: [content], config: { x: { a: 1, b: -0 } } },
      {
        launchConfigs: [{ launchConfig: { ImageId: 'ami-1' }, region: 'us-east-1' }],
        config: { x: { b: 0, a: 1 } },
      },
    ],
  };
  for (const [how, [first, second]] of Object.entries(repeats)) {
    // spec: E1, W1
    test(`a creation repeated ${how} changes nothing, and is answered and told again`, async (t) => {
      const store = await open(t);
      const created = await aPool(store, first);
      await toldEvents(store);
      const repeated = await aPool(store, second, after(1000));
      assert.deepEqual(repeated.pool, created.pool);
      assert.deepEqual(repeated.changes, { created: [], updated: [], archived: [] });
      assert.deepEqual(await toldExchanges(store), ['worker-pool-created']);
    });
  }

  test('a creation repeated with the ids of its answer is the same', async (t) => {
    const store = await open(t);
    const { pool } = await aPool(store, { launchConfigs: [content] });
    const id = only(pool.launchConfigs).launchConfigId;
    const repeated = await aPool(store, { launchConfigs: [{ ...content, workerManager: { launchConfigId: id } }] });
    assert.deepEqual(repeated.pool, pool);
  });

  const differences: Record<string, PoolSample> = {
    provider: { providerId: 'aws-2' },
    description: { description: 'other' },
    owner: { owner: 'other@example.com' },
    'e-mail wish': { emailOnError: true },
    config: { config: { maxCapacity: 7 } },
    'launch config': { launchConfigs: [launchConfig('a')] },
    'launch config limits': { launchConfigs: [launchConfig('a', {}, { maxCapacity: 5 }), launchConfig('b')] },
  };
  for (const [what, sample] of Object.entries(differences)) {
    // spec: E2
    test(`a pool that exists with another ${what} is a conflict, and stays as it is, untold`, async (t) => {
      const store = await open(t);
      const { pool } = await aPool(store);
      await toldEvents(store);
      await assert.rejects(aPool(store, sample), { name: 'ServiceError', code: 'conflict' });
      assert.deepEqual(await store.pool(poolId), pool);
      assert.deepEqual(await toldEvents(store), []);
    });
  }

  // spec: W1
  test('an empty list of launch configs and none at all are told apart', async (t) => {
    const store = await open(t);
    const { launchConfigs: _, ...config } = poolInput().config;
    const bare = { ...poolInput({ workerPoolId: 'static/metal' }), config };
    const { pool } = await store.createPool(bare, user, now);
    assert.equal(pool.hasLaunchConfigs, false);
    assert.deepEqual(pool.launchConfigs, []);
    assert.equal((await aPool(store, { launchConfigs: [] })).pool.hasLaunchConfigs, true);
    await assert.rejects(store.createPool({ ...bare, config: { ...config, launchConfigs: [] } }, user, now), {
      code: 'conflict',
    });
  });

  // spec: W1
  test('of any number of equal creations at once all succeed and one creates', async (t) => {
    const store = await open(t);
    const changes = await Promise.all(Array.from({ length: 12 }, async () => aPool(store)));
    assert.equal(changes.filter((change) => change.changes.created.length > 0).length, 1);
    const exchanges = await toldExchanges(store);
    assert.equal(exchanges.filter((exchange) => exchange === 'worker-pool-created').length, 12);
    assert.equal(exchanges.filter((exchange) => exchange === 'launch-config-created').length, 2);
  });

  // spec: E8, W52
  test('an update replaces what users say, keeps the creation date and tells the provider before', async (t) => {
    const store = await open(t);
    await aPool(store);
    await toldEvents(store);
    const sample: PoolSample = { description: 'new', owner: 'new@example.com', emailOnError: true, launchConfigs: [] };
    const { pool } = await store.updatePool(poolInput(sample), user, after(5));
    assert.deepEqual(
      [pool.description, pool.owner, pool.emailOnError, pool.launchConfigs],
      ['new', 'new@example.com', true, []],
    );
    assert.deepEqual([pool.created, pool.lastModified], [now, after(5)]);
    const [told] = await toldEvents(store);
    assert.deepEqual(told, {
      exchange: 'worker-pool-updated',
      payload: { workerPoolId: poolId, providerId: 'aws', previousProviderId: 'aws' },
    });
  });

  // spec: E6
  test('an update or deletion of a pool that does not exist is refused', async (t) => {
    const store = await open(t);
    await assert.rejects(store.updatePool(poolInput(), user, now), { name: 'ServiceError', code: 'not-found' });
    await assert.rejects(store.deletePool(poolId, user, now), { name: 'ServiceError', code: 'not-found' });
    assert.deepEqual(await toldEvents(store), []);
  });

  // spec: api 7.1
  test('previous providers are kept once each, the latest last, never the current one', async (t) => {
    const store = await open(t);
    await aPool(store);
    const moveTo = async (providerId: string): Promise<readonly string[]> =>
      (await store.updatePool(poolInput({ providerId }), user, now)).pool.previousProviderIds;
    assert.deepEqual(await moveTo('google'), ['aws']);
    assert.deepEqual(await moveTo('azure'), ['aws', 'google']);
    assert.deepEqual(await moveTo('azure'), ['aws', 'google']);
    assert.deepEqual(await moveTo('aws'), ['google', 'azure']);
    assert.deepEqual(await moveTo('google'), ['azure', 'aws']);
  });

  // spec: api 1.8, E10, E24, W52
  test('a deleted pool has no provider and no launch config, stays readable, and is told as an update', async (t) => {
    const store = await open(t);
    await aPool(store);
    await toldEvents(store);
    const { pool, changes } = await store.deletePool(poolId, user, after(9));
    assert.equal(pool.providerId, 'null-provider');
    assert.deepEqual(pool.previousProviderIds, ['aws']);
    assert.deepEqual(pool.launchConfigs, []);
    assert.equal(pool.hasLaunchConfigs, false);
    assert.equal(pool.description, 'builds things');
    assert.deepEqual(pool.lastModified, after(9));
    assert.deepEqual(changes.archived, ['a', 'b']);
    const payload = { workerPoolId: poolId, providerId: 'null-provider' };
    assert.deepEqual(await toldEvents(store), [
      { exchange: 'worker-pool-updated', payload: { ...payload, previousProviderId: 'aws' } },
      { exchange: 'launch-config-archived', payload: { ...payload, launchConfigId: 'a' } },
      { exchange: 'launch-config-archived', payload: { ...payload, launchConfigId: 'b' } },
    ]);
    assert.deepEqual((await store.deletePool(poolId, user, after(9))).pool, pool);
    assert.deepEqual(await toldEvents(store), [
      { exchange: 'worker-pool-updated', payload: { ...payload, previousProviderId: 'null-provider' } },
    ]);
  });

  test('a deleted pool lives again when it is given a provider', async (t) => {
    const store = await open(t);
    await aPool(store);
    await store.deletePool(poolId, user, now);
    const { pool, changes } = await store.updatePool(poolInput({ providerId: 'google' }), user, now);
    assert.equal(pool.providerId, 'google');
    assert.deepEqual(changes.updated, ['a', 'b']);
    assert.deepEqual(pool.launchConfigs.length, 2);
  });

  // spec: W12
  test('updates and deletions at once leave what one of them said, whole', async (t) => {
    const store = await open(t);
    await aPool(store);
    const names = ['x', 'y', 'z'];
    await Promise.all([
      ...names.map(async (name) =>
        store.updatePool(poolInput({ description: name, launchConfigs: [launchConfig(name)] }), user, now),
      ),
      store.deletePool(poolId, user, now),
    ]);
    const pool = await store.pool(poolId);
    const ids = pool?.launchConfigs.map((each) => each.launchConfigId);
    assert.deepEqual(ids, pool?.providerId === 'null-provider' ? [] : [pool?.description]);
  });

  // spec: E12, W13
  test('pools are listed by id, page by page, also when pools go meanwhile', async (t) => {
    const store = await open(t);
    const ids = ['a/a', 'a/b', 'a-b/a', 'b/a', 'B/a'];
    for (const workerPoolId of ids) await aPool(store, { workerPoolId, launchConfigs: [launchConfig('a')] });
    assert.deepEqual(await store.poolIds(), ['B/a', 'a-b/a', 'a/a', 'a/b', 'b/a']);
    const first = await store.poolsPage({ after: null, limit: 2 });
    assert.deepEqual(
      first.rows.map((pool) => pool.workerPoolId),
      ['B/a', 'a-b/a'],
    );
    await store.deletePool('a-b/a', user, now);
    await store.dropDrainedProviders('a-b/a', ['aws']);
    await store.expirePools();
    const second = await store.poolsPage({ after: first.next, limit: 3 });
    assert.deepEqual(
      second.rows.map((pool) => pool.workerPoolId),
      ['a/a', 'a/b', 'b/a'],
    );
    assert.equal(second.next, null);
    assert.deepEqual(only((await store.poolsPage({ after: 'a/b', limit: 9 })).rows), await store.pool('b/a'));
    assert.deepEqual(await store.poolsPage({ after: null, limit: 0 }), { rows: [], next: null });
  });

  // spec: api 7.7, E14, W10
  test('counts tell number and capacity of workers by state, zero for a pool without any', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'other/pool' });
    await workerIn(store, 'running', 'r');
    await workerIn(store, 'stopping', 'g');
    await workerIn(store, 'stopped', 'd');
    await oneRequested(store, { capacityPerInstance: 3, launchConfigId: 'b' });
    const counts = await store.poolCounts([poolId, 'other/pool']);
    const none = { count: 0, capacity: 0 };
    const one = { count: 1, capacity: 1 };
    assert.deepEqual(counts.get(poolId), {
      requested: { count: 1, capacity: 3 },
      running: one,
      stopping: one,
      stopped: one,
    });
    assert.deepEqual(counts.get('other/pool'), { requested: none, running: none, stopping: none, stopped: none });
    const byLaunchConfig = await store.launchConfigCounts(poolId);
    assert.deepEqual([...byLaunchConfig.keys()], ['a', 'b']);
    assert.deepEqual(byLaunchConfig.get('b')?.requested, { count: 1, capacity: 3 });
    assert.deepEqual(byLaunchConfig.get('a')?.stopped, one);
    assert.equal((await store.launchConfigCounts('other/pool')).size, 0);
  });

  // spec: api 7.1, provisioning 9.4
  test('a previous provider is dropped when it owns no worker and no open order of the pool any more', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await oneRequested(store);
    const order = await anOrder(store);
    await store.updatePool(poolInput({ providerId: 'google' }), user, now);
    assert.deepEqual(await store.dropDrainedProviders(poolId, ['aws']), []);
    await store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], now);
    assert.deepEqual(await store.dropDrainedProviders(poolId, ['aws']), []);
    const lifecycle = { registrationTimeoutMs: null, reregistrationTimeoutMs: 1000, queueInactivityTimeoutMs: 1000 };
    const nothing = { kind: 'settled', launched: [], refusal: null } as const;
    await store.settleOrder(order, nothing, { lifecycle, firstLookAt: now }, now);
    assert.deepEqual(await store.dropDrainedProviders(poolId, ['azure']), []);
    assert.deepEqual(await store.dropDrainedProviders(poolId, ['azure', 'aws', 'google']), ['aws']);
    assert.deepEqual((await store.pool(poolId))?.previousProviderIds, []);
    assert.deepEqual(await store.dropDrainedProviders('no/such', ['aws']), []);
  });

  // spec: api 7.5, E63, W28
  test('only a deleted pool that is drained expires, and nothing of it stays in the way of a new one', async (t) => {
    const store = await open(t);
    await aPool(store);
    assert.deepEqual(await store.expirePools(), []);
    await store.deletePool(poolId, user, now);
    assert.deepEqual(await store.expirePools(), []);
    await store.dropDrainedProviders(poolId, ['aws']);
    assert.deepEqual(await store.expirePools(), [poolId]);
    assert.equal(await store.pool(poolId), null);
    assert.deepEqual((await store.launchConfigsPage(poolId, true, all)).rows, []);
    const again = await aPool(store, { launchConfigs: [launchConfig('a', { other: 'content' })] });
    assert.deepEqual(again.changes.created, ['a']);
  });

  const unstorable: Record<string, PoolSample> = {
    'a NUL in the description': { description: 'a\0b' },
    'a NUL in the owner': { owner: 'a\0@example.com' },
    'a NUL deep in the config': { config: { x: [{ y: 'a\0' }] } },
    'a NUL in a member name': { config: { 'a\0': 1 } },
    'a NUL in a launch config': { launchConfigs: [{ region: '\0' }] },
    'half a surrogate pair': { config: { x: '\uD800' } },
    'a member nested too deep': { config: { x: deep(5000) } },
    'launch configs that are no list': { launchConfigs: 'none' },
    'a launch config that is no object': { launchConfigs: [7] },
    'an empty launch config id': { launchConfigs: [launchConfig('')] },
    'a launch config id that is too long': { launchConfigs: [launchConfig('x'.repeat(39))] },
  };
  for (const [what, sample] of Object.entries(unstorable)) {
    // spec: W47
    test(`${what} is refused as a violation of the schema, and nothing is stored`, async (t) => {
      const store = await open(t);
      await assert.rejects(aPool(store, sample), { name: 'ServiceError', code: 'schema-violation' });
      assert.equal(await store.pool(poolId), null);
      assert.deepEqual(await toldEvents(store), []);
    });
  }
}

function deep(levels: number): JsonObject {
  let value: JsonObject = {};
  for (let level = 0; level < levels; level += 1) value = { value };
  return value;
}
