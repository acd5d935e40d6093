import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queueSource } from '#demand/taskcluster-queue/queue-source.ts';
import { SteppedClock, systemClock } from '#lib/clock.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import { anApiWorld, aPool, aStaticPool, tokenOf } from '#test/api-world.ts';

interface Credentials {
  clientId: string;
  accessToken: string;
  certificate?: string;
}

/** The parts of the published client that are used here; it has no types of its own. */
interface ApiClient {
  // oxlint-disable-next-line typescript/no-explicit-any -- every method gives another shape
  [method: string]: (...args: unknown[]) => Promise<any>;
}
interface ClientModule {
  WorkerManager: new (options: { rootUrl: string; credentials?: Credentials; retries?: number }) => ApiClient;
  createTemporaryCredentials(options: object): Credentials;
}
// Names that are not literal, because the package declares no types.
const clientPackage: string = 'taskcluster-client';
const apisModule: string = 'taskcluster-client/src/apis.js';
const { default: taskcluster } = (await import(clientPackage)) as { default: ClientModule };
const apis = (await import(apisModule)) as {
  default: { WorkerManager: { reference: { entries: readonly { type: string; name: string }[] } } };
};

const secret = 's'.repeat(44);
const expires = new Date('2099-01-01T00:00:00Z');

// spec: api 1.1, 3.2, 3.3
test('the published client drives every method it knows, with permanent and with temporary credentials', async (t) => {
  const clock = new SteppedClock(systemClock.now());
  await using queue = await startQueueSimulator({ clock });
  const us = { clientId: 'us', accessToken: 'token' };
  const demand = queueSource({ rootUrl: queue.url, credentials: us, clock, random: () => 0 });
  const world = await anApiWorld(t, { clock, demand });
  const root = { clientId: 'root', accessToken: tokenOf('root') };
  const { clientId: name, ...temporary } = { clientId: 'someone', scopes: ['*'] };
  const start = new Date(clock.now().getTime() - 60_000);
  const expiry = new Date(clock.now().getTime() + 3_600_000);
  const named = taskcluster.createTemporaryCredentials({
    clientId: name,
    ...temporary,
    start,
    expiry,
    credentials: root,
  });

  for (const [index, credentials] of [root, named].entries()) {
    const client = new taskcluster.WorkerManager({ rootUrl: world.url, credentials, retries: 0 });
    const stranger = new taskcluster.WorkerManager({ rootUrl: world.url, retries: 0 });
    const driven = new Set<string>();
    // oxlint-disable-next-line typescript/no-explicit-any -- every method gives another shape
    const call = async (method: string, ...args: unknown[]): Promise<any> => {
      driven.add(method);
      return await client[method]?.(...args);
    };
    const pool = `aa/pool${index}`;
    const fixed = `aa/fixed${index}`;

    assert.equal((await call('ping')).alive, true);
    assert.deepEqual(await call('lbheartbeat'), {});
    assert.deepEqual(await call('heartbeat'), {});
    assert.equal((await call('version')).version, '1.2.3');
    assert.equal((await call('listProviders', { limit: 1 })).continuationToken, '1');
    assert.equal((await call('createWorkerPool', pool, aPool())).workerPoolId, pool);
    assert.equal((await call('updateWorkerPool', pool, aPool({ description: 'new' }))).description, 'new');
    assert.equal((await call('workerPool', pool)).description, 'new');
    assert.equal((await call('listWorkerPoolLaunchConfigs', pool)).workerPoolLaunchConfigs.length, 1);
    assert.equal((await call('listWorkerPools')).workerPools.length, 2 * index + 1);
    assert.equal((await call('listWorkerPoolsStats')).workerPoolsStats.length, 2 * index + 1);
    const report = { workerGroup: 'g', workerId: 'w', kind: 'k', title: 't', description: 'd', extra: {} };
    const { errorId } = await call('reportWorkerError', pool, report);
    assert.equal((await call('listWorkerPoolErrors', pool, { errorId })).workerPoolErrors.length, 1);
    assert.equal((await call('workerPoolErrorStats', { workerPoolId: pool })).totals.total, 1);

    await call('createWorkerPool', fixed, aStaticPool());
    const declaration = { expires, providerInfo: { staticSecret: secret } };
    assert.equal((await call('createWorker', fixed, 'g', 'w', declaration)).state, 'running');
    assert.equal((await call('updateWorker', fixed, 'g', 'w', { ...declaration, capacity: 2 })).capacity, 2);
    assert.equal((await call('worker', fixed, 'g', 'w')).capacity, 2);
    assert.equal((await call('listWorkersForWorkerGroup', fixed, 'g')).workers.length, 1);
    assert.equal((await call('listWorkersForWorkerPool', fixed, { state: 'running' })).workers.length, 1);
    assert.equal((await call('workerPoolStats', fixed)).launchConfigStats[0].currentCapacity, 2);
    driven.add('registerWorker');
    const registered = await stranger['registerWorker']?.({
      workerPoolId: fixed,
      providerId: 'static',
      workerGroup: 'g',
      workerId: 'w',
      workerIdentityProof: { staticSecret: secret },
    });
    const own = new taskcluster.WorkerManager({ rootUrl: world.url, credentials: registered.credentials, retries: 0 });
    driven.add('reregisterWorker');
    const again = { workerPoolId: fixed, workerGroup: 'g', workerId: 'w', secret: registered.secret };
    const renewed = await own['reregisterWorker']?.(again);
    assert.notEqual(renewed.secret, registered.secret);

    queue.state.claimWork(fixed, { workerGroup: 'g', workerId: 'w' }, 1);
    assert.equal((await call('listWorkers', 'aa', `fixed${index}`)).workers[0].providerId, 'static');
    assert.equal((await call('getWorker', 'aa', `fixed${index}`, 'g', 'w')).state, 'running');
    assert.deepEqual(await call('removeWorker', fixed, 'g', 'w'), {});
    assert.equal((await call('deleteWorkerPool', pool)).providerId, 'null-provider');
    await assert.rejects(call('workerPool', 'aa/none'), { statusCode: 404, code: 'ResourceNotFound' });
    await assert.rejects(stranger['listWorkerPools']?.() ?? Promise.resolve(), { code: 'InsufficientScopes' });

    const known = apis.default.WorkerManager.reference.entries.map((entry) => entry.name);
    assert.deepEqual(
      known.filter((method) => !driven.has(method)),
      [],
    );
  }
});
