import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anApiWorld, aPool, aStaticPool, aLaunchConfig } from '#test/api-world.ts';
import type { Answer, ApiWorld, CallOptions } from '#test/api-world.ts';
import type { Worker } from '#core/worker.ts';

const secret = 'a'.repeat(44);
const fourDaysMs = 4 * 86_400_000;

async function withPools(world: ApiWorld): Promise<ApiWorld> {
  await world.call('PUT', '/worker-pool/aa%2Fcloud', { body: aPool() });
  await world.call('PUT', '/worker-pool/aa%2Ffixed', { body: aStaticPool() });
  return world;
}

function ofMachine({ workerPoolId, providerId, workerGroup, workerId }: Worker, special: object = {}): object {
  const workerIdentityProof = { token: `I am ${workerId}` };
  return { workerPoolId, providerId, workerGroup, workerId, workerIdentityProof, ...special };
}

function ofStatic(special: object = {}): object {
  const name = { workerPoolId: 'aa/fixed', providerId: 'static', workerGroup: 'g', workerId: 'w' };
  return { ...name, workerIdentityProof: { staticSecret: secret }, ...special };
}

/** Registers without credentials, as workers do. */
async function register(world: ApiWorld, body: object): Promise<Answer> {
  return await world.call('POST', '/worker/register', { body, as: null });
}

async function declare(world: ApiWorld): Promise<void> {
  const body = { expires: '2026-05-01T00:00:00Z', providerInfo: { staticSecret: secret } };
  assert.equal((await world.call('PUT', '/workers/aa%2Ffixed/g/w', { body })).status, 200);
}

/** Registers again with the credentials of a registration before. */
async function again(world: ApiWorld, worker: Worker, before: Answer, options: CallOptions = {}): Promise<Answer> {
  const { workerPoolId, workerGroup, workerId } = worker;
  return await world.call('POST', '/worker/reregister', {
    body: { workerPoolId, workerGroup, workerId, secret: before.body.secret },
    as: before.body.credentials,
    ...options,
  });
}

// spec: api 1.20, 4, E46
test('a machine that proves who it is gets named temporary credentials, its config and a secret', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud', { workerId: 'i-1' });
  const { status, body } = await register(world, ofMachine(worker));
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body).toSorted(), ['credentials', 'expires', 'secret', 'workerConfig']);
  assert.equal(Date.parse(body.expires), world.clock.now().getTime() + fourDaysMs);
  assert.deepEqual(body.workerConfig, { a: 1 });
  assert.match(body.secret, /^[\w-]{44}$/);
  assert.equal(body.credentials.clientId, 'worker/cloud/aa/cloud/us-east1-a/i-1');
  const certificate = JSON.parse(body.credentials.certificate);
  assert.equal(certificate.issuer, 'static/taskcluster/worker-manager');
  assert.equal(certificate.expiry, Date.parse(body.expires));
  assert.equal(certificate.start, world.clock.now().getTime() - 15 * 60_000);
  assert.deepEqual(certificate.scopes, [
    'assume:worker-type:aa/cloud',
    'assume:worker-pool:aa/cloud',
    'assume:worker-id:us-east1-a/i-1',
    'queue:worker-id:us-east1-a/i-1',
    'secrets:get:worker-type:aa/cloud',
    'secrets:get:worker-pool:aa/cloud',
    'queue:claim-work:aa/cloud',
    'worker-manager:remove-worker:aa/cloud/us-east1-a/i-1',
    'worker-manager:reregister-worker:aa/cloud/us-east1-a/i-1',
    'worker-manager:should-worker-terminate:aa/cloud/us-east1-a/i-1',
  ]);
  const path = '/workers/aa%2Fcloud/us-east1-a/i-1';
  assert.equal((await world.call('GET', path)).body.state, 'running');
  const [last] = (await world.store.waitingEvents(100)).slice(-1);
  assert.equal(last?.event.exchange, 'worker-running');
  const removal = await world.call('DELETE', path, { as: body.credentials });
  assert.deepEqual([removal.status, removal.body], [200, {}]);
});

// spec: api 1.20, 4
test('the credentials last as long as the pool said when the machine was requested', async (t) => {
  const world = await anApiWorld(t);
  const lifecycle = { reregistrationTimeout: 3600 };
  const config = { minCapacity: 0, maxCapacity: 9, lifecycle, launchConfigs: [aLaunchConfig()] };
  await world.call('PUT', '/worker-pool/aa%2Fcloud', { body: aPool({ config }) });
  const worker = await world.requestWorker('aa/cloud');
  const { body } = await register(world, ofMachine(worker));
  assert.equal(Date.parse(body.expires), world.clock.now().getTime() + 3_600_000);
  const stored = await world.store.worker(worker);
  assert.equal(stored?.terminateAfter?.toISOString(), body.expires);
});

