import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Credentials, WorkerManager } from 'taskcluster-client';
import { minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool, aStaticPool } from './a-pool.ts';
import { startForgetfulProxy } from './forgetful-proxy.ts';
import type { ForgetfulProxy } from './forgetful-proxy.ts';
import { identityOf } from './machine-identity.ts';
import { aClient, aWorldOfToday } from './published-client.ts';

const pool = 'proj/cloud';
const fixed = 'proj/fixed';
const staticSecret = 'a-secret-of-forty-four-characters-0123456789';

/** A world whose answers get lost on their way to the published client, which repeats its calls. */
interface BadLine {
  world: World;
  proxy: ForgetfulProxy;
  client: WorkerManager;
  as: (credentials: Partial<Credentials>) => WorkerManager;
}

async function aBadLine(t: TestContext): Promise<BadLine> {
  const world = await aWorldOfToday(t);
  const proxy = await startForgetfulProxy(t, world.service.url ?? '');
  const options = { rootUrl: proxy.url, retries: 5, delayFactor: 5 };
  const client = aClient(world, options);
  return { world, proxy, client, as: (credentials) => aClient(world, { ...options, credentials }) };
}

async function told({ world }: BadLine): Promise<string[]> {
  await world.deliver();
  return world.events.map(({ exchange }) => exchange);
}

// spec: W1
test('a pool whose creation was answered but not heard of is created once', async (t) => {
  const line = await aBadLine(t);
  const { world, proxy, client } = line;
  // Neither has an id of its own, so each repeat has to find the ids that the first call gave.
  const launchConfigs = [aLaunchConfig({ region: 'us-west-2' }), aLaunchConfig({ region: 'us-east-1' })];
  proxy.lose('reset', 500, 503);
  const created = await client.createWorkerPool(pool, aPool({ max: 4, launchConfigs }));
  assert.deepEqual(proxy.seen(), [200, 200, 200, 200]);
  assert.deepEqual(await client.workerPool(pool), created);
  const { workerPoolLaunchConfigs } = await client.listWorkerPoolLaunchConfigs(pool, { includeArchived: true });
  assert.equal(workerPoolLaunchConfigs.length, 2);
  const exchanges = await told(line);
  assert.equal(exchanges.filter((name) => name === 'launch-config-created').length, 2);
  assert.equal((await world.rows(pool)).length, 0);
});

test('a change of a pool that was answered but not heard of leaves it as was said', async (t) => {
  const line = await aBadLine(t);
  const { proxy, client } = line;
  await client.createWorkerPool(pool, aPool({ max: 4 }));
  proxy.lose(502, 'reset');
  const launchConfigs = [aLaunchConfig({ region: 'us-east-1' })];
  const updated = await client.updateWorkerPool(pool, aPool({ max: 5, launchConfigs }));
  assert.deepEqual(await client.workerPool(pool), updated);
  proxy.lose(500);
  await client.updateWorkerPool(pool, aStaticPool());
  assert.equal((await client.workerPool(pool)).providerId, 'static-demo');
  proxy.lose('reset', 500);
  const deleted = await client.deleteWorkerPool(pool);
  assert.deepEqual(await client.workerPool(pool), deleted);
  const exchanges = await told(line);
  const archived = exchanges.filter((name) => name === 'launch-config-archived');
  assert.equal(archived.length, 2, 'each of the two launch configs once');
});

test('a call that is refused is not repeated, one that finds the service away is', async (t) => {
  const { proxy, client } = await aBadLine(t);
  await assert.rejects(client.workerPool(pool), { statusCode: 404 });
  assert.deepEqual(proxy.seen(), [404]);
  proxy.lose(503, 504, 'reset');
  assert.deepEqual((await client.listWorkerPools()).workerPools, []);
  assert.deepEqual(proxy.seen(), [200, 200, 200, 200]);
});

test('a declared worker is declared, changed and removed once, however often its operator was not answered', async (t) => {
  const line = await aBadLine(t);
  const { world, proxy, client, as } = line;
  await client.createWorkerPool(fixed, aStaticPool());
  const expires = new Date(world.clock.now().getTime() + 60 * minuteMs).toISOString();
  proxy.lose(500, 'reset');
  const declared = await client.createWorker(fixed, 'desk', 'mac-1', { expires, providerInfo: { staticSecret } });
  assert.deepEqual(await client.worker(fixed, 'desk', 'mac-1'), declared);
  proxy.lose(500);
  const updated = await client.updateWorker(fixed, 'desk', 'mac-1', { expires, capacity: 3 });
  assert.equal(updated.capacity, 3);

  proxy.lose('reset', 500);
  const name = { workerPoolId: fixed, workerGroup: 'desk', workerId: 'mac-1' };
  const registered = await as({}).registerWorker({
    ...name,
    providerId: 'static-demo',
    workerIdentityProof: { staticSecret },
  });
  proxy.lose('reset', 500);
  const itself = as(registered.credentials);
  const renewed = await itself.reregisterWorker({ ...name, secret: registered.secret });
  assert.ok((await itself.reregisterWorker({ ...name, secret: renewed.secret })).secret.length === 44);
  proxy.lose(500, 500);
  await itself.removeWorker(fixed, 'desk', 'mac-1');
  assert.equal((await client.worker(fixed, 'desk', 'mac-1')).state, 'stopped');

  const exchanges = await told(line);
  assert.deepEqual(exchanges.slice(1), ['worker-running', 'worker-removed', 'worker-stopped']);
});

