import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { aLaunchConfig, anApiWorld, aPool, aStaticPool } from '#test/api-world.ts';
import type { ApiWorld } from '#test/api-world.ts';

const pool = '/worker-pool/aa%2Fbb';
const counts = [
  'currentCapacity',
  'requestedCount',
  'runningCount',
  'stoppingCount',
  'stoppedCount',
  'requestedCapacity',
  'runningCapacity',
  'stoppingCapacity',
  'stoppedCapacity',
];

/** A launch config that has an id of its own. */
function named(launchConfigId: string, special: JsonObject = {}): JsonObject {
  return aLaunchConfig({ workerManager: { launchConfigId }, ...special });
}

/** Messages that wait to be sent: exchange and launch config, and what is told of the pool. */
async function told(world: ApiWorld): Promise<string[]> {
  const entries = await world.store.waitingEvents(1000);
  await world.store.confirmEvents(entries.map(({ sequence }) => sequence));
  return entries.map(({ event: { exchange, payload } }) =>
    [exchange, ...('launchConfigId' in payload ? [payload.launchConfigId] : [])].join(' '),
  );
}

// spec: api 0.2, 1.6, 1.7, 1.8, 7.1, E8, E10
test('a pool is created, shown, changed and marked for deletion', async (t) => {
  const world = await anApiWorld(t);
  const created = await world.call('PUT', pool, { body: aPool() });
  assert.equal(created.status, 200);
  assert.equal(created.body.workerPoolId, 'aa/bb');
  assert.equal(created.body.created, '2026-03-04T05:06:07.890Z');
  assert.equal(created.body.lastModified, created.body.created);
  assert.deepEqual(
    Object.keys(created.body).filter((name) => counts.includes(name)),
    counts,
  );
  assert.deepEqual((await world.call('GET', pool)).body, created.body);

  await world.clock.step(1000);
  const updated = await world.call('POST', pool, { body: aPool({ description: 'another' }) });
  assert.equal(updated.body.description, 'another');
  assert.equal(updated.body.created, created.body.created);
  assert.equal(updated.body.lastModified, '2026-03-04T05:06:08.890Z');

  const deleted = await world.call('DELETE', pool);
  assert.equal(deleted.status, 200);
  assert.equal(deleted.body.providerId, 'null-provider');
  assert.equal('launchConfigs' in deleted.body.config, false);
  assert.equal((await world.call('GET', pool)).body.providerId, 'null-provider');
  assert.equal((await world.call('DELETE', pool)).status, 200);
});

// spec: api 1.6, W1, W54, E1
test('creating the same again succeeds: without ids, in another order, with an empty list', async (t) => {
  const world = await anApiWorld(t);
  const one = aLaunchConfig();
  const other = aLaunchConfig({ zone: 'us-east1-b' });
  const first = await world.call('PUT', pool, { body: aPool({}, [one, other]) });
  assert.deepEqual((await told(world)).length, 3);
  assert.deepEqual((await world.call('PUT', pool, { body: aPool({}, [other, one]) })).body.config, first.body.config);
  assert.deepEqual(await told(world), ['worker-pool-created']);

  const empty = aPool({}, []);
  assert.deepEqual((await world.call('PUT', '/worker-pool/aa%2Fempty', { body: empty })).body.config.launchConfigs, []);
  assert.equal((await world.call('PUT', '/worker-pool/aa%2Fempty', { body: empty })).status, 200);
  const bare = aStaticPool();
  assert.deepEqual((await world.call('PUT', '/worker-pool/aa%2Fbare', { body: bare })).body.config, {});
  assert.equal((await world.call('PUT', '/worker-pool/aa%2Fbare', { body: bare })).status, 200);
});

// spec: api 1.6, E2
test('creating another pool under an existing id is a conflict and changes nothing', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  for (const body of [aPool({ providerId: 'cloud2' }), aPool({ description: 'x' }), aPool({}, [])]) {
    const refused = await world.call('PUT', pool, { body });
    assert.deepEqual([refused.status, refused.body.code], [409, 'RequestConflict']);
  }
  assert.equal((await world.call('GET', pool)).body.providerId, 'cloud');
});

// spec: api 1.6, 1.7, E3, E68
test('an unknown provider is refused, one that is not set up is asked for again later', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  for (const method of ['PUT', 'POST']) {
    const unknown = await world.call(method, pool, { body: aPool({ providerId: 'nowhere' }) });
    assert.deepEqual([unknown.status, unknown.body.code], [400, 'InputError']);
  }
  world.broken.add('cloud');
  for (const method of ['PUT', 'POST']) {
    const broken = await world.call(method, pool, { body: aPool() });
    assert.deepEqual([broken.status, broken.body.code], [503, 'ProviderSetupFailed']);
  }
});