// spec: api 1.20, E45
test('refusals come in the order of the checks', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const { body: other } = await world.call('PUT', '/worker-pool/aa%2Fother', { body: aPool() });
  const expectations: [object, number, string][] = [
    [ofMachine(worker, { workerPoolId: 'aa/none', providerId: 'nowhere' }), 404, 'ResourceNotFound'],
    [ofMachine(worker, { providerId: 'nowhere' }), 404, 'ResourceNotFound'],
    [ofMachine(worker, { providerId: 'cloud2' }), 400, 'InputError'],
    [ofMachine(worker, { workerId: 'unknown' }), 404, 'ResourceNotFound'],
    [ofMachine(worker, { workerPoolId: other.workerPoolId }), 404, 'ResourceNotFound'],
    [ofMachine(worker, { workerIdentityProof: { token: 'somebody else' } }), 400, 'InputError'],
  ];
  for (const [body, status, code] of expectations) {
    const answer = await register(world, body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
  }
  world.broken.add('cloud');
  const broken = await register(world, ofMachine(worker));
  assert.deepEqual([broken.status, broken.body.code], [503, 'ProviderSetupFailed']);
});

// spec: api 1.20, W34, W43, P-57, E45, E54
test('bad proof, expired worker, other provider, second registration and stopping worker are refused with one face', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const faces = new Set<string>();
  const refuse = async (body: object): Promise<void> => {
    const answer = await register(world, body);
    assert.deepEqual([answer.status, answer.body.code], [400, 'InputError']);
    faces.add(JSON.stringify([answer.body.message.split('\n')[0], answer.body.requestInfo.payload]));
  };
  const worker = await world.requestWorker('aa/cloud');
  await refuse(ofMachine(worker, { workerIdentityProof: { token: 'no' } }));
  await refuse(ofMachine(worker, { workerIdentityProof: { document: 'x', signature: 'y' } }));
  await world.call('POST', '/worker-pool/aa%2Fcloud', { body: aPool({ providerId: 'cloud2' }) });
  await refuse(ofMachine(worker, { providerId: 'cloud2' }));
  assert.equal((await register(world, ofMachine(worker))).status, 200);
  await world.clock.step(3_600_000);
  await refuse(ofMachine(worker));
  await world.call('DELETE', `/workers/aa%2Fcloud/${worker.workerGroup}/${worker.workerId}`);
  await refuse(ofMachine(worker));
  await declare(world);
  await world.call('POST', '/workers/aa%2Ffixed/g/w', { body: { expires: '2020-01-01T00:00:00Z' } });
  await refuse(ofStatic());
  await world.call('DELETE', '/worker-pool/aa%2Ffixed');
  await refuse(ofStatic({ providerId: 'null-provider' }));
  assert.equal(faces.size, 1, [...faces].join('\n'));

  const reasons = world.metrics.filter(({ name }) => name === 'worker_manager_registrations_refused_total');
  assert.deepEqual(
    reasons.map(({ labels }) => labels['reason']),
    ['proof', 'proof', 'other-provider', 'wrong-state', 'wrong-state', 'expired', 'other-provider'],
  );
  assert.doesNotMatch(JSON.stringify(world.log), /a{44}|I am/);
});

// spec: api 1.20
test('while proofs cannot be checked a machine is asked to come again, and people are told why without an incident', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const { status, body } = await register(world, ofMachine(worker, { workerIdentityProof: { token: 'outage' } }));
  assert.deepEqual([status, body.code], [503, 'ProviderSetupFailed']);
  assert.match(body.message, /^Worker identity cannot be verified at the moment\n/);
  const told = JSON.stringify(world.log);
  assert.match(told, /proof-uncheckable.*the keys are out of reach/);
  assert.doesNotMatch(told, /monitor\.error/);
  assert.equal((await register(world, ofMachine(worker))).status, 200);
});

// spec: api 1.20, E47
test('a provider that the pool had before still registers its workers', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  await world.call('POST', '/worker-pool/aa%2Fcloud', { body: aPool({ providerId: 'cloud2' }) });
  assert.equal((await register(world, ofMachine(worker))).status, 200);
});

// spec: P-54
test('a machine whose order is not settled yet is asked to come again', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud', { workerGroup: 'zone' });
  const early = ofMachine(worker, { workerId: 'early' });
  assert.equal((await register(world, early)).status, 404);
  const { launchConfigId, workerGroup, scope, providerId } = worker;
  const draft = { orderId: crypto.randomUUID(), workerPoolId: 'aa/cloud', launchConfigId: launchConfigId ?? '' };
  const where = { providerId, scope, workerGroup, count: 1, capacityPerInstance: 1 };
  const bounds = { want: 9, maxCapacity: 9 };
  assert.equal(
    (await world.store.placeOrders('aa/cloud', [{ ...draft, ...where }], bounds, world.clock.now())).length,
    1,
  );
  assert.equal((await register(world, early)).status, 503);
  assert.equal((await register(world, ofMachine(worker, { workerId: 'early', workerGroup: 'elsewhere' }))).status, 404);
});