// spec: W3, P-34, P-35
test('a machine that was registered but never heard of it goes on with the credentials of its last call', async (t) => {
  const line = await aBadLine(t);
  const { world, proxy, client, as } = line;
  await client.createWorkerPool(pool, aPool({ min: 1 }));
  await world.provision();
  await world.clock.step(minuteMs);
  const [machine] = world.ec2.instances();
  const { proof, ...identity } = await identityOf(world, machine?.id ?? '');
  const { workerPoolId, workerGroup, workerId } = identity;
  proxy.lose('reset', 500, 502);
  const registered = await as({}).registerWorker({
    workerPoolId,
    workerGroup,
    workerId,
    providerId: 'aws-demo',
    workerIdentityProof: proof,
  });
  assert.deepEqual(proxy.seen().slice(-4), [200, 200, 200, 200]);
  assert.equal((await told(line)).filter((name) => name === 'worker-running').length, 1);

  const itself = as(registered.credentials);
  const renewal = { workerPoolId, workerGroup, workerId, secret: registered.secret };
  proxy.lose(500, 'reset', 503);
  await world.clock.step(secondMs);
  const renewed = await itself.reregisterWorker(renewal);
  await as(renewed.credentials).reregisterWorker({ ...renewal, secret: renewed.secret });
  await assert.rejects(
    itself.reregisterWorker(renewal),
    { statusCode: 400 },
    'whoever uses the new secret ends the old one',
  );

  proxy.lose('reset', 500);
  await itself.removeWorker(workerPoolId, workerGroup, workerId);
  assert.equal((await told(line)).filter((name) => name === 'worker-removed').length, 1);
  await world.advance();
  await world.clock.step(minuteMs);
  await world.advance();
  assert.equal(world.ec2.counts.terminated, 1);
});

// spec: P-54
test('a machine that is faster than its own launch is told to come again, and registers by itself', async (t) => {
  const line = await aBadLine(t);
  const { world, proxy, client, as } = line;
  await client.createWorkerPool(pool, aPool({ max: 1 }));
  const definition = await world.service.store.pool(pool);
  const [launchConfig] = definition?.launchConfigs ?? [];
  assert.ok(definition !== null && launchConfig !== undefined);
  const draft = {
    orderId: randomUUID(),
    workerPoolId: pool,
    providerId: 'aws-demo',
    launchConfigId: launchConfig.launchConfigId,
    scope: 'us-west-2',
    workerGroup: 'us-west-2',
    count: 1,
    capacityPerInstance: 1,
  };
  const now = world.clock.now();
  const [order] = await world.service.store.placeOrders(pool, [draft], { want: 1, maxCapacity: 1 }, now);
  assert.ok(order !== undefined);
  const { configuration } = launchConfig;
  const { fleet } = world.service.providers.get('aws-demo') ?? {};
  await fleet?.launch({ order, configuration, pool: definition }, new AbortController().signal);
  await world.clock.step(2 * minuteMs);

  const [machine] = world.ec2.instances();
  const { proof, rootUrl: _, ...identity } = await identityOf(world, machine?.id ?? '');
  proxy.seen();
  const registering = as({})
    .use({ retries: 20 })
    .registerWorker({ ...identity, workerIdentityProof: proof });
  await world.until('refused once', () => world.logged('registration-error-warning').length > 0);
  await world.settle();
  const { credentials } = await registering;
  const statuses = proxy.seen();
  assert.ok(statuses.length > 1);
  assert.deepEqual(new Set(statuses.slice(0, -1)), new Set([503]));
  assert.equal(credentials.clientId, `worker/aws-demo/${pool}/us-west-2/${machine?.id}`);
});

test('an error that a worker reports twice is there twice: nothing tells a repeat from another one', async (t) => {
  const { proxy, client } = await aBadLine(t);
  await client.createWorkerPool(fixed, aStaticPool());
  proxy.lose(500);
  const report = { workerGroup: 'g', workerId: 'w', kind: 'k', title: 't', description: 'd', extra: {} };
  const { errorId } = await client.reportWorkerError(fixed, report);
  const { workerPoolErrors } = await client.listWorkerPoolErrors(fixed);
  assert.equal(workerPoolErrors.length, 2);
  assert.ok(workerPoolErrors.some((error) => error.errorId === errorId));
});
