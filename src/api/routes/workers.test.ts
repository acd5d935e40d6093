import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anApiWorld, aPool, aStaticPool } from '#test/api-world.ts';
import type { ApiWorld } from '#test/api-world.ts';

const cloud = '/worker-pool/aa%2Fcloud';
const fixed = '/worker-pool/aa%2Ffixed';
const w = '/workers/aa%2Ffixed/g/w';
const secret = 'a'.repeat(44);

function aDeclaration(special: object = {}): object {
  return { expires: '2026-05-01T00:00:00Z', providerInfo: { staticSecret: secret }, ...special };
}

async function withPools(world: ApiWorld): Promise<ApiWorld> {
  await world.call('PUT', cloud, { body: aPool() });
  await world.call('PUT', fixed, { body: aStaticPool() });
  await told(world);
  return world;
}

async function told(world: ApiWorld): Promise<string[]> {
  const entries = await world.store.waitingEvents(1000);
  await world.store.confirmEvents(entries.map(({ sequence }) => sequence));
  return entries.map(({ event }) =>
    'reason' in event.payload ? `${event.exchange} ${event.payload.reason}` : event.exchange,
  );
}

// spec: api 0.2, 1.16, W31, E31, E34
test('a declared worker runs at once, and is shown as it was stored', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const created = await world.call('PUT', w, {
    body: aDeclaration({ expires: '2026-05-01T00:00:00.123Z', capacity: 3 }),
  });
  assert.equal(created.status, 200);
  const now = '2026-03-04T05:06:07.890Z';
  assert.deepEqual(created.body, {
    workerPoolId: 'aa/fixed',
    workerGroup: 'g',
    workerId: 'w',
    providerId: 'static',
    created: now,
    expires: '2026-05-01T00:00:00.123Z',
    lastModified: now,
    lastChecked: now,
    state: 'running',
    capacity: 3,
  });
  assert.deepEqual((await world.call('GET', w)).body, created.body);
  assert.doesNotMatch(created.text, new RegExp(secret));
});

// spec: api 1.16, W5, P-47, E33, E34
test('declaring the same again succeeds with what is stored; another secret, expiry or capacity is a conflict', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const first = await world.call('PUT', w, { body: aDeclaration() });
  assert.equal(first.body.capacity, 1);
  await world.clock.step(60_000);
  assert.deepEqual((await world.call('PUT', w, { body: aDeclaration({ capacity: 1 }) })).body, first.body);
  const others = [
    aDeclaration({ capacity: 2 }),
    aDeclaration({ expires: '2026-05-01T00:00:01Z' }),
    aDeclaration({ providerInfo: { staticSecret: 'b'.repeat(44) } }),
  ];
  for (const body of others) {
    const refused = await world.call('PUT', w, { body });
    assert.deepEqual([refused.status, refused.body.code], [409, 'RequestConflict']);
    assert.doesNotMatch(refused.text, /[ab]{44}/);
  }
  await world.call('DELETE', w);
  assert.equal((await world.call('PUT', w, { body: aDeclaration() })).status, 409);
});

// spec: api 1.16, E32
test('a worker is not declared without a pool, in the past, without a secret, or for a provider that starts its own', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const expectations: [string, object, number, string][] = [
    ['/workers/aa%2Fnone/g/w', aDeclaration(), 404, 'ResourceNotFound'],
    [w, aDeclaration({ expires: '2026-01-01T00:00:00Z' }), 400, 'InputError'],
    [w, aDeclaration({ providerInfo: undefined }), 400, 'InputError'],
    [w, aDeclaration({ capacity: 0 }), 400, 'InputValidationError'],
    [w, aDeclaration({ capacity: 1e10 }), 400, 'InputValidationError'],
    [w, aDeclaration({ expires: 'tomorrow' }), 400, 'InputValidationError'],
    ['/workers/aa%2Fcloud/g/w', aDeclaration(), 400, 'InputError'],
  ];
  for (const [path, body, status, code] of expectations) {
    const answer = await world.call('PUT', path, { body });
    assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text);
  }
  world.broken.add('static');
  assert.equal((await world.call('PUT', w, { body: aDeclaration() })).status, 503);
});

