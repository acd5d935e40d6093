import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '#core/error.ts';
import type { LaunchConfig } from '#core/pool.ts';
import {
  aPool,
  after,
  allPages,
  anOrder,
  launchConfig,
  now,
  only,
  oneRequested,
  poolId,
  poolInput,
  toldEvents,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const user = 'github/2';
const all = { after: null, limit: 1000 };

/** What every store promises of launch configs. */
export function launchConfigPromises(open: OpenStore): void {
  const vectors = [
    {
      workerPoolId: 'aa/bb',
      content: { region: 'us-west-2', launchConfig: { ImageId: 'ami-1' } },
      id: 'lc-69fc396b949b700ccb6e',
    },
    {
      workerPoolId: 'proj-x/linux-1',
      content: {
        zone: 'us-east1-a',
        region: 'us-east1',
        disks: [{ autoDelete: true, sizeGb: 10.5 }, null],
        workerConfig: { naïve: 'tab\tquote"slash/back\\', big: 1e21, small: 0.000001, neg: -0.5 },
        workerManager: { initialWeight: 0.5 },
        capacityPerInstance: 2,
      },
      id: 'lc-6b5824d142035a057113',
    },
  ];
  for (const { workerPoolId, content, id } of vectors) {
    // spec: api 6.2
    test(`a launch config without id gets the one that existing deployments gave it: ${id}`, async (t) => {
      const store = await open(t);
      const { pool, changes } = await aPool(store, { workerPoolId, launchConfigs: [content] });
      assert.deepEqual(changes.created, [id]);
      assert.deepEqual(only(pool.launchConfigs).configuration, content);
    });
  }

  // spec: api 6.2, E20
  test('the id of a launch config depends on its pool and on its content apart from workerManager', async (t) => {
    const store = await open(t);
    const idOf = async (workerPoolId: string, content: Record<string, string | object>): Promise<string> => {
      const { pool } = await aPool(store, { workerPoolId, launchConfigs: [content as never] });
      return only(pool.launchConfigs).launchConfigId;
    };
    const ids = [
      await idOf('a/a', { region: 'x' }),
      await idOf('a/b', { region: 'x' }),
      await idOf('a/c', { region: 'y' }),
    ];
    assert.equal(new Set(ids).size, 3);
    const changed = poolInput({
      workerPoolId: 'a/a',
      launchConfigs: [{ region: 'x', workerManager: { maxCapacity: 3 } }],
    });
    const { changes, pool } = await store.updatePool(changed, user, now);
    assert.deepEqual(changes, { created: [], updated: [ids[0]], archived: [] });
    assert.deepEqual(only(pool.launchConfigs).configuration['workerManager'], { maxCapacity: 3 });
  });

  // spec: api 6.3, E18
  test('an update creates, updates and archives launch configs, and tells them in that order: updated, created, archived', async (t) => {
    const store = await open(t);
    await aPool(store, { launchConfigs: ['a', 'b', 'c'].map((id) => launchConfig(id)) });
    await toldEvents(store);
    const launchConfigs = [launchConfig('e'), launchConfig('c', {}, { maxCapacity: 1 }), launchConfig('d')];
    const { pool, changes } = await store.updatePool(poolInput({ launchConfigs }), user, after(7));
    assert.deepEqual(changes, { created: ['e', 'd'], updated: ['c'], archived: ['a', 'b'] });
    assert.deepEqual(
      pool.launchConfigs.map((each) => each.launchConfigId),
      ['e', 'c', 'd'],
    );
    const told = (await toldEvents(store)).map(({ exchange, payload }) =>
      'launchConfigId' in payload ? `${exchange} ${payload.launchConfigId}` : exchange,
    );
    assert.deepEqual(told, [
      'worker-pool-updated',
      'launch-config-updated c',
      'launch-config-created e',
      'launch-config-created d',
      'launch-config-archived a',
      'launch-config-archived b',
    ]);
  });

  // spec: api 6.3, W27
  test('what is archived says when, keeps its creation date, and comes back with the next update that names it', async (t) => {
    const store = await open(t);
    await aPool(store);
    await store.updatePool(poolInput({ launchConfigs: [launchConfig('a')] }), user, after(1));
    const archived = await store.launchConfig(poolId, 'b');
    assert.equal(archived?.isArchived, true);
    assert.deepEqual([archived.created, archived.lastModified], [now, after(1)]);
    await store.updatePool(poolInput({ launchConfigs: [launchConfig('a')] }), user, after(2));
    assert.deepEqual((await store.launchConfig(poolId, 'b'))?.lastModified, after(1));
    const { changes } = await store.updatePool(poolInput(), user, after(3));
    assert.deepEqual(changes, { created: [], updated: ['a', 'b'], archived: [] });
    const back = await store.launchConfig(poolId, 'b');
    assert.deepEqual([back?.isArchived, back?.created, back?.lastModified], [false, now, after(3)]);
  });

  // spec: api 6.3, E22, W26
  test('an id taken by other content is a conflict that names it and nothing of the inside; the pool stays', async (t) => {
    const store = await open(t);
    const { pool } = await aPool(store);
    await toldEvents(store);
    const launchConfigs = [launchConfig('c'), launchConfig('b', { region: 'eu-west-1' })];
    await assert.rejects(store.updatePool(poolInput({ launchConfigs, description: 'new' }), user, now), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, 'conflict');
      assert.match(error.message, /Launch config with ID `b` already exists/);
      assert.doesNotMatch(error.message, /launch_config|SQL|violat/i);
      return true;
    });
    assert.deepEqual(await store.pool(poolId), pool);
    assert.deepEqual(await toldEvents(store), []);
  });

  const twice = {
    'different content': [launchConfig('a'), launchConfig('a', { region: 'eu-west-1' })],
    'different limits only': [launchConfig('a'), launchConfig('a', {}, { maxCapacity: 2 })],
    'the same content and no id': [{ region: 'x' }, { region: 'x', workerManager: { maxCapacity: 2 } }],
  };
  for (const [what, launchConfigs] of Object.entries(twice)) {
    // spec: E21, W29
    test(`an id given twice in one request with ${what} is a conflict that names it, and no pool is left`, async (t) => {
      const store = await open(t);
      await assert.rejects(aPool(store, { launchConfigs }), { code: 'conflict', message: /`(?:a|lc-[0-9a-f]{20})`/ });
      assert.equal(await store.pool(poolId), null);
    });
  }

  // spec: api 6.2, E23
  test('pools may use the same ids for different content', async (t) => {
    const store = await open(t);
    await aPool(store, { launchConfigs: [launchConfig('a')] });
    await aPool(store, { workerPoolId: 'other/pool', launchConfigs: [launchConfig('a', { region: 'x' })] });
    assert.equal((await store.launchConfig('other/pool', 'a'))?.configuration['region'], 'x');
    assert.equal(await store.launchConfig('other/pool', 'b'), null);
  });

  // spec: api 6.3, 6.5
  test('the id of an archived launch config stays reserved until it expires', async (t) => {
    const store = await open(t);
    await aPool(store);
    await store.updatePool(poolInput({ launchConfigs: [] }), user, now);
    const changed = poolInput({ launchConfigs: [launchConfig('a', { region: 'x' })] });
    await assert.rejects(store.updatePool(changed, user, now), { code: 'conflict' });
    assert.equal(await store.expireLaunchConfigs(), 2);
    assert.deepEqual((await store.updatePool(changed, user, now)).changes.created, ['a']);
  });

  test('launch configs are listed by id, archived ones on demand', async (t) => {
    const store = await open(t);
    const ids = ['b', 'B', 'a-1', 'a_1', 'c'];
    await aPool(store, { launchConfigs: ids.map((id) => launchConfig(id)) });
    await store.updatePool(poolInput({ launchConfigs: ids.slice(1).map((id) => launchConfig(id)) }), user, now);
    const listed = async (includeArchived: boolean): Promise<string[][]> =>
      (
        await allPages<LaunchConfig, string>(2, async (page) => store.launchConfigsPage(poolId, includeArchived, page))
      ).map((rows) => rows.map((row) => row.launchConfigId));
    assert.deepEqual(await listed(false), [
      ['B', 'a-1'],
      ['a_1', 'c'],
    ]);
    assert.deepEqual(await listed(true), [['B', 'a-1'], ['a_1', 'b'], ['c']]);
  });

  // spec: api 6.5, E64, W28
  test('an archived launch config expires when no worker, stopped ones included, and no open order of its own pool refers to it', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'other/pool' });
    const worker = await oneRequested(store, { launchConfigId: 'a' });
    await anOrder(store, { launchConfigId: 'b' });
    await store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], now);
    assert.equal(await store.expireLaunchConfigs(), 0);
    for (const workerPoolId of [poolId, 'other/pool']) {
      await store.updatePool(poolInput({ workerPoolId, launchConfigs: [] }), user, now);
    }
    // A worker of the same launch config id elsewhere keeps nothing.
    assert.equal(await store.expireLaunchConfigs(), 2);
    assert.deepEqual((await store.launchConfigsPage('other/pool', true, all)).rows, []);
    assert.equal((await store.launchConfigsPage(poolId, true, all)).rows.length, 2);
    await store.expireWorkers(after(1e10));
    assert.equal(await store.expireLaunchConfigs(), 1);
    assert.equal(only((await store.launchConfigsPage(poolId, true, all)).rows).launchConfigId, 'b');
  });
}
