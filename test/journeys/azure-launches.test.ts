// Incidents of evidence.md 3.1 and 3.2 in which machines did not come.
// spec: provisioning 8.5, 8.8, 8.11, P-52

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anAzureWorld, within } from '#test/azure-world.ts';
import type { AzureWorld } from '#test/azure-world.ts';
import { hourMs, minuteMs, secondMs } from '#test/world.ts';
import { anAzurePool, byResources, byTemplate } from './azure-pools.ts';

const pool = 'proj/launches';
const idle = { idleTimeoutMs: 24 * hourMs };

/** Codes of the errors that people were told of, newest first. */
async function codesTold({ world }: AzureWorld, workerPoolId = pool): Promise<unknown[]> {
  return (await world.problems(workerPoolId)).map(({ extra }) => extra['code']);
}

test('TC#7422: provisioning that sticks at its first resource ends, is told, and goes on when Azure does', async (t) => {
  const azureWorld = await anAzureWorld(t, idle);
  const { azure, world } = azureWorld;
  azure.faults.add({ kind: 'operation', action: 'publicIPAddresses.put', outcome: 'stick' });
  const launchConfigs = [byResources({ hasPublicIp: true })];
  await world.createPool(pool, anAzurePool({ min: 2, max: 2, launchConfigs }));
  const told = await azureWorld.until('people are told', async () => (await codesTold(azureWorld)).length > 0);
  within(t, 'stuck → told', told, 240);
  t.diagnostic(`told as ${JSON.stringify((await world.problems(pool))[0]?.description)}`);
  azure.faults.clear();
  const going = await azureWorld.until('both run', async () => (await world.states(pool)).running === 2);
  within(t, 'Azure goes on → both run', going, 600);
  await world.updatePool(pool, anAzurePool({ min: 0, max: 0, launchConfigs }));
  for (const worker of await world.rows(pool)) await azureWorld.remove(worker);
  within(t, 'removed → nothing left, of the stuck ones neither', await azureWorld.untilNothingIsLeft(pool), 1500);
});

test('a machine whose creation never ends is given up at its time limit, and leaves nothing', async (t) => {
  const azureWorld = await anAzureWorld(t, idle);
  const { azure, world } = azureWorld;
  azure.faults.add({ kind: 'operation', action: 'virtualMachines.put', outcome: 'stick', times: 1 });
  azure.faults.turn({ bootMs: [24 * hourMs, 24 * hourMs] });
  const lifecycle = { registrationTimeout: 600 };
  await world.createPool(pool, anAzurePool({ min: 1, max: 1, lifecycle }));
  const [worker] = await azureWorld
    .until('requested', async () => (await world.states(pool)).requested === 1)
    .then(() => world.rows(pool));
  const stateOf = async () => (await world.rows(pool)).find(({ workerId }) => workerId === worker?.workerId);
  const stopped = await azureWorld.until('stopped', async () => (await stateOf())?.state === 'stopped');
  within(t, 'ordered → given up, with a time limit of 600 s', stopped, 720);
  assert.equal((await stateOf())?.removalReason, 'terminateAfter time exceeded');
  azure.faults.turn({ bootMs: [15_000, 30_000] });
  await azureWorld.untilRunning(pool, 1);
  assert.equal(azure.machines().length, 1);
});

test('TC#8386, TC#8387: a group that is full of deployments stops the pools of that group only, until there is room', async (t) => {
  const azureWorld = await anAzureWorld(t, { ...idle, azure: { dials: { deploymentQuota: 2 } } });
  const { azure, world } = azureWorld;
  // Two machines whose deployments are to be kept use up the group; those of the second group are deleted as soon as they have succeeded.
  const keep = { workerManager: { keepDeployment: true } };
  await world.createPool('proj/keeps', anAzurePool({ min: 2, max: 2, launchConfigs: [byTemplate(keep, 'rg-full')] }));
  await azureWorld.untilRunning('proj/keeps', 2);
  await world.createPool(pool, anAzurePool({ min: 1, max: 1, launchConfigs: [byTemplate({}, 'rg-full')] }));
  const told = await azureWorld.until('people are told', async () => (await codesTold(azureWorld)).length > 0);
  within(t, 'full → told', told, 30);
  assert.deepEqual(await codesTold(azureWorld), ['DeploymentQuotaExceeded']);
  const others = anAzurePool({ min: 1, max: 1, launchConfigs: [byTemplate({}, 'rg-other')] });
  await world.createPool('proj/others', others);
  await azureWorld.untilRunning('proj/others', 1);
  const kept = azure.steering.resources().find(({ kind, group }) => kind === 'deployments' && group === 'rg-full');
  azure.steering.remove(kept!.id);
  const going = await azureWorld.until('it runs', async () => (await world.states(pool)).running === 1);
  within(t, 'room → running', going, 1200);
});

