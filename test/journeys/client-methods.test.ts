// spec: api 1.1, 1.19, 2.8, 8.3
import assert from 'node:assert/strict';
import { test } from 'node:test';
import taskcluster from 'taskcluster-client';
import type { Credentials, WorkerManager } from 'taskcluster-client';
import type { RegisteredWorker } from '#contract/shapes.ts';
import type { JsonObject } from '#core/json.ts';
import type { WorkerKey } from '#core/worker.ts';
import { admin, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool, aStaticPool } from './a-pool.ts';
import { identityOf } from './machine-identity.ts';
import { aClient, aWorldOfToday, knownMethods, noting, rawGet, signedGet, temporary } from './published-client.ts';

/** One who drives the whole service by the published client. */
interface Journey {
  world: World;
  client: WorkerManager;
  /** Without credentials. */
  stranger: WorkerManager;
  /** The name under which the client is known. */
  clientId: string;
  called: Set<string>;
}

const pool = 'proj/cloud';
const fixed = 'proj/fixed';
const [usWest, usEast] = ['us-west-2', 'us-east-1'];
const staticSecret = 'a-secret-of-forty-four-characters-0123456789';

const callers: readonly { sort: string; credentials: Credentials }[] = [
  { sort: 'permanent credentials', credentials: admin },
  { sort: 'temporary credentials', credentials: temporary(['*']) },
  { sort: 'named temporary credentials', credentials: temporary(['*'], { clientId: 'someone/on-duty' }) },
];

for (const { sort, credentials } of callers) {
  test(`with ${sort} the published client drives every method it knows, each with its effect`, async (t) => {
    const world = await aWorldOfToday(t);
    const called = new Set<string>();
    const journey: Journey = {
      world,
      client: noting(aClient(world, { credentials }), called),
      stranger: noting(aClient(world, { credentials: {} }), called),
      clientId: credentials.clientId,
      called,
    };
    await looksAround(journey);
    await managesPools(journey);
    const worker = await seesMachinesCome(journey);
    const registered = await registers(journey, worker);
    await reportsErrors(journey, worker, registered.credentials);
    await seesWorkersOfTheQueue(journey, worker);
    await removes(journey, worker);
    await declaresWorkers(journey);
    await deletes(journey);

    const known = knownMethods().map(({ entryReference }) => entryReference.name);
    assert.equal(known.length, 26);
    assert.deepEqual([...called].toSorted(), known.toSorted());
  });
}

async function looksAround({ client, stranger }: Journey): Promise<void> {
  const { alive, uptime } = await stranger.ping();
  assert.ok(alive === true && typeof uptime === 'number');
  assert.deepEqual(await stranger.lbheartbeat(), {});
  assert.deepEqual(await stranger.heartbeat(), {});
  assert.deepEqual(Object.keys(await stranger.version()), ['version', 'commit', 'source', 'build']);
  const all = [
    { providerId: 'aws-demo', providerType: 'aws' },
    { providerId: 'static-demo', providerType: 'static' },
  ];
  assert.deepEqual(await client.listProviders(), { providers: all });
  const first = await client.listProviders({ limit: 1 });
  assert.deepEqual(first.providers, all.slice(0, 1));
  const { continuationToken } = first;
  assert.deepEqual(await client.listProviders({ limit: 1, continuationToken }), { providers: all.slice(1) });
}

