import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { VirtualMachine } from '@azure/arm-compute';
import { aNic, aVm, call, group, refused, rigAzure, vmParameters, type RigOptions } from './rig.ts';

async function rig(t: TestContext, options?: RigOptions) {
  const whole = await rigAzure(t, options);
  const make = async (name: string, more: Partial<VirtualMachine> = {}) => aVm(whole, name, more);
  const codes = async (name: string) =>
    (await whole.compute.virtualMachines.instanceView(group, name)).statuses?.map(({ code }) => code);
  return { ...whole, make, codes };
}

test('a stock-out is found out later, and the machine stays, failed', async (t) => {
  const { make, codes, azure, compute, through } = await rig(t);
  azure.faults.add({ kind: 'stock', location: 'eastus', vmSize: 'Standard_F8s_v2', available: 1 });
  await make('one');
  await assert.rejects(make('two'), /AllocationFailed\. Allocation failed\. We do not have sufficient capacity/);
  assert.deepEqual(await codes('two'), ['ProvisioningState/failed/AllocationFailed']);
  assert.equal((await compute.virtualMachines.get(group, 'two')).provisioningState, 'Failed');
  assert.equal(
    (
      await compute.disks.get(
        group,
        azure.steering.resources().find(({ kind, name }) => kind === 'disks' && name.startsWith('two'))?.name ?? '',
      )
    ).diskState,
    'Attached',
  );
  azure.faults.clear();
  const nic = azure.steering.resources().find(({ name }) => name === 'nic-two')?.id ?? '';
  const again = compute.virtualMachines.createOrUpdate(group, 'two', vmParameters(nic), { updateIntervalInMs: 1 });
  assert.equal((await through(again)).provisioningState, 'Succeeded');
});

test('each lack of hosts has its own code', async (t) => {
  const { make, azure } = await rig(t);
  for (const [code, zones, problem] of [
    [undefined, ['1'], /ZonalAllocationFailed/],
    ['OverconstrainedAllocationRequest', undefined, /OverconstrainedAllocationRequest/],
    ['OverconstrainedZonalAllocationRequest', ['1'], /OverconstrainedZonalAllocationRequest/],
  ] as const) {
    azure.faults.clear();
    azure.faults.add({ kind: 'stock', location: 'eastus', available: 0, ...(code === undefined ? {} : { code }) });
    const name = `vm-${azure.machines().length}`;
    await assert.rejects(make(name, zones === undefined ? {} : { zones: [...zones] }), problem);
  }
});

test('what is short for good is refused at once: sizes, quotas, prices', async (t) => {
  const { make, azure } = await rig(t);
  const sku = azure.faults.add({ kind: 'stock', location: 'eastus', available: 0, code: 'SkuNotAvailable' });
  await assert.rejects(make('a'), refused('SkuNotAvailable', 409));
  azure.faults.remove(sku);
  azure.faults.add({ kind: 'quota', family: 'standardFSv2Family', vcpus: 16 });
  await make('b');
  await make('c');
  await assert.rejects(make('d'), refused('OperationNotAllowed', 409));
  azure.faults.clear();
  azure.faults.add({ kind: 'quota', priority: 'Spot', location: 'eastus', vcpus: 0 });
  const spot = { priority: 'Spot', billingProfile: { maxPrice: 0.001 } } as const;
  await assert.rejects(make('e', spot), refused('SpotPriceGreaterThanProvidedMaxPrice', 409));
  await assert.rejects(make('e', { ...spot, billingProfile: { maxPrice: -1 } }), (error: Error) => {
    assert.match(
      error.message,
      /exceeding approved LowPriorityCores quota.*Current Limit: 0, Current Usage: 0, Additional Required: 8/,
    );
    return refused('OperationNotAllowed', 409)(error);
  });
  await make('f');
});

test('the dial decides which share of machines finds a host', async (t) => {
  const { azure, clock, subnet } = await rig(t, { dials: { allocationSuccess: 0.27, isThrottling: false } });
  const whole = { azure, subnet };
  for (let index = 0; index < 200; index++) {
    const nic = `/resourceGroups/${group}/providers/Microsoft.Network/networkInterfaces/n${index}`;
    const ipConfigurations = [{ name: 'ip', properties: { subnet: { id: whole.subnet } } }];
    await call(azure, 'PUT', nic, { location: 'eastus', properties: { ipConfigurations } });
  }
  await clock.step(1000);
  for (let index = 0; index < 200; index++) {
    const path = `/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/v${index}`;
    const id = `/subscriptions/${azure.subscriptionId}/resourceGroups/${group}/providers/Microsoft.Network/networkInterfaces/n${index}`;
    const { status } = await call(azure, 'PUT', path, {
      location: 'eastus',
      properties: {
        hardwareProfile: { vmSize: 'Standard_D2s_v5' },
        storageProfile: { osDisk: { createOption: 'FromImage', osType: 'Linux' } },
        osProfile: { adminUsername: 'someone', adminPassword: 'Pa55word' },
        networkProfile: { networkInterfaces: [{ id }] },
      },
    });
    assert.equal(status, 201);
  }
  await clock.step(60_000);
  const running = azure.machines().filter(({ power }) => power === 'running').length;
  assert.ok(Math.abs(running - 54) < 20, `${running} are running`);
});

test('an image that is not there is refused', async (t) => {
  const whole = await rig(t);
  const nic = await aNic(whole, 'nic');
  const parameters = vmParameters(nic);
  whole.azure.steering.setMissing(parameters.storageProfile?.imageReference?.id ?? '');
  const make = () => whole.compute.virtualMachines.createOrUpdate(group, 'vm', parameters);
  await assert.rejects(async () => make(), refused('InvalidParameter', 404));
});