// spec: P-54
test('a machine whose order is settled while it registers is not turned away', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const { store } = world.parts;
  const look = store.registrationView.bind(store);
  let looks = 0;
  store.registrationView = async (key) => ((looks += 1) === 1 ? null : await look(key));
  assert.equal((await register(world, ofMachine(worker))).status, 200);
});

// spec: W3, P-34
test('a registration whose answer was lost may be repeated for a while, until the worker has renewed', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const lost = await register(world, ofMachine(worker));
  await world.clock.step(60_000);
  const answer = await register(world, ofMachine(worker));
  assert.equal(answer.status, 200);
  assert.notEqual(answer.body.secret, lost.body.secret);
  assert.equal((await again(world, worker, lost)).status, 400);
  assert.equal((await again(world, worker, answer)).status, 200);
  assert.equal((await register(world, ofMachine(worker))).status, 400);
  const running = (await world.store.waitingEvents(100)).filter(({ event }) => event.exchange === 'worker-running');
  assert.equal(running.length, 1);
});

// spec: api 1.20, 9.3, E48
test('a worker says when its system started, and both parts of the start are measured', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  await world.clock.step(90_000);
  const systemBootTime = new Date(world.clock.now().getTime() - 30_000).toISOString();
  await register(world, ofMachine(worker, { systemBootTime }));
  const measured = world.metrics.filter(({ name }) => /worker_(provision|startup)_seconds/.test(name));
  assert.deepEqual(
    measured.map(({ name, value, labels }) => [name, value, labels['workerGroup']]),
    [
      ['worker_manager_worker_provision_seconds', 60, worker.workerGroup],
      ['worker_manager_worker_startup_seconds', 30, worker.workerGroup],
    ],
  );
});

// spec: api 9.3, E48
test('a boot before the request or after the registration is not measured', async (t) => {
  const world = await withPools(await anApiWorld(t));
  for (const systemBootTime of ['2020-01-01T00:00:00Z', '2030-01-01T00:00:00Z']) {
    const worker = await world.requestWorker('aa/cloud');
    assert.equal((await register(world, ofMachine(worker, { systemBootTime }))).status, 200);
  }
  const measured = world.metrics.filter(({ name }) => /worker_(provision|startup)_seconds/.test(name));
  assert.ok(measured.length === 2 && measured.every(({ value }) => value >= 0), JSON.stringify(measured));
});

// spec: api 1.20, 2.3, W43, E70
test('a registration is checked for its form, and never shown again', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const wrong = [
    ofStatic({ workerIdentityProof: { staticSecret: 'too-short-a-secret' } }),
    ofStatic({ workerIdentityProof: { staticSecret: secret, token: 'both' } }),
    ofStatic({ workerIdentityProof: {} }),
    ofStatic({ more: 1 }),
    ofStatic({ workerPoolId: 'nonsense' }),
  ];
  for (const body of wrong) {
    const answer = await register(world, body);
    assert.deepEqual([answer.status, answer.body.code], [400, 'InputValidationError']);
    assert.equal(answer.body.requestInfo.payload, '(OMITTED)');
    assert.doesNotMatch(answer.text, /a{44}|too-short-a-secret/);
  }
});

// spec: api 1.20, provisioning 9.1, W8, E53
test('a declared worker registers as often as it likes, with what its pool says now', async (t) => {
  const world = await withPools(await anApiWorld(t));
  await declare(world);
  const first = await register(world, ofStatic());
  assert.equal(first.status, 200);
  assert.deepEqual(first.body.workerConfig, {});
  assert.equal(Date.parse(first.body.expires), world.clock.now().getTime() + fourDaysMs);
  const config = { lifecycle: { reregistrationTimeout: 600 }, workerConfig: { b: 2 } };
  await world.call('POST', '/worker-pool/aa%2Ffixed', { body: aStaticPool({ config }) });
  await world.clock.step(7 * 3_600_000);
  const later = await register(world, ofStatic());
  assert.deepEqual(later.body.workerConfig, { b: 2 });
  assert.equal(Date.parse(later.body.expires), world.clock.now().getTime() + 600_000);
  const wrong = await register(world, ofStatic({ workerIdentityProof: { staticSecret: 'b'.repeat(44) } }));
  assert.equal(wrong.status, 400);
  await world.call('DELETE', '/workers/aa%2Ffixed/g/w');
  assert.equal((await register(world, ofStatic())).status, 400);
  const events = (await world.store.waitingEvents(100)).map(({ event }) => event.exchange);
  assert.equal(events.filter((exchange) => exchange === 'worker-running').length, 1);
});

