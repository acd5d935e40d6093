import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { clientConfig, plainInstance, rigGce, zone } from './rig.ts';
import type { GceOptions } from './server.ts';

async function rig(t: TestContext, options?: GceOptions) {
  const { gce, clock } = await rigGce(t, options);
  const client = compute(clientConfig(gce));
  const place = { project: gce.project, zone };
  const insert = async (name = 'worker-1', scheduling?: compute_v1.Schema$Scheduling) => {
    const requestBody = { ...plainInstance(name), ...(scheduling === undefined ? {} : { scheduling }) };
    return (await client.instances.insert({ ...place, requestBody })).data.targetId ?? '';
  };
  const events = async () =>
    ((await client.zoneOperations.list({ ...place, filter: 'user=system' })).data.items ?? []).map(
      ({ operationType, targetId, status }) => ({ operationType, targetId, status }),
    );
  const status = (name = 'worker-1') => gce.instances().find((instance) => instance.name === name)?.status ?? 'GONE';
  return { gce, clock, client, place, insert, events, status };
}

const spot: compute_v1.Schema$Scheduling = { provisioningModel: 'SPOT' };

test('a machine is up when its guest has booted, and not before', async (t) => {
  const { gce, clock, insert } = await rig(t);
  const id = await insert();
  const [machine] = gce.park.machines();
  assert.deepEqual([machine?.id, machine?.cloud, machine?.isUp], [id, 'google', false]);
  await clock.step(29_999);
  assert.equal(machine?.isUp, false);
  await clock.step(1);
  assert.equal(machine.isUp, true);
  assert.equal(machine.bootedAt.toISOString(), '2026-03-01T12:00:30.000Z');
  assert.equal(gce.park.machines()[0], machine, 'one machine per instance');
});

test('without any delays an instance is up as soon as it is inserted, and gone as soon as it is deleted', async (t) => {
  const none = [0, 0] as const;
  const { gce, client, place, insert, status } = await rig(t, {
    dials: { pendingMs: none, provisionMs: none, stageMs: none, bootMs: none, failMs: none, deleteMs: none },
  });
  const { data } = await client.instances.insert({ ...place, requestBody: plainInstance('worker-1') });
  assert.deepEqual([data.status, status(), gce.park.machines()[0]?.isUp], ['DONE', 'RUNNING', true]);
  await client.instances.delete({ ...place, instance: 'worker-1' });
  assert.equal(status(), 'GONE');
  gce.faults.add({ kind: 'stock', zone, available: 0 });
  await insert();
  assert.equal(status(), 'GONE');
});

test('a preempted instance is stopping for its notice, then terminated, and the system says so', async (t) => {
  const { gce, clock, insert, events, status } = await rig(t, {
    dials: { preempted: 1, preemptedAfterMs: [60_000, 60_000] },
  });
  const id = await insert('worker-1', spot);
  await insert('other');
  const machine = gce.park.machines().find((candidate) => candidate.id === id);
  await clock.step(59_999);
  assert.deepEqual([status(), machine?.isUp, await events()], ['RUNNING', true, []]);
  await clock.step(1);
  assert.deepEqual([status(), machine?.isUp], ['STOPPING', true]);
  assert.deepEqual(await events(), [{ operationType: 'compute.instances.preempted', targetId: id, status: 'DONE' }]);
  await clock.step(30_000);
  assert.deepEqual([status(), machine?.isUp, status('other')], ['TERMINATED', false, 'RUNNING']);
  assert.ok(!gce.park.machines().some((candidate) => candidate.id === id));
});

test('a preempted instance that is to be deleted is gone after its notice', async (t) => {
  const { gce, clock, insert, status } = await rig(t);
  const id = await insert('worker-1', { ...spot, instanceTerminationAction: 'DELETE' });
  await clock.step(60_000);
  gce.steering.preempt(id);
  assert.equal(status(), 'STOPPING');
  await clock.step(30_000);
  assert.equal(status(), 'GONE');
});

test('only spot instances are preempted', async (t) => {
  const { gce, insert } = await rig(t, { dials: { preempted: 1 } });
  const id = await insert();
  assert.throws(() => gce.steering.preempt(id), TypeError);
});

