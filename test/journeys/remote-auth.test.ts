// spec: api 2.1, 2.4, 3.1, 3.3, 3.4, 3.5, 9.2, W39, provisioning 11.2
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { admin, minuteMs, own } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aPool, aStaticPool } from './a-pool.ts';
import { identityOf } from './machine-identity.ts';
import { aClient, aWorldOfToday, knownMethods, rawGet, temporary } from './published-client.ts';
import { SiblingServices } from './sibling-services.ts';

const pool = 'proj/cloud';
const refused = { statusCode: 401, code: 'AuthenticationFailed' };
const insufficient = { statusCode: 403, code: 'InsufficientScopes' };
const reader = {
  clientId: 'test/reader',
  accessToken: 'access-token-of-one-who-mostly-reads',
  scopes: ['worker-manager:get-worker-pool:proj/*', 'auth:create-client:test/reader/*'],
};

describe('a service that asks the deployment’s auth service who calls', () => {
  let world: World;
  let siblings: SiblingServices;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    const issuer = { ...own, scopes: ['*'] };
    siblings = new SiblingServices([admin, reader, issuer], ['worker-manager:list-worker-pools']);
    const rootUrl = await siblings.listen();
    const settings = () => ({ TASKCLUSTER_ROOT_URL: rootUrl, LOCAL_CLIENTS: null });
    world = await aWorldOfToday({ after: (run) => void ends.push(run) }, { settings });
    ends.push(() => siblings.close());
    const client = aClient(world);
    await client.createWorkerPool(pool, aPool({ min: 1 }));
    await client.createWorkerPool('proj/fixed', aStaticPool());
  });
  after(async () => {
    for (const end of ends) await end();
  });

  test('believes permanent, temporary and named temporary credentials, narrowed or not, and signed URLs', async () => {
    const named = temporary([reader.scopes[0] ?? ''], { clientId: 'test/reader/helper', credentials: reader });
    for (const credentials of [reader, temporary([reader.scopes[0] ?? ''], { credentials: reader }), named]) {
      const client = aClient(world, { credentials });
      assert.equal((await client.workerPool(pool)).workerPoolId, pool);
      await assert.rejects(client.deleteWorkerPool(pool), insufficient);
      const narrow = client.use({ authorizedScopes: ['worker-manager:get-worker-pool:proj/fixed'] });
      assert.equal((await narrow.workerPool('proj/fixed')).workerPoolId, 'proj/fixed');
      await assert.rejects(narrow.workerPool(pool), insufficient);
      const method = knownMethods().find(({ entryReference }) => entryReference.name === 'workerPool');
      assert.ok(method);
      assert.equal((await rawGet(client.buildSignedUrl(method, pool))).status, 200);
    }
    const call = world.logged('monitor.apiMethod').find(({ clientId }) => clientId === named.clientId);
    assert.equal(call?.['authenticated'], true);
    assert.deepEqual(call?.['satisfyingScopes'], [`worker-manager:get-worker-pool:${pool}`]);
  });

  test('asks once for a request, sends what was signed and no credentials of its own, and asks nothing for a public one', async () => {
    siblings.questions.length = 0;
    await aClient(world).workerPool(pool);
    await aClient(world).createWorkerPool(pool, aPool({ min: 1 }));
    const { port } = new URL(world.service.url ?? '');
    assert.deepEqual(
      siblings.questions.map(({ method, resource, host, port: own }) => [method, resource, host, String(own)]),
      ['get', 'put'].map((method) => [method, '/api/worker-manager/v1/worker-pool/proj%2Fcloud', '127.0.0.1', port]),
    );
    siblings.questions.length = 0;
    await aClient(world, { credentials: {} }).ping();
    await rawGet(`${world.service.url}/api/worker-manager/v1/worker-pools?bewit=a`, { authorization: 'Hawk id="a"' });
    assert.equal(siblings.questions.length, 0);
  });

  test('knows within a short while what everybody may do, without asking each time', async () => {
    const stranger = aClient(world, { credentials: {} });
    await stranger.listWorkerPools();
    siblings.questions.length = 0;
    for (let call = 0; call < 5; call += 1) await stranger.listWorkerPools();
    await assert.rejects(stranger.listProviders(), insufficient);
    assert.equal(siblings.questions.length, 0);
  });

  test('never believes a client, or what it issued, longer than auth does', async () => {
    const helper = temporary([reader.scopes[0] ?? ''], { credentials: reader });
    const clients = [reader, helper].map((credentials) => aClient(world, { credentials }));
    for (const client of clients) await client.workerPool(pool);
    const at = siblings.clients.findIndex(({ clientId }) => clientId === reader.clientId);
    const [gone] = siblings.clients.splice(at, 1);
    for (const client of clients) await assert.rejects(client.workerPool(pool), refused);
    assert.ok(gone);
    siblings.clients.push({ ...gone, scopes: ['worker-manager:list-providers'] });
    await assert.rejects(aClient(world, { credentials: reader }).workerPool(pool), insufficient);
    assert.ok((await aClient(world, { credentials: reader }).listProviders()).providers.length > 0);
  });

  test('issues credentials that auth believes', async () => {
    await world.provision();
    await world.clock.step(minuteMs);
    const [machine] = world.ec2.instances();
    const { proof, rootUrl: _, ...identity } = await identityOf(world, machine?.id ?? '');
    const client = aClient(world, { credentials: {} });
    const { credentials, secret } = await client.registerWorker({ ...identity, workerIdentityProof: proof });
    const { workerPoolId, workerGroup, workerId } = identity;
    const worker = aClient(world, { credentials });
    await worker.reregisterWorker({ workerPoolId, workerGroup, workerId, secret });
    await assert.rejects(worker.removeWorker(workerPoolId, workerGroup, 'i-another'), insufficient);
  });

  test('does not let anybody in while auth is away, and answers that it is not the caller’s fault', async () => {
    siblings.isAuthAway = true;
    const answer = aClient(world).workerPool(pool);
    // The calls are repeated, with pauses by the world's clock.
    await assert.rejects(world.through(answer), (error: { statusCode?: number; message: string }) => {
      assert.ok((error.statusCode ?? 0) >= 500);
      assert.doesNotMatch(error.message, /access-token|mac=/);
      return true;
    });
    assert.deepEqual(
      await aClient(world, { credentials: {} })
        .ping()
        .then(({ alive }) => alive),
      true,
    );
    const heartbeat = `${world.service.url}/api/worker-manager/v1/__heartbeat__`;
    const ill = await rawGet(heartbeat);
    assert.equal(ill.status, 503);
    assert.match(JSON.stringify(ill.body), /auth/);
    siblings.isAuthAway = false;
    assert.equal((await aClient(world).workerPool(pool)).workerPoolId, pool);
    assert.equal((await rawGet(heartbeat)).status, 200);
  });
});