async function managesPools({ world, client, clientId }: Journey): Promise<void> {
  const [inWest, inEast] = [aLaunchConfig({ region: usWest }), aLaunchConfig({ region: usEast })];
  const definition = aPool({ max: 2, launchConfigs: [inWest] });
  const created = await client.createWorkerPool(pool, definition);
  assert.deepEqual(await client.workerPool(pool), created);
  assert.deepEqual(await client.createWorkerPool(pool, definition), created, 'a repeat changes nothing');
  const other = { ...definition, description: 'another one' };
  await assert.rejects(client.createWorkerPool(pool, other), { statusCode: 409, code: 'RequestConflict' });

  await world.clock.step(secondMs);
  const updated = await client.updateWorkerPool(pool, aPool({ max: 3, launchConfigs: [inWest, inEast] }));
  assert.equal(updated.created, created.created);
  assert.ok(updated.lastModified > created.lastModified);
  assert.equal(updated.config['maxCapacity'], 3);
  assert.deepEqual(await client.updateWorkerPool(pool, updated), updated, 'what was read can be sent back');

  const { workerPoolLaunchConfigs: both } = await client.listWorkerPoolLaunchConfigs(pool);
  assert.deepEqual(both.map(({ configuration }) => String(configuration['region'])).toSorted(), [usEast, usWest]);
  await client.updateWorkerPool(pool, aPool({ max: 3, launchConfigs: [inWest] }));
  assert.deepEqual(
    (await client.listWorkerPoolLaunchConfigs(pool)).workerPoolLaunchConfigs.map(
      ({ configuration }) => configuration['region'],
    ),
    [usWest],
  );
  const query = { includeArchived: true, limit: 1 };
  const first = await client.listWorkerPoolLaunchConfigs(pool, query);
  const { continuationToken } = first;
  const second = await client.listWorkerPoolLaunchConfigs(pool, { ...query, continuationToken });
  const listed = [...first.workerPoolLaunchConfigs, ...second.workerPoolLaunchConfigs];
  assert.deepEqual(
    listed.map(({ configuration, isArchived }) => `${String(configuration['region'])} ${isArchived}`).toSorted(),
    [`${usEast} true`, `${usWest} false`],
  );

  await client.createWorkerPool(fixed, aStaticPool());
  const pools = await client.listWorkerPools({ limit: 1 });
  assert.deepEqual(
    pools.workerPools.map(({ workerPoolId }) => workerPoolId),
    [pool],
  );
  const rest = await client.listWorkerPoolsStats({ continuationToken: pools.continuationToken });
  assert.deepEqual(
    rest.workerPoolsStats.map(({ workerPoolId }) => workerPoolId),
    [fixed],
  );
  await assert.rejects(client.workerPool('proj/none'), { statusCode: 404, code: 'ResourceNotFound' });

  await world.deliver();
  const told = world.events.flatMap(({ exchange, payload }) => (payload.workerPoolId === pool ? [exchange] : []));
  assert.deepEqual(told, [
    'worker-pool-created',
    'launch-config-created',
    'worker-pool-created',
    'worker-pool-updated',
    'launch-config-updated',
    'launch-config-created',
    'worker-pool-updated',
    'launch-config-updated',
    'launch-config-updated',
    'worker-pool-updated',
    'launch-config-updated',
    'launch-config-archived',
  ]);
  const audited = world.logged('audit-event').filter(({ entityId }) => entityId === pool);
  assert.deepEqual(
    audited.map(({ action }) => action),
    ['created', 'created', 'updated', 'updated', 'updated'],
  );
  assert.ok(audited.every((entry) => entry['clientId'] === clientId));
}

/** Two machines, one of which the journey goes on with. */
async function seesMachinesCome({ world, client }: Journey): Promise<WorkerKey> {
  world.queue.createTasks(pool, { durationMs: minuteMs, count: 2 });
  await world.provision();
  const machines = world.ec2.instances().map(({ id }) => id);
  assert.equal(machines.length, 2);

  const { workers } = await client.listWorkersForWorkerPool(pool, { state: 'requested' });
  assert.deepEqual(workers.map(({ workerId }) => workerId).toSorted(), machines.toSorted());
  assert.deepEqual(await client.listWorkersForWorkerPool(pool, { state: 'running' }), { workers: [] });
  const [newest] = workers;
  assert.ok(newest !== undefined);
  const { workerGroup, workerId, launchConfigId = '', created } = newest;
  assert.deepEqual([workerGroup, created], [usWest, world.clock.now().toISOString()]);
  assert.deepEqual(await client.worker(pool, workerGroup, workerId), newest);
  assert.deepEqual((await client.listWorkersForWorkerPool(pool, { launchConfigId })).workers, workers);
  const first = await client.listWorkersForWorkerGroup(pool, usWest, { limit: 1 });
  const { continuationToken } = first;
  const second = await client.listWorkersForWorkerGroup(pool, usWest, { limit: 1, continuationToken });
  assert.deepEqual([...first.workers, ...second.workers], workers);
  assert.deepEqual(await client.listWorkersForWorkerGroup(pool, usEast), { workers: [] });

  const { requestedCount, currentCapacity } = await client.workerPool(pool);
  assert.deepEqual([requestedCount, currentCapacity], [2, 2]);
  const { launchConfigStats } = await client.workerPoolStats(pool);
  assert.deepEqual(
    launchConfigStats.map((item) => [item.launchConfigId, item.requestedCount]),
    [[launchConfigId, 2]],
  );
  const { workerPoolsStats } = await client.listWorkerPoolsStats();
  assert.deepEqual(
    workerPoolsStats.map((item) => [item.workerPoolId, item.requestedCount]),
    [
      [pool, 2],
      [fixed, 0],
    ],
  );
  return { workerPoolId: pool, workerGroup, workerId };
}

