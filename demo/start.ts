import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '#src/config.ts';
import { createService } from '#src/service.ts';
import type { Service } from '#src/service.ts';
import { processNames } from '#src/processes.ts';
import { HttpError } from '#lib/http-client.ts';
import { systemClock } from '#lib/clock.ts';
import { every } from '#lib/every.ts';
import { WaveDemand, runDemand } from '#simulators/queue/demand.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import { StaticMachine } from '#simulators/worker/static-machine.ts';
import { SimulatedWorkers } from '#simulators/worker/workers.ts';
import { ApiClient, segment } from './client.ts';
import { startClouds } from './clouds.ts';
import type { DemoCloud } from './clouds.ts';
import { examplePools } from './pools.ts';
import { noticesFor } from './queue-notices.ts';
import { poolLines, renderTable } from './table.ts';

/** The demonstration while it runs. */
export interface Demo {
  service: Service;
  stop(): Promise<void>;
}

/** Who may do everything here. The token is no secret: it opens a service on simulated clouds, on this machine only. */
const admin = { clientId: 'demo/admin', accessToken: 'demo-access-token-of-nobody-in-particular', scopes: ['*'] };
const own = { clientId: 'static/taskcluster/worker-manager', accessToken: 'demo-access-token-of-the-service-itself' };
const staticSecret = 'demoStaticSecretOfTwoMachinesUnderADesk00000';
const staticMachines = ['mac-1', 'mac-2'];
const metalPool = 'demo-metal/mac';
const host = '127.0.0.1';
const tableEveryMs = 1_000;
const curlSeconds = 3_600;