// spec: api 1.16, 1.17, E32, E35
test('a worker of a pool whose provider is no longer configured cannot be declared or changed', async (t) => {
  const world = await anApiWorld(t);
  const gone = { workerPoolId: 'aa/fixed', providerId: 'gone', description: '', owner: 'a@b.c', emailOnError: false };
  await world.store.createPool({ ...gone, config: {} }, 'me', world.clock.now());
  for (const method of ['PUT', 'POST']) {
    assert.equal((await world.call(method, w, { body: aDeclaration() })).status, 404);
  }
});

// spec: api 2.5, E32
test('names of workers and groups that are too long are refused by name', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const long = 'x'.repeat(39);
  const id = await world.call('PUT', `/workers/aa%2Ffixed/g/${long}`, { body: aDeclaration() });
  assert.deepEqual([id.status, id.body.code], [400, 'InvalidRequestArguments']);
  assert.match(id.body.message, /workerId.*x{39}.*\^\(\[a-zA-Z0-9-_\]\{1,38\}\)\$/);
  const group = await world.call('PUT', `/workers/aa%2Ffixed/${long}/${long}`, { body: aDeclaration() });
  assert.match(group.body.message, /workerGroup/);
  assert.match(group.body.message, /workerId/);
});

// spec: api 1.17, W4, E35
test('an update changes what it says and keeps the rest; an expiry in the past is allowed', async (t) => {
  const world = await withPools(await anApiWorld(t));
  await world.call('PUT', w, { body: aDeclaration({ capacity: 3 }) });
  const expires = '2026-01-01T00:00:00.000Z';
  const kept = await world.call('POST', w, { body: { expires } });
  assert.deepEqual([kept.status, kept.body.expires, kept.body.capacity], [200, expires, 3]);
  const changed = await world.call('POST', w, { body: aDeclaration({ capacity: 5 }) });
  assert.equal(changed.body.capacity, 5);
  assert.equal((await world.call('GET', w)).body.capacity, 5);
});

// spec: api 1.17, E35
test('an update is refused where there is nothing to update', async (t) => {
  const world = await withPools(await anApiWorld(t));
  assert.equal((await world.call('POST', '/workers/aa%2Fnone/g/w', { body: aDeclaration() })).status, 404);
  assert.equal((await world.call('POST', w, { body: aDeclaration() })).status, 404);
  const { workerGroup, workerId } = await world.requestWorker('aa/cloud');
  const machine = `/workers/aa%2Fcloud/${workerGroup}/${workerId}`;
  assert.equal((await world.call('POST', machine, { body: aDeclaration() })).status, 400);
});

// spec: W7
test('a pool of declared workers does not rewrite machines that its provider before has started', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const { workerGroup, workerId } = await world.requestWorker('aa/cloud');
  await world.call('POST', cloud, { body: aStaticPool() });
  const machine = `/workers/aa%2Fcloud/${workerGroup}/${workerId}`;
  const refused = await world.call('POST', machine, { body: aDeclaration() });
  assert.deepEqual([refused.status, refused.body.code], [400, 'InputError']);
});

// spec: api 1.18, W48, E36
test('removing a machine stores its end, tells it once, and wakes whoever talks to the cloud', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const { workerGroup, workerId } = await world.requestWorker('aa/cloud');
  const machine = `/workers/aa%2Fcloud/${workerGroup}/${workerId}`;
  await told(world);
  for (const _ of [1, 2]) {
    const removed = await world.call('DELETE', machine);
    assert.deepEqual([removed.status, removed.body], [200, {}]);
    assert.equal((await world.call('GET', machine)).body.state, 'stopping');
  }
  assert.deepEqual(await told(world), ['worker-removed workerManager.removeWorker API call']);
  const tasks = (await world.store.taskStatuses()).map(({ kind, key }) => `${kind} ${key}`);
  assert.ok(tasks.includes('advance cloud/here'), tasks.join());
});

