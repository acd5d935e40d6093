import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError } from '#lib/http-client.ts';
import { ApiClient, segment } from '#demo/client.ts';
import { SteppedClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { startEc2 } from '#simulators/ec2/server.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import { readConfig } from '#src/config.ts';
import { createService } from '#src/service.ts';
import type { Service } from '#src/service.ts';
import { testDatabase } from '#test/database.ts';
import { aPool } from '#test/deployment.ts';
import { eventually, stepUntil } from '#test/engines.ts';
import { endingOf, freePort } from '#test/processes.ts';

const admin = { clientId: 'test/admin', accessToken: 'access-token-of-the-test-administrator', scopes: ['*'] };

// spec: api 10.3, provisioning 10.3, E68, P-51
test('a provider whose set-up fails refuses with its reason while the rest works, and is used as soon as its set-up succeeds', async (test) => {
  const t = endingOf(test);
  const clock = new SteppedClock(new Date('2026-03-01T12:00:00.000Z'));
  const { url } = await testDatabase(t);
  const ec2 = await startEc2({ clock, random: seededRandom(1), dials: { isThrottling: false } });
  t.after(() => ec2.close());
  const queue = await startQueueSimulator({ clock });
  t.after(() => queue.close());
  const [port, deadPort] = [await freePort(), await freePort()];
  const awsAt = (endpoint: string): Record<string, unknown> => ({
    providerType: 'aws',
    credentials: { accessKeyId: 'TEST', secretAccessKey: 'test' },
    endpoint,
  });
  const config = readConfig({
    TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${port}`,
    TASKCLUSTER_CLIENT_ID: 'static/taskcluster/worker-manager',
    TASKCLUSTER_ACCESS_TOKEN: 'access-token-of-the-service-itself',
    QUEUE_ROOT_URL: queue.url,
    HOST: '127.0.0.1',
    PORT: port,
    DATABASE_URL: url,
    DB_CRYPTO_KEYS: [{ id: 'test', algo: 'aes-256', key: Buffer.alloc(32, 'test').toString('base64') }],
    LOCAL_CLIENTS: [admin],
    PROVIDERS: { down: awsAt(`http://127.0.0.1:${deadPort}`), up: awsAt(ec2.url) },
  });
  let service: Service | undefined;
  const starting = createService(config, {
    processes: new Set(['server', 'provisioner', 'scanner']),
    lines: { write: () => undefined },
    clock,
    random: seededRandom(1),
  });
  t.after(async () => {
    let isStopped = false;
    void starting.then((started) => started.stop()).finally(() => (isStopped = true));
    await stepUntil(clock, 'the stop', () => isStopped);
  });
  starting.then(
    (started) => (service = started),
    () => undefined,
  );
  await stepUntil(clock, 'the start', () => service !== undefined);
  const { providers, store } = await starting;
  const client = new ApiClient(`http://127.0.0.1:${port}`, admin, clock);
  const pool = (providerId: string) => ({ ...aPool({ maxCapacity: 2, regions: ['us-east-1'] }), providerId });
  const create = (name: string): Promise<unknown> =>
    client.call('PUT', `/worker-pool/${segment(`test/${name}`)}`, pool(name));

  assert.match(providers.get('down')?.unavailable ?? '', /ECONNREFUSED/);
  await assert.rejects(create('down'), (error) => error instanceof HttpError && error.status === 503);
  await create('up');
  queue.createTasks('test/up', { durationMs: 60_000, count: 2 });
  const requested = async (name: string): Promise<number> =>
    (await store.poolCounts([`test/${name}`])).get(`test/${name}`)?.requested.count ?? 0;
  await stepUntil(clock, 'the other provider launches', async () => (await requested('up')) === 2);

  const late = await startEc2({ clock, random: seededRandom(2), port: deadPort, dials: { isThrottling: false } });
  t.after(() => late.close());
  const waitedMs = await stepUntil(clock, 'it is set up', () => providers.get('down')?.unavailable === null, 1_000);
  assert.ok(waitedMs <= 61_000, `${waitedMs}`);
  await eventually('a pool of it can be made', () =>
    create('down').then(
      () => true,
      () => false,
    ),
  );
  queue.createTasks('test/down', { durationMs: 60_000, count: 1 });
  await stepUntil(clock, 'it launches', async () => (await requested('down')) === 1, 1_000);
  const scopes = await store.taskKeys('observe');
  assert.ok(
    scopes.some((key) => key.startsWith('down/')),
    'it is observed',
  );
});
