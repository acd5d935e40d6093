// spec: api 1.6, 8.1, 8.3, 9.3, E13, W2, W8
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangePrefix, exchanges } from '#contract/exchanges.ts';
import { segment } from '#demo/client.ts';
import type { ApiClient } from '#demo/client.ts';
import { systemClock } from '#lib/clock.ts';
import { aDeployment } from '#test/deployment.ts';
import { endingOf, freePort } from '#test/processes.ts';
import { noRabbitmq, startRabbitmq } from '#test/rabbitmq.ts';
import { boundQueue } from '#test/rabbitmq-queue.ts';
import { aStaticPool } from './a-pool.ts';

const poolsAtOnce = 8;
const hourMs = 3_600_000;

/** Pools with one declared worker each, from its registration to its removal, through the API alone. */
async function poolsLiveAndDie(client: ApiClient, prefix: string): Promise<string[]> {
  const ids = Array.from({ length: poolsAtOnce }, (_, index) => `proj/${prefix}-${index}`);
  await Promise.all(ids.map((id) => poolLivesAndDies(client, id)));
  return ids;
}

async function poolLivesAndDies(client: ApiClient, workerPoolId: string): Promise<void> {
  const staticSecret = 's'.repeat(44);
  const worker = `/workers/${segment(workerPoolId)}/desk/mac-1`;
  await client.call('PUT', `/worker-pool/${segment(workerPoolId)}`, aStaticPool());
  const expires = new Date(systemClock.now().getTime() + hourMs).toISOString();
  await client.call('PUT', worker, { expires, providerInfo: { staticSecret } });
  const name = { workerPoolId, providerId: 'static-demo', workerGroup: 'desk', workerId: 'mac-1' };
  await client.call('POST', '/worker/register', { ...name, workerIdentityProof: { staticSecret } });
  await client.call('DELETE', worker);
  await client.call('DELETE', `/worker-pool/${segment(workerPoolId)}`);
}

/** What is told of one such pool, in order. */
const told = ['worker-pool-created', 'worker-pool-updated'];
const toldOfWorker = ['worker-running', 'worker-removed', 'worker-stopped'];

/** Waits for what another process is about to do. @throws when it does not come. */
async function until(what: string, isReached: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await isReached()); turn += 1) {
    if (turn === 600) throw new Error(`did not happen: ${what}`);
    await systemClock.sleep(100);
  }
}

test(
  'a service whose broker is killed goes on, says so, and tells everything when the broker is back',
  { skip: noRabbitmq },
  async (test) => {
    const t = endingOf(test);
    const broker = await startRabbitmq();
    t.after(() => broker.stop());
    const { hostname, port, username, password, vhost } = broker.address;
    const deployment = await aDeployment(t, { regions: ['us-west-2'] });
    const metricsPort = await freePort();
    const service = await deployment.start([], {
      PULSE_HOSTNAME: hostname,
      PULSE_PORT: port,
      PULSE_USERNAME: username,
      PULSE_PASSWORD: password,
      PULSE_VHOST: vhost,
      PULSE_AMQPS: false,
      PROVIDERS: { 'static-demo': { providerType: 'static' } },
      PROMETHEUS_CONFIG: { server: { port: metricsPort } },
      PACE: { deliverEveryMs: 100, leaseMs: 1_500 },
    });
    const { client } = service;
    const heartbeat = async (): Promise<boolean> =>
      await client.call('GET', '/__heartbeat__').then(
        () => true,
        () => false,
      );
    const waiting = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      return Number(/^worker_manager_outbox_waiting (\d+)$/m.exec(text)?.[1] ?? -1);
    };
    await until('the exchanges are there', heartbeat);
    const queue = await boundQueue(
      broker,
      Object.keys(exchanges).map((name) => exchangePrefix + name),
    );

    const ids = await poolsLiveAndDie(client, 'before');
    await broker.kill();
    ids.push(...(await poolsLiveAndDie(client, 'while-away')));
    assert.equal(await heartbeat(), false);
    await until('the metrics say how much waits', async () => (await waiting()) >= poolsAtOnce * 5);
    await broker.start();
    ids.push(...(await poolsLiveAndDie(client, 'after')));
    await until('all has left', async () => (await deployment.store.backlog()).count === 0);
    await until('the heartbeat is back', heartbeat);

    const received = await queue.receive();
    for (const id of ids) {
      const ofPool = received.filter(({ body }) => (body as { workerPoolId: string }).workerPoolId === id);
      // At least once each; in order is what comes for the first time.
      const names = [...new Set(ofPool.map(({ exchange }) => exchange.slice(exchangePrefix.length)))];
      assert.deepEqual(
        names.filter((name) => told.includes(name)),
        told,
        id,
      );
      assert.deepEqual(
        names.filter((name) => toldOfWorker.includes(name)),
        toldOfWorker,
        id,
      );
    }
  },
);