// spec: api 1.6, 2.5, E4, E5
test('a config that does not match its provider is refused with every violation, by place and rule', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  const config = {
    minCapacity: -1,
    maxCapacity: 10,
    lifecycle: { queueInactivityTimeout: 5 },
    launchConfigs: [{}],
    more: 1,
  };
  for (const method of ['PUT', 'POST']) {
    const { status, body } = await world.call(method, pool, { body: aPool({ config }) });
    assert.deepEqual([status, body.code], [400, 'InputValidationError']);
    assert.match(body.message, /^\n/);
    assert.match(body.message, /https:\/\/tc\.example\.com\/schemas\/worker-manager\/v1\/config-google\.json#/);
    assert.match(body.message, /\n {2}\* data\/minCapacity must be >= 0\n/);
    assert.match(body.message, /data\/lifecycle\/queueInactivityTimeout must be >= 1200/);
    assert.match(body.message, /data\/launchConfigs\/0 must have required property 'region'/);
    assert.match(body.message, /must NOT have additional properties: "more"/);
  }
});

// spec: W23
test('a minimum above the maximum and time-outs that are not positive are refused in new definitions', async (t) => {
  const world = await anApiWorld(t);
  const wrong = [
    { minCapacity: 2, maxCapacity: 1, launchConfigs: [] },
    { minCapacity: 0, maxCapacity: 1, lifecycle: { registrationTimeout: -1 }, launchConfigs: [] },
    { minCapacity: 0, maxCapacity: 1, lifecycle: { reregistrationTimeout: 0 }, launchConfigs: [] },
    { minCapacity: 0, maxCapacity: 1e300, launchConfigs: [] },
    { minCapacity: 0, maxCapacity: 1, launchConfigs: [aLaunchConfig({ capacityPerInstance: 3_000_000_000 })] },
  ];
  for (const config of wrong) {
    const { status, body } = await world.call('PUT', pool, { body: aPool({ config }) });
    assert.deepEqual([status, body.code], [400, 'InputValidationError'], JSON.stringify(config));
  }
});

// spec: W23
test('a stored minimum above the maximum is tolerated until it changes', async (t) => {
  const world = await anApiWorld(t);
  const config = { minCapacity: 2, maxCapacity: 1, launchConfigs: [] };
  const stored = { workerPoolId: 'aa/bb', providerId: 'cloud', description: '', owner: 'a@b.c', emailOnError: false };
  await world.store.createPool({ ...stored, config }, 'old', world.clock.now());
  assert.equal((await world.call('POST', pool, { body: aPool({ config }) })).status, 200);
  const worse = { ...config, minCapacity: 3 };
  assert.equal((await world.call('POST', pool, { body: aPool({ config: worse }) })).status, 400);
});

// spec: api 1.7, E6, E7
test('an update must name an existing pool, and no other one in its body', async (t) => {
  const world = await anApiWorld(t);
  const missing = await world.call('POST', pool, { body: aPool() });
  assert.deepEqual([missing.status, missing.body.code], [404, 'ResourceNotFound']);
  await world.call('PUT', pool, { body: aPool() });
  const other = await world.call('POST', pool, { body: aPool({ workerPoolId: 'aa/cc' }) });
  assert.deepEqual([other.status, other.body.code], [400, 'InputError']);
});

// spec: api 1.7, W11, E8
test('a pool can be sent back as it was read; its dates and counts are ignored', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  const { body } = await world.call('GET', pool);
  const back = await world.call('POST', pool, { body: { ...body, created: '1999-01-01T00:00:00Z', runningCount: 7 } });
  assert.equal(back.status, 200);
  assert.equal(back.body.created, body.created);
  assert.equal(back.body.runningCount, 0);
  assert.deepEqual(back.body.config, body.config);
});

// spec: api 1.7, 5.8, E9
test('a pool can be moved to null-provider and back', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  const config = { anything: ['goes'] };
  const parked = await world.call('POST', pool, { body: aPool({ providerId: 'null-provider', config }) });
  assert.deepEqual([parked.status, parked.body.providerId], [200, 'null-provider']);
  assert.deepEqual(parked.body.config, config);
  const revived = await world.call('POST', pool, { body: aPool() });
  assert.equal(revived.body.providerId, 'cloud');
  assert.equal(revived.body.config.launchConfigs.length, 1);
});

