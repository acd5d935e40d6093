import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { segment } from '#demo/client.ts';
import { systemClock } from '#lib/clock.ts';
import { processesIn } from '#lib/processes.ts';
import { aDeployment, aPool, createPool } from '#test/deployment.ts';
import { eventually } from '#test/engines.ts';
import { aDirectory, endingOf, freePort, startProcess } from '#test/processes.ts';

const regions = ['us-east-1'];
const stopsWithinMs = 10_000;
const ended = { code: 0, signal: null };

// spec: provisioning 2.2
test('told to stop in the middle of a launch it ends within ten seconds, gives its leases back, and leaves the order to others', async (t) => {
  const deployment = await aDeployment(t, { regions });
  const { ec2, queue, store } = deployment;
  // At the usual pace: neither leases nor calls end by themselves before the stop does.
  const stopped = await deployment.start([], { PACE: { provisionEveryMs: 200, settleEveryMs: 500 } });
  await createPool(stopped.client, 'stop/linux', aPool({ maxCapacity: 3, regions }));
  ec2.faults.add({ kind: 'hang', action: 'RunInstances', when: 'after' });
  queue.createTasks('stop/linux', { durationMs: 60_000, count: 3 });
  await eventually('the launch is under way', () => ec2.counts.launched === 3);
  const toldAt = systemClock.now().getTime();
  stopped.kill('SIGTERM');
  assert.deepEqual(await stopped.ended, ended, stopped.stderr);
  assert.ok(systemClock.now().getTime() - toldAt < stopsWithinMs);
  const held = (await store.taskStatuses()).filter(({ leaseOwner }) => leaseOwner !== null);
  assert.deepEqual(held, []);
  assert.equal(await store.hasOpenOrder('stop/linux', 'aws-demo', 'us-east-1'), true);

  ec2.faults.clear();
  const next = await deployment.start();
  await eventually('the machines are adopted', async () => {
    const { requested = [] } = await deployment.states('stop/linux');
    return requested.length === 3;
  });
  assert.equal(ec2.counts.launched, 3);
  next.kill('SIGINT');
  assert.deepEqual(await next.ended, ended);
});

test('a second signal does not wait', async (t) => {
  const deployment = await aDeployment(t, { regions });
  const { ec2, queue } = deployment;
  const stopped = await deployment.start([], { PACE: { provisionEveryMs: 200, settleEveryMs: 500 } });
  await createPool(stopped.client, 'stop/linux', aPool({ maxCapacity: 3, regions }));
  ec2.faults.add({ kind: 'hang', action: 'RunInstances' });
  queue.createTasks('stop/linux', { durationMs: 60_000, count: 3 });
  await eventually('the launch is under way', () => (ec2.counts.outcomes['hang'] ?? 0) > 0);
  stopped.kill('SIGINT');
  await stopped.says(/SIGINT: stopping/);
  const toldAt = systemClock.now().getTime();
  stopped.kill('SIGINT');
  assert.deepEqual(await stopped.ended, { code: 1, signal: null });
  assert.ok(systemClock.now().getTime() - toldAt < 3_000);
});

test('the embedded database ends with the program, also when that is killed, and keeps what it was told', async (test) => {
  const t = endingOf(test);
  const directory = await aDirectory(t);
  const deployment = await aDeployment(t, { regions });
  const own = { DATABASE_URL: undefined, DB_CRYPTO_KEYS: undefined, DATA_DIRECTORY: directory };
  const postmasters = (): Promise<number[]> => processesIn(join(directory, 'postgres', 'cluster'), 'postgres');

  const killed = await deployment.start([], own);
  await createPool(killed.client, 'stop/kept', aPool({ maxCapacity: 3, regions }));
  assert.notDeepEqual(await postmasters(), []);
  killed.kill('SIGKILL');
  await killed.ended;
  await eventually('its database has ended', async () => (await postmasters()).length === 0);

  const next = await deployment.start([], own);
  const kept = await next.client.call('GET', `/worker-pool/${segment('stop/kept')}`);
  assert.equal((kept as { workerPoolId: string }).workerPoolId, 'stop/kept');
  const toldAt = systemClock.now().getTime();
  next.kill('SIGTERM');
  assert.deepEqual(await next.ended, ended, next.stderr);
  assert.ok(systemClock.now().getTime() - toldAt < stopsWithinMs);
  assert.deepEqual(await postmasters(), []);
});

test('a job does its work once and ends, beside the processes that run on', async (test) => {
  const t = endingOf(test);
  const deployment = await aDeployment(t, { regions });
  const job = await startProcess(t, { words: ['expire-errors'], settings: deployment.settings(await freePort()) });
  assert.deepEqual(await job.ended, ended, job.stderr);
  const entries = job.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { Type: string; Fields: unknown });
  assert.deepEqual(
    entries.filter(({ Type }) => Type === 'expired').map(({ Fields }) => Fields),
    [{ v: 1, sort: 'errors', count: 0 }],
  );
});
