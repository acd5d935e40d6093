import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aSmallAzure, launched, observed, times } from '#test/azure/small-life.ts';
import { sequentialConfiguration } from '#test/azure/small-azure-world.ts';

// spec: P-40
describe('an observation', () => {
  test('costs its pages, and more only for machines that are new', async () => {
    const small = aSmallAzure();
    await launched(small, sequentialConfiguration, 10);
    await small.clock.step(times.machine + 10_000);
    const listed = async (): Promise<number> => {
      const before = small.azure.calls.length;
      assert.equal((await observed(small)).length, 10);
      return small.azure.calls.length - before;
    };
    // Once the machines' states and once all of them, and the sweep: three lists of parts, groups, deployments of one group.
    assert.equal(await listed(), 7);
    assert.equal(await listed(), 1);
    small.azure.isStatusBare = false;
    assert.equal(await listed(), 1);
  });

  test('takes a machine that was made anew under an old name for another one', async () => {
    const small = aSmallAzure();
    const { workers, request } = await launched(small, sequentialConfiguration);
    await small.clock.step(times.machine + 10_000);
    const [before] = await observed(small);
    assert.equal(before?.orderId, request.order.orderId);
    const machine = small.azure.ofType('virtualMachines').find(({ id }) => id.endsWith(workers[0]!.workerId));
    machine!.body['tags'] = { 'created-by': 'somebody' };
    machine!.body['properties'] = { ...(machine!.body['properties'] as object), vmId: 'another' };
    assert.deepEqual(await observed(small), []);
  });

  test('sees what it can when leftovers cannot be looked for', async () => {
    const small = aSmallAzure();
    await launched(small, sequentialConfiguration);
    const how = { status: 403, code: 'AuthorizationFailed' };
    small.azure.faults.push({ matches: ({ operation }) => operation === 'disks.list', how });
    assert.equal((await observed(small)).length, 1);
  });
});
