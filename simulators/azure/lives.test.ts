import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { aVm, group, refused, rigAzure, type RigOptions } from './rig.ts';

const spot = { priority: 'Spot', evictionPolicy: 'Delete' } as const;
const fast = { updateIntervalInMs: 1 };

async function rig(t: TestContext, options?: RigOptions) {
  const whole = await rigAzure(t, options);
  const power = (name: string) => whole.azure.machines().find((machine) => machine.name === name)?.power;
  const codes = async (name: string) =>
    (await whole.compute.virtualMachines.instanceView(group, name)).statuses?.map(({ code }) => code);
  return { ...whole, power, codes };
}

test('the park shows machines with a host, up only while they run', async (t) => {
  const whole = await rig(t);
  const { azure, clock, compute } = whole;
  await aVm(whole, 'vm');
  const [machine] = azure.park.machines();
  const [view] = azure.machines();
  assert.deepEqual([machine?.cloud, machine?.id, machine?.isUp, machine?.fate], ['azure', 'vm', true, 'works']);
  assert.equal(machine?.metadataUrl, `${azure.url}/_sim/imds/${view?.vmId}`);
  assert.equal(machine?.bootedAt.getTime(), (view?.createdAt.getTime() ?? 0) + 30_000);
  assert.equal(azure.park.machines()[0], machine);
  await compute.virtualMachines.delete(group, 'vm').submitted();
  assert.equal(machine?.isUp, false);
  await clock.step(30_000);
  assert.deepEqual(azure.park.machines(), []);
});

test('a machine that powers off is stopped, and shown as such', async (t) => {
  const whole = await rig(t);
  await aVm(whole, 'vm');
  whole.azure.park.machines()[0]?.powerOff();
  assert.deepEqual(await whole.codes('vm'), ['ProvisioningState/succeeded', 'PowerState/stopped']);
});

test('an eviction is announced and then deletes or deallocates, by the policy', async (t) => {
  const whole = await rig(t);
  const { azure, clock, power } = whole;
  await aVm(whole, 'plain');
  await aVm(whole, 'deleted', spot);
  await aVm(whole, 'kept', { ...spot, evictionPolicy: 'Deallocate' });
  assert.throws(() => azure.steering.evict('plain'), TypeError);
  assert.throws(() => azure.steering.evict('ghost'), RangeError);
  azure.steering.evict('deleted');
  azure.steering.evict('kept');
  await clock.step(29_999);
  assert.deepEqual([power('deleted'), power('kept')], ['running', 'running']);
  await clock.step(1);
  assert.deepEqual([power('deleted'), power('kept')], ['stopping', 'deallocating']);
  await clock.step(30_000);
  assert.deepEqual([power('deleted'), power('kept')], [undefined, 'deallocated']);
});

test('machines are deallocated, hibernated, started and evicted through the SDK', async (t) => {
  const whole = await rig(t);
  const { compute, codes, through, power } = whole;
  await aVm(whole, 'vm', { priority: 'Spot' });
  await through(compute.virtualMachines.deallocate(group, 'vm', fast));
  assert.deepEqual(await codes('vm'), ['ProvisioningState/succeeded', 'PowerState/deallocated']);
  await through(compute.virtualMachines.start(group, 'vm', fast));
  assert.equal(power('vm'), 'running');
  await through(compute.virtualMachines.deallocate(group, 'vm', { ...fast, hibernate: true }));
  assert.equal((await codes('vm'))?.at(-1), 'HibernationState/Hibernated');
  await through(compute.virtualMachines.start(group, 'vm', fast));
  await through(compute.virtualMachines.powerOff(group, 'vm', fast));
  assert.equal(power('vm'), 'stopped');
  await through(compute.virtualMachines.start(group, 'vm', fast));
  await compute.virtualMachines.simulateEviction(group, 'vm');
  assert.equal(power('vm'), 'deallocating');
  await aVm(whole, 'plain');
  await assert.rejects(compute.virtualMachines.simulateEviction(group, 'plain'), refused('OperationNotAllowed', 409));
});

test('dials draw fates, ends and evictions for their share of machines', async (t) => {
  const whole = await rig(t, {
    dials: {
      neverRegisters: 1,
      endsByItself: 1,
      endsByItselfAfterMs: [60_000, 60_000],
      evicted: 1,
      evictedAfterMs: [120_000, 120_000],
    },
  });
  const { azure, clock, power } = whole;
  await aVm(whole, 'a');
  azure.faults.turn({ neverRegisters: 0, crashesWhileWorking: 1, endsByItself: 0 });
  await aVm(whole, 'b', spot);
  assert.deepEqual(
    azure.machines().map(({ fate }) => fate),
    ['never-registers', 'crashes-while-working'],
  );
  await clock.step(60_000);
  assert.equal(power('a'), 'stopped');
  await clock.step(120_000);
  assert.equal(power('b'), undefined);
});

test('a machine whose operating system reports too late has failed, and is up', async (t) => {
  const whole = await rig(t, { dials: { osProvisioningTimedOut: 1 } });
  await assert.rejects(aVm(whole, 'vm'), /OSProvisioningTimedOut/);
  assert.deepEqual(await whole.codes('vm'), ['ProvisioningState/failed/OSProvisioningTimedOut', 'PowerState/running']);
});

test('machines are failed, deleted and forgotten from outside', async (t) => {
  const whole = await rig(t);
  const { azure, compute, clock, codes } = whole;
  await aVm(whole, 'a');
  await aVm(whole, 'b');
  azure.steering.fail('a', 'VMExtensionProvisioningError');
  assert.deepEqual(await codes('a'), ['ProvisioningState/failed/VMExtensionProvisioningError', 'PowerState/running']);
  azure.steering.setFate('a', 'never-registers');
  assert.equal(azure.machines()[0]?.fate, 'never-registers');
  azure.steering.delete('a');
  azure.steering.vanish('b');
  await assert.rejects(compute.virtualMachines.get(group, 'b'), refused('ResourceNotFound', 404));
  assert.equal((await compute.virtualMachines.get(group, 'a')).provisioningState, 'Deleting');
  assert.equal(azure.counts.alive, 0);
  await clock.step(30_000);
  for (const { id } of azure.steering.resources()) {
    azure.steering.remove(id);
  }
  assert.deepEqual(azure.steering.resources(), []);
  assert.throws(() => azure.steering.remove('/nothing'), RangeError);
});

test('a creation that is overtaken by a deletion is canceled', async (t) => {
  const whole = await rig(t);
  const { compute, clock, azure } = whole;
  const creating = aVm(whole, 'vm');
  creating.catch(() => undefined);
  while (azure.machines()[0]?.power !== 'starting') {
    await clock.step(500);
  }
  await compute.virtualMachines.delete(group, 'vm').submitted();
  await assert.rejects(creating, /canceled/i);
  await clock.step(60_000);
  assert.deepEqual(azure.machines(), []);
});