test('what was planned for an instance does not happen after its end, nor is it told', async (t) => {
  const { client, place, clock, insert, events, status } = await rig(t, {
    dials: { preempted: 1, preemptedAfterMs: [60_000, 60_000] },
  });
  await insert('worker-1', spot);
  await clock.step(10_000);
  await client.instances.delete({ ...place, instance: 'worker-1' });
  await clock.step(120_000);
  assert.deepEqual([status(), await events()], ['GONE', []]);
});

test('a machine that shuts itself down stays, terminated, until it is deleted', async (t) => {
  const { gce, clock, insert, events, status, client, place } = await rig(t);
  const id = await insert();
  await clock.step(30_000);
  gce.park.machines()[0]?.powerOff();
  assert.equal(status(), 'STOPPING');
  assert.equal(gce.park.machines()[0]?.isUp, false);
  await clock.step(3_600_000);
  assert.equal(status(), 'TERMINATED');
  assert.deepEqual(await events(), [
    { operationType: 'compute.instances.guestTerminate', targetId: id, status: 'DONE' },
  ]);
  await client.instances.delete({ ...place, instance: id });
  await clock.step(20_000);
  assert.equal(status(), 'GONE');
});

test('some machines end by themselves', async (t) => {
  const { clock, insert, status } = await rig(t, { dials: { endsByItself: 1, endsByItselfAfterMs: [60_000, 60_000] } });
  await insert();
  await clock.step(90_000);
  assert.equal(status(), 'STOPPING');
  await clock.step(10_000);
  assert.equal(status(), 'TERMINATED');
});

test('after a failure of its host an instance ends, or is repaired where it may restart', async (t) => {
  const { gce, clock, insert, events, status } = await rig(t, { dials: { hostError: 1, hostErrorAfterMs: [0, 0] } });
  await insert('worker-1', { automaticRestart: false });
  await insert('other');
  await clock.step(30_000);
  assert.deepEqual([status(), status('other')], ['TERMINATED', 'REPAIRING']);
  assert.equal((await events()).length, 2);
  await clock.step(10_000);
  assert.equal(status('other'), 'RUNNING');
  const [machine] = gce.park.machines();
  assert.equal(machine?.isUp, false, 'it boots again');
  await clock.step(25_000);
  assert.equal(machine.isUp, true);
  assert.equal(machine.bootedAt.toISOString(), '2026-03-01T12:01:05.000Z');
});

test('chance decides which machines register and which crash', async (t) => {
  const { gce, insert } = await rig(t, { dials: { neverRegisters: 0.5, crashesWhileWorking: 0.5 } });
  for (let number = 0; number < 40; number++) {
    await insert(`worker-${number}`);
  }
  assert.deepEqual(
    new Set(gce.park.machines().map(({ fate }) => fate)),
    new Set(['works', 'never-registers', 'crashes-while-working']),
  );
});

test('instances can be stopped, started, suspended, repaired, failed, deleted and made to vanish', async (t) => {
  const { gce, clock, insert, status, client, place } = await rig(t);
  const id = await insert();
  await clock.step(30_000);
  const { steering } = gce;
  const course: string[] = [];
  const note = async (deed: () => void, afterMs = 0) => {
    deed();
    course.push(status());
    await clock.step(afterMs);
    course.push(status());
  };
  await note(() => steering.stop(id), 10_000);
  await note(() => steering.start(id), 3_000);
  await note(() => steering.suspend(id), 10_000);
  await note(() => steering.start(id), 3_000);
  await note(() => steering.repair(id), 3_600_000);
  await note(() => steering.fail(id), 10_000);
  steering.showStatus(id, 'MIGRATING');
  assert.equal((await client.instances.get({ ...place, instance: id })).data.status, 'MIGRATING');
  await note(() => steering.delete(id), 20_000);
  assert.deepEqual(course, [
    'STOPPING',
    'TERMINATED',
    'STAGING',
    'RUNNING',
    'SUSPENDING',
    'SUSPENDED',
    'STAGING',
    'RUNNING',
    'REPAIRING',
    'REPAIRING',
    'REPAIRING',
    'RUNNING',
    'STOPPING',
    'GONE',
  ]);
  assert.throws(() => steering.stop(id), RangeError);
  steering.vanish(await insert('again'));
  assert.equal(status('again'), 'GONE');
});