async function registers(
  { world, stranger, called }: Journey,
  { workerGroup, workerId }: WorkerKey,
): Promise<RegisteredWorker> {
  await world.clock.step(minuteMs);
  const { proof, rootUrl, ...identity } = await identityOf(world, workerId);
  assert.equal(rootUrl, world.service.url);
  const body = { ...identity, workerIdentityProof: proof, systemBootTime: world.clock.now() };
  const altered = { ...body, workerIdentityProof: { ...proof, document: `${proof['document']} ` } };
  await assert.rejects(stranger.registerWorker(altered), { statusCode: 400, code: 'InputError' });
  const registered = await stranger.registerWorker(body);
  const { expires, credentials } = registered;
  assert.equal(Date.parse(expires), world.clock.now().getTime() + 96 * 60 * minuteMs);
  assert.equal(credentials.clientId, `worker/aws-demo/${pool}/${workerGroup}/${workerId}`);
  await world.deliver();
  assert.equal(world.events.at(-1)?.exchange, 'worker-running');

  const itself = noting(aClient(world, { credentials }), called);
  const renewal = { workerPoolId: pool, workerGroup, workerId, secret: registered.secret };
  await world.clock.step(minuteMs);
  const renewed = await itself.reregisterWorker(renewal);
  assert.ok(renewed.expires > expires);
  assert.notEqual(renewed.secret, registered.secret);
  const wrong = { ...renewal, secret: 'x'.repeat(44) };
  await assert.rejects(itself.reregisterWorker(wrong), { statusCode: 400, code: 'InputError' });

  // Younger than the published client.
  const url = `${rootUrl}/api/worker-manager/v1/workers/${encodeURIComponent(pool)}/${workerGroup}/${workerId}/should-terminate`;
  const none = { status: 200, body: { terminate: false, reason: 'none' } };
  assert.deepEqual(await signedGet(url, renewed.credentials, world.clock), none);
  assert.equal((await rawGet(url)).status, 403);
  await world.retire();
  const needed = { status: 200, body: { terminate: false, reason: 'needed' } };
  assert.deepEqual(await signedGet(url, renewed.credentials, world.clock), needed);
  return { ...renewed, workerConfig: registered.workerConfig };
}

/** The worker reports, the client reads. */
async function reportsErrors(
  { world, client, called }: Journey,
  { workerGroup, workerId }: WorkerKey,
  credentials: Credentials,
): Promise<void> {
  const itself = noting(aClient(world, { credentials }), called);
  const report = {
    workerGroup,
    workerId,
    kind: 'disk',
    title: 'Disk Full',
    description: 'none left',
    extra: { code: 'X' },
  };
  const { errorId, ...reported } = await itself.reportWorkerError(pool, report);
  assert.deepEqual(reported.extra, { code: 'X', workerGroup, workerId });
  await assert.rejects(itself.reportWorkerError(pool, { ...report, workerId: 'other' }), {
    code: 'InsufficientScopes',
  });
  const { workerPoolErrors } = await client.listWorkerPoolErrors(pool, { errorId });
  assert.deepEqual(workerPoolErrors, [{ ...reported, errorId }]);
  const { totals } = await client.workerPoolErrorStats({ workerPoolId: pool });
  assert.deepEqual([totals.total, totals.title, totals.code], [1, { 'Disk Full': 1 }, { X: 1 }]);
  assert.deepEqual(totals.launchConfig, { [reported.launchConfigId ?? '']: 1 });
}

async function seesWorkersOfTheQueue({ world, client }: Journey, { workerGroup, workerId }: WorkerKey): Promise<void> {
  assert.deepEqual(await client.listWorkers('proj', 'cloud'), { workers: [] });
  world.queue.state.claimWork(pool, { workerGroup, workerId }, 1);
  const { workers } = await client.listWorkers('proj', 'cloud', { workerState: 'running', quarantined: false });
  const [seen] = workers;
  assert.deepEqual([seen?.workerId, seen?.providerId, seen?.latestTask?.runId], [workerId, 'aws-demo', 0]);
  const full = await client.getWorker('proj', 'cloud', workerGroup, workerId);
  assert.deepEqual([full.state, full.recentTasks.length, full.quarantineDetails], ['running', 1, []]);
  await assert.rejects(client.getWorker('proj', 'cloud', workerGroup, 'none'), { statusCode: 404 });
}