// spec: api 1.18, W8, P-47, E36
test('a removed declared worker has stopped, and the queue hears of it', async (t) => {
  const world = await withPools(await anApiWorld(t));
  await world.call('PUT', w, { body: aDeclaration() });
  for (const _ of [1, 2]) {
    assert.deepEqual((await world.call('DELETE', w)).body, {});
    assert.equal((await world.call('GET', w)).body.state, 'stopped');
  }
  assert.deepEqual(await told(world), ['worker-removed workerManager.removeWorker API call', 'worker-stopped']);
});

// spec: api 1.18, E36
test('a worker is removed by its own provider, if that is there and can', async (t) => {
  const world = await withPools(await anApiWorld(t));
  assert.equal((await world.call('DELETE', w)).status, 404);
  const { workerGroup, workerId } = await world.requestWorker('aa/cloud');
  const machine = `/workers/aa%2Fcloud/${workerGroup}/${workerId}`;
  world.broken.add('cloud');
  assert.equal((await world.call('DELETE', machine)).status, 503);
  assert.equal((await world.call('GET', machine)).body.state, 'requested');

  const key = (workerId: string) => ({ workerPoolId: 'aa/fixed', workerGroup: 'g', workerId });
  for (const [id, providerId] of [
    ['lost', 'gone'],
    ['nobody', 'null-provider'],
  ] as const) {
    const worker = { key: key(id), providerId, capacity: 1, expires: new Date('2027-01-01'), providerData: {} };
    await world.store.declareWorker(worker, () => true, world.clock.now());
  }
  assert.equal((await world.call('DELETE', '/workers/aa%2Ffixed/g/lost')).status, 404);
  assert.equal((await world.call('DELETE', '/workers/aa%2Ffixed/g/nobody')).status, 400);
});

// spec: api 1.15, 2.6, W13, W17, E28, E29
test('workers are listed newest first, by group, state and launch config, in pages', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const ids: string[] = [];
  for (const workerId of ['one', 'two', 'three', 'four']) {
    await world.clock.step(1000);
    await world.requestWorker('aa/cloud', { workerId, workerGroup: workerId === 'two' ? 'g2' : 'g1' });
    ids.unshift(workerId);
  }
  await world.call('DELETE', '/workers/aa%2Fcloud/g1/three');
  const list = async (path: string): Promise<string[]> =>
    (await world.call('GET', path)).body.workers.map(({ workerId }: { workerId: string }) => workerId);
  assert.deepEqual(await list('/workers/aa%2Fcloud'), ids);
  assert.deepEqual(await list('/workers/aa%2Fcloud/g1'), ['four', 'three', 'one']);
  assert.deepEqual(await list('/workers/aa%2Fcloud?state=stopping'), ['three']);
  assert.deepEqual(await list('/workers/aa%2Fcloud?state=standalone'), []);
  const { launchConfigId } = (await world.call('GET', '/workers/aa%2Fcloud/g1/one')).body;
  assert.deepEqual(await list(`/workers/aa%2Fcloud?launchConfigId=${launchConfigId}`), ids);
  assert.deepEqual(await list('/workers/aa%2Fcloud?launchConfigId=other_one'), []);

  for (const path of ['/workers/aa%2Fcloud', '/workers/aa%2Fcloud/g1']) {
    const { workers, continuationToken } = (await world.call('GET', `${path}?limit=2`)).body;
    assert.equal(workers.length, 2);
    await world.clock.step(1000);
    await world.requestWorker('aa/cloud', { workerGroup: 'g1' });
    const rest = (await world.call('GET', `${path}?continuationToken=${continuationToken}`)).body;
    const names = [...workers, ...rest.workers].map(({ workerId }: { workerId: string }) => workerId);
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.at(-1), 'one');
    assert.equal('continuationToken' in rest, false);
  }
});