// spec: api 6.1, 6.2, W1, E16, E17, E25
test('launch configs keep their order, their ids and what was sent; missing ids follow from the content', async (t) => {
  const world = await anApiWorld(t);
  const ids = ['c', 'a', 'b'];
  await world.call('PUT', pool, {
    body: aPool(
      {},
      ids.map((id) => named(id, { zone: id })),
    ),
  });
  assert.deepEqual(await told(world), ['worker-pool-created', ...ids.map((id) => `launch-config-created ${id}`)]);
  const shuffled = ['b', 'c', 'd', 'a'];
  const body = aPool(
    {},
    shuffled.map((id) => named(id, { zone: id })),
  );
  const updated = await world.call('POST', pool, { body });
  assert.deepEqual(updated.body.config, body['config']);
  assert.deepEqual((await world.call('GET', pool)).body.config, body['config']);

  const { body: generated } = await world.call('PUT', '/worker-pool/aa%2Fcc', { body: aPool() });
  assert.match(generated.config.launchConfigs[0].workerManager.launchConfigId, /^lc-[0-9a-f]{20}$/);
});

// spec: api 1.7, 6.3, 8.3, E18, E19
test('an update says which launch configs it created, kept and archived; an empty list archives all', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool({}, [named('a', { zone: 'a' }), named('b', { zone: 'b' })]) });
  await told(world);
  await world.call('POST', pool, { body: aPool({}, [named('a', { zone: 'a' }), named('c', { zone: 'c' })]) });
  assert.deepEqual(await told(world), [
    'worker-pool-updated',
    'launch-config-updated a',
    'launch-config-created c',
    'launch-config-archived b',
  ]);
  await world.call('POST', pool, { body: aPool({}, []) });
  assert.deepEqual(await told(world), ['worker-pool-updated', 'launch-config-archived a', 'launch-config-archived c']);
});

// spec: api 1.8, 8.3, E24
test('deleting tells of the pool and then of each launch config that is out of use', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool({}, [named('a', { zone: 'a' }), named('b', { zone: 'b' })]) });
  await told(world);
  await world.call('DELETE', pool);
  assert.deepEqual(await told(world), ['worker-pool-updated', 'launch-config-archived a', 'launch-config-archived b']);
});

// spec: api 6.2, E20
test('settings in workerManager change without a new launch config', async (t) => {
  const world = await anApiWorld(t);
  const first = await world.call('PUT', pool, { body: aPool({}, [aLaunchConfig()]) });
  const changed = aLaunchConfig({ workerManager: { maxCapacity: 3, capacityPerInstance: 2 } });
  const updated = await world.call('POST', pool, { body: aPool({}, [changed]) });
  const [before] = first.body.config.launchConfigs;
  const [after] = updated.body.config.launchConfigs;
  assert.equal(after.workerManager.launchConfigId, before.workerManager.launchConfigId);
  assert.equal(after.workerManager.maxCapacity, 3);
});

// spec: api 6.3, W26, E21, E22, E23
test('one launch config id stands for one content: a clash is a conflict, and nothing is stored of it', async (t) => {
  const world = await anApiWorld(t);
  const clash = aPool({}, [named('a'), named('a', { zone: 'elsewhere' })]);
  const created = await world.call('PUT', pool, { body: clash });
  assert.deepEqual([created.status, created.body.code], [409, 'RequestConflict']);
  assert.match(created.body.message, /Launch config with ID `a` already exists/);
  assert.equal((await world.call('GET', pool)).status, 404);

  await world.call('PUT', pool, { body: aPool({}, [named('a')]) });
  const updated = await world.call('POST', pool, { body: aPool({}, [named('a', { zone: 'elsewhere' })]) });
  assert.equal(updated.status, 409);
  assert.equal((await world.call('GET', pool)).body.config.launchConfigs[0].zone, 'us-east1-a');
  assert.equal((await world.call('PUT', '/worker-pool/aa%2Fcc', { body: aPool({}, [named('a')]) })).status, 200);
});

// spec: W29
test('the same launch config id twice in one request is refused, whatever their settings', async (t) => {
  const world = await anApiWorld(t);
  const settings = { launchConfigId: 'a', maxCapacity: 1 };
  const body = aPool({}, [named('a'), aLaunchConfig({ workerManager: settings })]);
  assert.equal((await world.call('PUT', pool, { body })).status, 409);
});