async function removes({ world, client }: Journey, { workerGroup, workerId }: WorkerKey): Promise<void> {
  const stateOf = (): string | undefined => world.ec2.instances().find(({ id }) => id === workerId)?.state;
  assert.deepEqual(await client.removeWorker(pool, workerGroup, workerId), {});
  assert.equal((await client.worker(pool, workerGroup, workerId)).state, 'stopping');
  assert.deepEqual(await client.removeWorker(pool, workerGroup, workerId), {}, 'it may be repeated');
  assert.equal(stateOf(), 'running');
  await world.advance();
  assert.equal(stateOf(), 'shutting-down');
  await world.clock.step(minuteMs);
  await world.advance();
  assert.equal((await client.worker(pool, workerGroup, workerId)).state, 'stopped');
  await world.deliver();
  const ends = world.events.filter(({ payload }) => 'workerId' in payload && payload.workerId === workerId);
  assert.deepEqual(
    ends.map(({ exchange }) => exchange),
    ['worker-requested', 'worker-running', 'worker-pool-error', 'worker-removed', 'worker-stopped'],
  );
}

async function declaresWorkers({ world, client, stranger }: Journey): Promise<void> {
  const inADay = new Date(world.clock.now().getTime() + 24 * 60 * minuteMs).toISOString();
  const declaration = { expires: inADay, capacity: 2, providerInfo: { staticSecret } };
  const declared = await client.createWorker(fixed, 'desk', 'mac-1', declaration);
  assert.deepEqual([declared.state, declared.capacity, declared.expires], ['running', 2, inADay]);
  assert.deepEqual(await client.createWorker(fixed, 'desk', 'mac-1', declaration), declared);
  const conflict = { statusCode: 409, code: 'RequestConflict' };
  await assert.rejects(client.createWorker(fixed, 'desk', 'mac-1', { ...declaration, capacity: 3 }), conflict);
  const updated = await client.updateWorker(fixed, 'desk', 'mac-1', { expires: inADay, capacity: 4 });
  assert.deepEqual(await client.worker(fixed, 'desk', 'mac-1'), updated);
  assert.equal(updated.capacity, 4);

  const name = { workerPoolId: fixed, providerId: 'static-demo', workerGroup: 'desk', workerId: 'mac-1' };
  const { workerConfig, credentials } = await stranger.registerWorker({
    ...name,
    workerIdentityProof: { staticSecret },
  });
  assert.deepEqual(workerConfig, {});
  assert.deepEqual(await aClient(world, { credentials }).removeWorker(fixed, 'desk', 'mac-1'), {});
  assert.equal((await client.worker(fixed, 'desk', 'mac-1')).state, 'stopped');
}

async function deletes({ world, client }: Journey): Promise<void> {
  const deleted = await client.deleteWorkerPool(fixed);
  assert.equal(deleted.providerId, 'null-provider');
  assert.equal((await client.deleteWorkerPool(fixed)).providerId, 'null-provider');
  assert.equal((await client.workerPool(fixed)).providerId, 'null-provider');
  await world.provision();
  await world.expire();
  await assert.rejects(client.workerPool(fixed), { statusCode: 404 });
}

test('a client that is generated from the reference we serve has shouldWorkerTerminate, too', async (t) => {
  const world = await aWorldOfToday(t);
  const rootUrl = world.service.url ?? '';
  const { body: reference } = await rawGet(`${rootUrl}/references/worker-manager/v1/api.json`);
  const Generated = taskcluster.createClient(reference as JsonObject, 'WorkerManager');
  const known = new Set<string>(knownMethods().map(({ entryReference }) => entryReference.name));
  const more = Object.values(Generated.prototype).flatMap(({ entryReference }) => entryReference?.name ?? []);
  assert.deepEqual(
    more.filter((name) => !known.has(name)),
    ['shouldWorkerTerminate'],
  );
  const client = new Generated({ rootUrl, credentials: admin, retries: 0 });
  await client['createWorkerPool']?.(fixed, aStaticPool());
  const expires = new Date(world.clock.now().getTime() + minuteMs);
  await client['createWorker']?.(fixed, 'desk', 'mac-1', { expires, providerInfo: { staticSecret } });
  const advice = await client['shouldWorkerTerminate']?.(fixed, 'desk', 'mac-1');
  assert.deepEqual(advice, { terminate: false, reason: 'none' });
});