// spec: api 1.21, E50
test('credentials are renewed again and again, each time with another secret', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const first = await register(world, ofMachine(worker));
  await world.clock.step(3_600_000);
  const second = await again(world, worker, first);
  assert.equal(second.status, 200);
  assert.deepEqual(Object.keys(second.body).toSorted(), ['credentials', 'expires', 'secret']);
  await world.clock.step(3_600_000);
  const third = await again(world, worker, second);
  assert.equal(Date.parse(third.body.expires), world.clock.now().getTime() + fourDaysMs);
  assert.equal(new Set([first, second, third].map(({ body }) => body.secret)).size, 3);
  assert.equal(new Set([first, second, third].map(({ body }) => body.credentials.clientId)).size, 1);
  assert.equal((await world.store.worker(worker))?.terminateAfter?.toISOString(), third.body.expires);
});

// spec: W3, P-35
test('a renewal whose answer was lost may be repeated with the secret before, until the new one is used or time has passed', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const first = await register(world, ofMachine(worker));
  await again(world, worker, first);
  const repeated = await again(world, worker, first);
  assert.equal(repeated.status, 200);
  assert.equal((await again(world, worker, repeated)).status, 200);
  assert.equal((await again(world, worker, first)).status, 400);

  const late = await world.requestWorker('aa/cloud');
  const start = await register(world, ofMachine(late));
  await again(world, late, start);
  await world.clock.step(20 * 60_000);
  assert.equal((await again(world, late, start)).status, 400);
});

// spec: W9
test('a declared worker renews for as long as its pool says', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const config = { lifecycle: { reregistrationTimeout: 600 } };
  await world.call('POST', '/worker-pool/aa%2Ffixed', { body: aStaticPool({ config }) });
  await declare(world);
  const worker = await world.store.worker({ workerPoolId: 'aa/fixed', workerGroup: 'g', workerId: 'w' });
  const first = await register(world, ofStatic());
  const renewed = await again(world, worker!, first);
  assert.equal(Date.parse(renewed.body.expires), world.clock.now().getTime() + 600_000);
});

// spec: api 1.21, E51
test('a wrong secret, an unknown worker and one that never registered are refused in the same words', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud', { workerId: 'new' });
  const other = await world.requestWorker('aa/cloud', { workerId: 'other' });
  const registered = await register(world, ofMachine(other));
  const texts = new Set<string>();
  for (const [workerId, presented] of [
    ['other', 'b'.repeat(44)],
    ['nobody', registered.body.secret],
    ['new', registered.body.secret],
  ]) {
    const { workerPoolId, workerGroup } = worker;
    const body = { workerPoolId, workerGroup, workerId, secret: presented };
    const answer = await world.call('POST', '/worker/reregister', { body });
    assert.deepEqual(
      [answer.status, answer.body.code, answer.body.requestInfo.payload],
      [400, 'InputError', '(OMITTED)'],
    );
    texts.add(answer.body.message);
    assert.doesNotMatch(answer.text, /b{44}/);
  }
  assert.equal(texts.size, 1);
  const noText = await world.call('POST', '/worker/reregister', { body: { workerPoolId: 'aa/cloud', secret: 5 } });
  assert.deepEqual([noText.status, noText.body.code], [400, 'InputValidationError']);
});

// spec: api 1.21, E52
test('who is stopping, or expired, does not renew', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const registered = await register(world, ofMachine(worker));
  await world.call('DELETE', `/workers/aa%2Fcloud/${worker.workerGroup}/${worker.workerId}`);
  assert.equal((await again(world, worker, registered)).status, 400);

  await declare(world);
  const fixed = await world.store.worker({ workerPoolId: 'aa/fixed', workerGroup: 'g', workerId: 'w' });
  const first = await register(world, ofStatic());
  await world.call('POST', '/workers/aa%2Ffixed/g/w', { body: { expires: '2020-01-01T00:00:00Z' } });
  assert.equal((await again(world, fixed!, first)).status, 400);
});

// spec: api 1.21
test('a worker renews for itself only', async (t) => {
  const world = await withPools(await anApiWorld(t));
  const worker = await world.requestWorker('aa/cloud');
  const other = await world.requestWorker('aa/cloud');
  const mine = await register(world, ofMachine(worker));
  const theirs = await register(world, ofMachine(other));
  const refused = await again(world, worker, mine, { as: theirs.body.credentials });
  assert.deepEqual([refused.status, refused.body.code], [403, 'InsufficientScopes']);
  assert.equal(refused.body.requestInfo.payload, '(OMITTED)');
});
