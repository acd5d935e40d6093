import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute } from '@googleapis/compute';
import { decodeJwt } from 'jose';
import { aWorld, minuteMs, poolId } from '#simulators/worker/worker-fixture.ts';
import { clientConfig, plainInstance, rigGce, zone } from './rig.ts';

/** The group for which the fixture's worker manager gives credentials. */
const workerGroup = 'us-east-1';

async function rig(t: TestContext, count = 1) {
  const world = await aWorld(t);
  const { gce } = await rigGce(t, { clock: world.clock });
  const client = compute(clientConfig(gce));
  const told = { rootUrl: world.rootUrl, providerId: 'google', workerPoolId: poolId, workerGroup };
  const insert = async (name: string) =>
    (
      await client.instances.insert({
        project: gce.project,
        zone,
        requestBody: {
          ...plainInstance(name),
          scheduling: { provisioningModel: 'SPOT' },
          serviceAccounts: [{ email: 'default' }],
          metadata: { items: [{ key: 'taskcluster', value: JSON.stringify(told) }] },
        },
      })
    ).data.targetId ?? '';
  const ids = [];
  for (let number = 0; number < count; number++) {
    ids.push(await insert(`worker-${number}`));
  }
  return { world, gce, ids, workers: world.workersWith({ parks: [gce.park] }) };
}

// spec: provisioning 11.1, 11.2, 11.3
test('simulated workers run on its machines: they register with their token when they are up, and work', async (t) => {
  const { world, gce, ids, workers } = await rig(t, 3);
  world.queue.createTasks(poolId, { durationMs: 30_000, count: 3 });
  await world.pass(workers, 29_000);
  assert.equal(workers.counters.registered, 0, 'none is up yet');
  await world.clock.step(1_000);
  await world.pass(workers, minuteMs);
  assert.equal(workers.counters.registered, 3);
  assert.equal(workers.counters.tasksDone, 3);
  const [registration] = world.manager.registrations;
  const { workerIdentityProof, ...rest } = registration ?? {};
  assert.deepEqual(rest, {
    workerPoolId: poolId,
    providerId: 'google',
    workerGroup,
    workerId: ids.find((id) => id === rest['workerId']),
    systemBootTime: '2026-03-01T12:00:30.000Z',
  });
  const { token } = workerIdentityProof as { token: string };
  assert.deepEqual([decodeJwt(token).aud, decodeJwt(token).sub], [world.rootUrl, gce.accounts[0]?.uniqueId]);
});

// spec: provisioning 11.5
test('a worker whose machine is preempted gives its task back in the time it has', async (t) => {
  const { world, gce, ids, workers } = await rig(t);
  world.queue.createTasks(poolId, { durationMs: 60 * minuteMs });
  await world.clock.step(30_000);
  await world.pass(workers, minuteMs);
  assert.equal(world.queue.counts(poolId).claimedTasks, 1);
  gce.steering.preempt(ids[0] ?? '');
  await world.pass(workers, 20_000);
  assert.deepEqual([workers.counters.interrupted, workers.counters.tasksGivenBack], [1, 1]);
  await world.pass(workers, 10_000);
  assert.deepEqual([gce.instances()[0]?.status, workers.count], ['TERMINATED', 0]);
});

test('a machine whose worker crashes ends, and stays until it is deleted', async (t) => {
  const { world, gce, ids, workers } = await rig(t);
  gce.steering.setFate(ids[0] ?? '', 'crashes-while-working');
  world.queue.createTasks(poolId, { durationMs: 60 * minuteMs });
  await world.clock.step(30_000);
  await world.pass(workers, 60 * minuteMs);
  assert.deepEqual([workers.counters.crashed, gce.instances()[0]?.status], [1, 'TERMINATED']);
});