/** Starts everything on this machine: embedded database, simulated clouds and queue, the service, example pools, and a demand that rises and falls. */
export async function startDemo(env: NodeJS.ProcessEnv = process.env): Promise<Demo> {
  const stack = new AsyncDisposableStack();
  try {
    const directory = env['DATA_DIRECTORY'] ?? '.data/demo';
    mkdirSync(directory, { recursive: true });
    const clouds = await startClouds(stack);
    const clients = new Map([admin, { ...own, scopes: ['*'] }].map((client) => [client.clientId, client]));
    const queue = await startQueueSimulator({ clock: systemClock, clients: (clientId) => clients.get(clientId) });
    stack.defer(() => queue.close());
    const service = await startService({ env, directory, clouds, queue });
    stack.defer(() => service.stop());
    await fill(service, { clouds, queue }, stack);
    return { service, stop: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startService(parts: {
  env: NodeJS.ProcessEnv;
  directory: string;
  clouds: readonly DemoCloud[];
  queue: QueueSimulator;
}): Promise<Service> {
  const { env, directory, clouds, queue } = parts;
  const config = readConfig({
    TASKCLUSTER_ROOT_URL: `http://${host}`,
    TASKCLUSTER_CLIENT_ID: own.clientId,
    TASKCLUSTER_ACCESS_TOKEN: own.accessToken,
    QUEUE_ROOT_URL: queue.url,
    HOST: host,
    PORT: env['PORT'] ?? 8080,
    DATA_DIRECTORY: directory,
    ...(env['DATABASE_URL'] === undefined ? {} : { DATABASE_URL: env['DATABASE_URL'], DB_CRYPTO_KEYS: demoKeys }),
    LOCAL_CLIENTS: [admin],
    LEVEL: env['LEVEL'] ?? 'notice',
    PACE: { provisionEveryMs: 2_000, observeEveryMs: 5_000, retireEveryMs: 5_000, firstLookAfterMs: 3_000 },
    PROVIDERS: {
      ...Object.fromEntries(clouds.map(({ providerId, settings }) => [providerId, settings])),
      'static-demo': { providerType: 'static' },
    },
  });
  const log = createWriteStream(join(directory, 'worker-manager.log'), { flags: 'a' });
  const rootUrl = `http://${host}:${config.listen.port}`;
  return createService(
    { ...config, rootUrl },
    {
      processes: new Set(processNames),
      lines: { write: (line) => void log.write(line) },
      sink: noticesFor(queue),
    },
  );
}

/** Seals the secrets of a database that outlives the demonstration: known to everybody, like everything in it. */
const demoKeys = [{ id: 'demo', algo: 'aes-256', key: Buffer.alloc(32, 'demo').toString('base64') }];

/** What is asked of the example pools: it rises and falls. */
const waves = [
  {
    taskQueueId: 'demo-linux/build',
    tasksPerHour: 3_600,
    periodMs: 180_000,
    swing: 1,
    noise: 0.3,
    durationMs: { min: 10_000, max: 40_000 },
  },
  {
    taskQueueId: 'demo-google/build',
    tasksPerHour: 1_800,
    periodMs: 120_000,
    swing: 1,
    noise: 0.2,
    durationMs: { min: 10_000, max: 30_000 },
  },
  {
    taskQueueId: 'demo-azure/linux',
    tasksPerHour: 900,
    periodMs: 150_000,
    swing: 1,
    durationMs: { min: 10_000, max: 30_000 },
  },
  {
    taskQueueId: 'demo-azure/windows',
    tasksPerHour: 450,
    periodMs: 120_000,
    swing: 1,
    durationMs: { min: 15_000, max: 40_000 },
  },
  {
    taskQueueId: 'demo-linux/decision',
    tasksPerHour: 900,
    periodMs: 60_000,
    swing: 0.8,
    durationMs: { min: 2_000, max: 8_000 },
  },
  {
    taskQueueId: metalPool,
    tasksPerHour: 240,
    periodMs: 60_000,
    swing: 0.5,
    durationMs: { min: 5_000, max: 20_000 },
  },
];

/** Pools, static workers, tasks, the programs on the machines, and the table. */
async function fill(
  service: Service,
  { clouds, queue }: { clouds: readonly DemoCloud[]; queue: QueueSimulator },
  stack: AsyncDisposableStack,
): Promise<void> {
  const rootUrl = service.url ?? '';
  const client = new ApiClient(rootUrl, admin, systemClock);
  for (const { workerPoolId, body } of examplePools()) await createOrUpdate(client, workerPoolId, body);
  const metal = await Promise.all(staticMachines.map((workerId) => declare(client, rootUrl, workerId)));

  const ended = new AbortController();
  const workers = new SimulatedWorkers({
    clock: systemClock,
    parks: clouds.map(({ park }) => park),
    staticMachines: metal,
    queueUrl: queue.url,
    claimIntervalMs: 3_000,
  });
  const demand = new WaveDemand({
    clock: systemClock,
    tasks: queue,
    waves,
  });
  const running = [
    workers.run(ended.signal),
    runDemand([demand], systemClock, ended.signal),
    show(service, client, { clouds, queue }, ended.signal),
  ];
  stack.defer(async () => {
    ended.abort();
    await Promise.allSettled(running);
    workers.close();
  });
}

/** A second start finds the pools of the first: the same definition again, also when an example has changed since. */
async function createOrUpdate(client: ApiClient, workerPoolId: string, body: unknown): Promise<void> {
  const path = `/worker-pool/${segment(workerPoolId)}`;
  try {
    await client.call('PUT', path, body);
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 409) throw error;
    await client.call('POST', path, body);
  }
}

async function declare(client: ApiClient, rootUrl: string, workerId: string): Promise<StaticMachine> {
  const [workerGroup, providerId] = ['desk', 'static-demo'];
  const expires = new Date(systemClock.now().getTime() + 365 * 86_400_000);
  const path = `/workers/${segment(metalPool)}/${workerGroup}/${workerId}`;
  const body = { expires, capacity: 1, providerInfo: { staticSecret } };
  try {
    await client.call('PUT', path, body);
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 409) throw error;
    await client.call('POST', path, body);
  }
  const workerPoolId = metalPool;
  return new StaticMachine({
    rootUrl,
    providerId,
    workerPoolId,
    workerGroup,
    workerId,
    staticSecret,
    bootedAt: systemClock.now(),
  });
}

/** Says where to look; then, on a terminal, shows the pools until the end. */
async function show(
  service: Service,
  client: ApiClient,
  { clouds, queue }: { clouds: readonly DemoCloud[]; queue: QueueSimulator },
  signal: AbortSignal,
): Promise<void> {
  const where = [
    `worker-manager on simulated clouds. Ctrl-C stops everything.`,
    ``,
    `  API    ${service.url ?? ''}/api/worker-manager/v1/ping`,
    ...clouds.map(({ name, url }) => `  ${name.padEnd(6)} ${url}/_sim/`),
    `  queue  ${queue.url}/_sim/state`,
    ``,
    `Ask it something (the URL carries its own signature, good for an hour):`,
    ``,
    `  curl '${client.signedUrl('/worker-pools', curlSeconds)}'`,
    ``,
  ].join('\n');
  process.stdout.write(`${where}\n`);
  if (!process.stdout.isTTY) return;
  const onError = (): void => undefined;
  await every({ clock: systemClock, intervalMs: tableEveryMs, signal, onError }, async () => {
    const table = renderTable(await poolLines(service.store), process.stdout.columns);
    // Home, the text, and nothing below it: repainting without flicker.
    process.stdout.write(`\u001B[H\u001B[J${where}\n${table}\n`);
  });
}