test('TC#8387: deployments that nobody followed to their end go in time, before there are 800', async (t) => {
  const azureWorld = await anAzureWorld(t, idle);
  const { azure, world } = azureWorld;
  // Their deletion fails at first, as it does when the process dies.
  azure.faults.add({ kind: 'error', action: 'deployments.delete', code: 'Conflict', status: 409, times: 9 });
  const launchConfigs = [byTemplate()];
  await world.createPool(pool, anAzurePool({ min: 3, max: 3, launchConfigs }));
  await azureWorld.untilRunning(pool, 3);
  const deployments = () => azure.steering.resources().filter(({ kind }) => kind === 'deployments').length;
  within(t, 'running → no deployment left', await azureWorld.until('none left', () => deployments() === 0), 700);
  assert.deepEqual(await world.states(pool), { running: 3 });
});

test('allocation that succeeds at 27 %: the pool is filled all the same, calls are bounded, and people are told once for each incident of a launch config', async (t) => {
  const dials = { allocationSuccess: 0.27 };
  const azureWorld = await anAzureWorld(t, { ...idle, azure: { dials } });
  const { azure, world } = azureWorld;
  const launchConfigs = ['eastus', 'westus2', 'northeurope'].flatMap((location) =>
    ['Standard_F8s_v2', 'Standard_D8s_v5'].map((vmSize) => byResources({ location, vmSize, isSpot: true })),
  );
  await world.createPool(pool, anAzurePool({ min: 12, max: 12, launchConfigs }));
  const filled = await azureWorld.until(
    'all run',
    async () => (await world.states(pool)).running === 12,
    4 * hourMs,
    secondMs,
  );
  const puts = azure.logbook.filter(({ action }) => action === 'virtualMachines.put').length;
  t.diagnostic(`${puts} machines asked for, ${azure.counts.launched} accepted, for 12 that run`);
  within(t, 'ordered → 12 run', filled, 2 * 3600);
  assert.ok(puts <= 12 * 8, `${puts} launches`);
  const told = await codesTold(azureWorld);
  t.diagnostic(`told ${told.length} times`);
  // A launch config is told of again only when a machine of it has come up in between.
  assert.ok(told.length <= launchConfigs.length + 12, `told ${told.length} times`);
  await azureWorld.pass(5 * minuteMs, secondMs);
  assert.equal(azure.machines().length, 12, 'those that found no place are gone');
  assert.equal(azure.steering.resources().filter(({ kind }) => kind === 'networkInterfaces').length, 12);
});

for (const [bucket, action, others] of [
  ['writes', 'networkInterfaces.put', ['virtualMachines.listAll']],
  ['deletes', 'virtualMachines.delete', ['virtualMachines.listAll', 'networkInterfaces.put']],
] as const) {
  test(`TC#8497: after 429 with Retry-After only ${bucket} stand still, as long as Azure says`, async (t) => {
    const azureWorld = await anAzureWorld(t, idle);
    const { azure, world } = azureWorld;
    await world.createPool(pool, anAzurePool({ min: 2, max: 2 }));
    const workers = await azureWorld.untilRunning(pool, 2);
    azure.faults.add({ kind: 'error', action, code: 'TooManyRequests', retryAfterSeconds: 60, times: 1 });
    const fromMs = azureWorld.nowMs;
    for (const worker of workers) await azureWorld.remove(worker);
    await world.updatePool(pool, anAzurePool({ min: 4, max: 4 }));
    await azureWorld.until('throttled', () => azure.logbook.some(({ outcome }) => outcome === 'TooManyRequests'));
    const throttledMs = azure.logbook.find(({ outcome }) => outcome === 'TooManyRequests')!.at.getTime();
    await azureWorld.pass(3 * minuteMs);
    // What was on its way already may have followed at once.
    const next = azureWorld.calls(action).find((atMs) => atMs > throttledMs + secondMs) ?? Infinity;
    t.diagnostic(
      `throttled after ${(throttledMs - fromMs) / 1000} s; next call ${(next - throttledMs) / 1000} s later`,
    );
    assert.ok(next - throttledMs >= 60 * secondMs, `after ${next - throttledMs} ms`);
    assert.ok(next - throttledMs <= 75 * secondMs, `after ${next - throttledMs} ms`);
    for (const other of others) {
      const meanwhile = azureWorld.calls(other).filter((atMs) => atMs > throttledMs && atMs < throttledMs + minuteMs);
      assert.ok(meanwhile.length > 0, `${other} went on`);
    }
  });
}

test('v43.2: of machines that are refused or fail no data disk, address or interface is left', async (t) => {
  const azureWorld = await anAzureWorld(t, idle);
  const { azure, world } = azureWorld;
  azure.faults.add({ kind: 'error', action: 'virtualMachines.put', code: 'SkuNotAvailable', times: 2 });
  azure.faults.add({ kind: 'operation', action: 'virtualMachines.put', outcome: 'fail', code: 'AllocationFailed' });
  const launchConfigs = [byResources({ hasPublicIp: true, dataDisks: 2 })];
  await world.createPool(pool, anAzurePool({ min: 3, max: 3, launchConfigs }));
  await azureWorld.pass(20 * minuteMs, secondMs);
  await world.updatePool(pool, anAzurePool({ min: 0, max: 0, launchConfigs }));
  within(t, 'no more launches → nothing left', await azureWorld.untilNothingIsLeft(pool), 900);
  assert.ok(azure.counts.launched > 0);
});