// spec: api 5.2, W44
test('a config is shown as it was sent: defaults are applied where they are used', async (t) => {
  const world = await anApiWorld(t);
  const lifecycle = { registrationTimeout: 1800 };
  const config = { minCapacity: 0, maxCapacity: 1, lifecycle, launchConfigs: [] };
  assert.deepEqual((await world.call('PUT', pool, { body: aPool({ config }) })).body.config, config);
});

// spec: api 7.6, 9.2
test('each change wakes the pool’s tasks and is written down with who made it', async (t) => {
  const world = await anApiWorld(t, { clients: { ann: ['worker-manager:*'] } });
  await world.call('PUT', pool, { body: aPool(), as: 'ann' });
  await world.call('POST', pool, { body: aPool(), as: 'ann' });
  await world.call('DELETE', pool, { as: 'ann' });
  const kinds = (await world.store.taskStatuses()).map(({ kind, key }) => `${kind} ${key}`);
  assert.deepEqual(kinds.toSorted(), ['provision aa/bb', 'retire aa/bb']);
  const entries = world.log.filter(({ type }) => type === 'audit-event').map(({ fields }) => fields);
  assert.deepEqual(
    entries,
    ['created', 'updated', 'deleted'].map((action) => ({
      v: 1,
      service: 'worker-manager',
      entity: 'worker-pool',
      entityId: 'aa/bb',
      clientId: 'ann',
      action,
    })),
  );
});

// spec: api 8.3, W52
test('an update tells the provider before it, also when that is the same', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  await world.call('POST', pool, { body: aPool() });
  await world.call('POST', pool, { body: aStaticPool() });
  const events = (await world.store.waitingEvents(100)).map(({ event }) => event);
  const updates = events.flatMap((event) => (event.exchange === 'worker-pool-updated' ? [event.payload] : []));
  assert.deepEqual(updates, [
    { workerPoolId: 'aa/bb', providerId: 'cloud', previousProviderId: 'cloud' },
    { workerPoolId: 'aa/bb', providerId: 'static', previousProviderId: 'cloud' },
  ]);
});

// spec: api 1.6, 1.8, 7.6, 8.3
test('a repeat that succeeds is told and written down again, without launch configs', async (t) => {
  const world = await anApiWorld(t);
  const audited = (): unknown[] =>
    world.log.splice(0).flatMap(({ type, fields }) => (type === 'audit-event' ? [fields['action']] : []));
  await world.call('PUT', pool, { body: aPool() });
  await told(world);
  audited();
  await world.call('PUT', pool, { body: aPool() });
  assert.deepEqual([await told(world), audited()], [['worker-pool-created'], ['created']]);
  await world.call('DELETE', pool);
  await told(world);
  audited();
  await world.call('DELETE', pool);
  const [again, ...others] = await world.store.waitingEvents(10);
  const providers = { providerId: 'null-provider', previousProviderId: 'null-provider' };
  assert.deepEqual(again?.event, { exchange: 'worker-pool-updated', payload: { workerPoolId: 'aa/bb', ...providers } });
  assert.deepEqual([others, audited()], [[], ['deleted']]);
});

// spec: api 1.6, 1.11, 5.8
test('null-provider takes any config of whoever may name it, and its pools are listed', async (t) => {
  const manage = 'worker-manager:manage-worker-pool:aa/bb';
  const clients = { ann: [manage], bob: [manage, 'worker-manager:provider:null-provider'] };
  const world = await anApiWorld(t, { clients });
  const body = aPool({ providerId: 'null-provider', config: { any: [{ thing: null }], minCapacity: 'many' } });
  assert.equal((await world.call('PUT', pool, { body, as: 'ann' })).status, 403);
  const { status, body: created } = await world.call('PUT', pool, { body, as: 'bob' });
  assert.deepEqual([status, created.config], [200, body['config']]);
  assert.deepEqual((await world.call('GET', '/worker-pools')).body.workerPools, [created]);
});

// spec: api 1.8, 1.9, 1.10, 1.11, E11
test('a pool that does not exist is not found', async (t) => {
  const world = await anApiWorld(t);
  for (const [method, path] of [
    ['GET', pool],
    ['DELETE', pool],
    ['GET', `${pool}/launch-configs`],
    ['GET', `${pool}/stats`],
  ] as const) {
    const { status, body } = await world.call(method, path);
    assert.deepEqual([status, body.code], [404, 'ResourceNotFound'], path);
  }
});
