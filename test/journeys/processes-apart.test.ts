import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerKey } from '#core/worker.ts';
import { segment } from '#demo/client.ts';
import { systemClock } from '#lib/clock.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { aDeployment, aPool, createPool } from '#test/deployment.ts';
import type { Deployment } from '#test/deployment.ts';
import { eventually } from '#test/engines.ts';

const workerPoolId = 'apart/busy';
const region = 'us-east-1';
const size = 1_000;

async function count({ store }: Deployment, state: 'requested' | 'running' | 'stopped'): Promise<number> {
  return (await store.poolCounts([workerPoolId])).get(workerPoolId)?.[state].count ?? 0;
}

/** Registers all requested workers, without the work of a thousand proofs. */
async function registerAll({ store }: Deployment, workers: readonly WorkerKey[]): Promise<void> {
  const now = systemClock.now();
  const terminateAfter = new Date(now.getTime() + 86_400_000);
  const grant = { isRepeat: false, terminateAfter, secret: { kid: 'test', hash: 'of nobody' } };
  await mapConcurrently(workers, 10, async (worker) => store.register(worker, grant, now));
}

// spec: api 10.2, P-02
test('server, provisioner and scanner work apart on one database: beside 1,000 idle workers a removed one is ended at the cloud within a second', async (t) => {
  const deployment = await aDeployment(t, { regions: [region], dials: { bootMs: [0, 0], shutDownMs: [200, 400] } });
  const { ec2, queue } = deployment;
  const [server, ...others] = await Promise.all([
    deployment.start(['server']),
    deployment.start(['provisioner']),
    deployment.start(['scanner']),
  ]);
  await createPool(server.client, workerPoolId, aPool({ maxCapacity: size, regions: [region] }));
  queue.createTasks(workerPoolId, { durationMs: 60_000, count: size });
  await eventually('all are requested', async () => (await count(deployment, 'requested')) === size);
  const { requested = [] } = await deployment.states(workerPoolId);
  await registerAll(deployment, requested);
  assert.equal(await count(deployment, 'running'), size);

  for (const { workerGroup, workerId } of requested.slice(0, 8)) {
    const path = `/workers/${segment(workerPoolId)}/${workerGroup}/${workerId}`;
    await server.client.call('DELETE', path);
    const answeredAt = systemClock.now().getTime();
    const isEnd = ({ action, instanceIds }: (typeof ec2.logbook)[number]): boolean =>
      action === 'TerminateInstances' && instanceIds.includes(workerId);
    await eventually('the call', () => ec2.logbook.some(isEnd));
    const waitedMs = ec2.logbook.find(isEnd)!.at.getTime() - answeredAt;
    assert.ok(waitedMs <= 1_000, `TerminateInstances came ${waitedMs} ms after the answer`);
  }
  await eventually('they are seen to be gone', async () => (await count(deployment, 'stopped')) >= 8);
  for (const each of [server, ...others]) {
    each.kill('SIGTERM');
    assert.deepEqual(await each.ended, { code: 0, signal: null });
  }
});