// spec: api 0.2, E27
test('a listed worker has the published members and no other, least of all a secret', async (t) => {
  const world = await withPools(await anApiWorld(t));
  await world.call('PUT', w, { body: aDeclaration() });
  const proof = { providerId: 'static', workerIdentityProof: { staticSecret: secret } };
  const body = { workerPoolId: 'aa/fixed', workerGroup: 'g', workerId: 'w', ...proof };
  const registered = await world.call('POST', '/worker/register', { body, as: null });
  const listed = await world.call('GET', '/workers/aa%2Ffixed');
  const dates = ['created', 'expires', 'lastChecked', 'lastModified'];
  const names = ['workerPoolId', 'workerGroup', 'workerId', 'providerId'];
  const members = [...dates, ...names, 'capacity', 'state'];
  assert.deepEqual(Object.keys(listed.body.workers[0]).toSorted(), members.toSorted());
  for (const hidden of [secret, registered.body.secret]) assert.ok(!listed.text.includes(hidden));
});

// spec: api 1.15, E26, E30, E31
test('the workers of a missing pool are not found, those of a missing group are none', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const missing = await world.call('GET', '/workers/aa%2Fnone');
  assert.equal(missing.status, 404);
  assert.match(missing.body.message, /pool/i);
  assert.deepEqual((await world.call('GET', '/workers/aa%2Fcloud')).body, { workers: [] });
  assert.deepEqual((await world.call('GET', '/workers/aa%2Fnone/g')).body, { workers: [] });
  assert.equal((await world.call('GET', w)).status, 404);
});

// spec: api 1.3, 5.9
test('the legacy addresses with a colon answer like the others, under names of their own', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const legacy = '/workers/aa%2Ffixed:/g/w';
  const created = await world.call('PUT', legacy, { body: aDeclaration() });
  assert.equal(created.status, 200);
  assert.deepEqual((await world.call('GET', legacy)).body, created.body);
  assert.equal((await world.call('POST', legacy, { body: { expires: '2026-06-01T00:00:00Z' } })).status, 200);
  assert.equal((await world.call('GET', '/workers/aa%2Ffixed:/g')).body.workers.length, 1);
  const missing = await world.call('GET', '/workers/aa%2Fnone:/g/w');
  assert.deepEqual([missing.status, missing.body.requestInfo.method], [404, 'workerWithColon']);
  assert.equal((await world.call('GET', '/workers/aa%2Ffixed%3A/g/w')).status, 400);
});

// spec: api 1.19, W32, E58
test('a worker asks whether it is wanted: the stored decision as it is, none, or its end', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const { workerGroup, workerId } = await world.requestWorker('aa/cloud');
  const key = { workerPoolId: 'aa/cloud', workerGroup, workerId };
  const ask = async (): Promise<unknown> =>
    (await world.call('GET', `/workers/aa%2Fcloud/${workerGroup}/${workerId}/should-terminate`)).body;
  assert.deepEqual(await ask(), { terminate: false, reason: 'none' });
  const decidedAt = world.clock.now();
  for (const decision of [
    { terminate: false, reason: 'needed' },
    { terminate: true, reason: 'over capacity' },
    { terminate: true, reason: 'launch config archived' },
  ] as const) {
    await world.store.saveDecisions('aa/cloud', [{ worker: key, decision: { ...decision, decidedAt } }]);
    assert.deepEqual(await ask(), decision);
  }
  const needed = { terminate: false, reason: 'needed', decidedAt } as const;
  await world.store.saveDecisions('aa/cloud', [{ worker: key, decision: needed }]);
  await world.call('DELETE', `/workers/aa%2Fcloud/${workerGroup}/${workerId}`);
  assert.deepEqual(await ask(), { terminate: true, reason: 'over capacity' });
  assert.equal((await world.call('GET', '/workers/aa%2Fcloud/g/none/should-terminate')).status, 404);
});
