// Incidents of evidence.md 3.1 and 3.2 in which healthy machines were dismissed, or lost ones kept.
// spec: provisioning 8.6, 8.7, 8.15

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { Worker } from '#core/worker.ts';
import { anAzureWorld, within } from '#test/azure-world.ts';
import type { AzureWorld, AzureWorldOptions } from '#test/azure-world.ts';
import { hourMs, minuteMs, secondMs } from '#test/world.ts';
import { anAzurePool, byResources, byTemplate } from './azure-pools.ts';

const pool = 'proj/lives';

interface Scene {
  azureWorld: AzureWorld;
  workers: readonly Worker[];
}

/** A pool with running workers, older than any grace. */
async function aScene(
  t: TestContext,
  count: number,
  launchConfig: JsonObject,
  options: AzureWorldOptions = {},
): Promise<Scene> {
  const azureWorld = await anAzureWorld(t, { idleTimeoutMs: 24 * hourMs, ...options });
  await azureWorld.world.createPool(pool, anAzurePool({ min: count, max: count, launchConfigs: [launchConfig] }));
  const workers = await azureWorld.untilRunning(pool, count);
  await azureWorld.pass(6 * minuteMs, secondMs);
  return { azureWorld, workers };
}

/** The workers are the same as before, and all of them run. */
async function allLive({ azureWorld, workers }: Scene): Promise<void> {
  const { world, azure } = azureWorld;
  assert.deepEqual(await world.states(pool), { running: workers.length });
  const ids = (rows: readonly Worker[]): string[] => rows.map(({ workerId }) => workerId).toSorted();
  assert.deepEqual(ids(await world.rows(pool)), ids(workers));
  assert.equal(azure.counts.launched, workers.length);
  assert.equal(azure.counts.terminated, 0);
}

/** Until that worker has stopped and another one runs in its place. @returns how many seconds each took. */
async function untilReplaced({ azureWorld, workers }: Scene, lost: Worker): Promise<[number, number]> {
  const { world } = azureWorld;
  const stateOf = async (): Promise<string | undefined> =>
    (await world.rows(pool)).find(({ workerId }) => workerId === lost.workerId)?.state;
  const stopped = await azureWorld.until('it has stopped', async () => (await stateOf()) === 'stopped');
  const replaced = await azureWorld.until(
    'another runs',
    async () => (await world.states(pool)).running === workers.length,
  );
  return [stopped, stopped + replaced];
}

for (const action of ['virtualMachines.get', 'virtualMachines.instanceView', 'virtualMachines.listAll'] as const) {
  test(`TC#8314: single 404s of ${action} kill nothing`, async (t) => {
    const scene = await aScene(t, 4, byResources());
    for (let times = 0; times < 5; times++) {
      scene.azureWorld.azure.faults.add({ kind: 'error', action, code: 'ResourceNotFound', times: 4 });
      await scene.azureWorld.pass(minuteMs, secondMs);
    }
    await allLive(scene);
  });
}

test('TC#8314: a machine that Azure does not show for a minute after it accepted it comes to work all the same', async (t) => {
  const dials = { hiddenMs: [40_000, 60_000], viewHiddenMs: [60_000, 90_000] } as const;
  await allLive(await aScene(t, 4, byResources(), { azure: { dials } }));
});

test('TC#8446: workers live whose deployment is no longer known while their machines are up', async (t) => {
  const launchConfig = byTemplate({ workerManager: { keepDeployment: true } });
  const scene = await aScene(t, 2, launchConfig);
  const { azure } = scene.azureWorld;
  const deployments = azure.steering.resources().filter(({ kind }) => kind === 'deployments');
  assert.equal(deployments.length, 2, 'kept as the launch config says');
  for (const { id } of deployments) azure.steering.remove(id);
  await scene.azureWorld.pass(10 * minuteMs, secondMs);
  await allLive(scene);
});

test('TC#6898: a deployment that fails after its machine is up leaves the machine alone', async (t) => {
  // The operating system does not report in time: the deployment fails, and the machine works.
  const launchConfig = byTemplate({
    workerManager: { keepDeployment: true, ignoreFailedProvisioningStates: ['OSProvisioningTimedOut'] },
  });
  const scene = await aScene(t, 3, launchConfig, { azure: { dials: { osProvisioningTimedOut: 1 } } });
  const states = scene.azureWorld.azure.steering.resources().map((one) => `${one.kind} ${one.provisioningState}`);
  assert.ok(states.includes('deployments Failed'), states.join());
  await allLive(scene);
});

test('v37.2: of failed machines those stay that the ignore list names, and codes that say nothing of the machine', async (t) => {
  const launchConfig = byResources({
    workerManager: { ignoreFailedProvisioningStates: ['OSProvisioningTimedOut', 'OSProvisioningClientError'] },
  });
  const scene = await aScene(t, 3, launchConfig);
  const { azure } = scene.azureWorld;
  azure.steering.fail(scene.workers[0]!.workerId, 'OSProvisioningTimedOut');
  azure.steering.fail(scene.workers[1]!.workerId, 'OSProvisioningClientError');
  azure.steering.fail(scene.workers[2]!.workerId, 'NobodyKnowsThisCode');
  await scene.azureWorld.pass(10 * minuteMs, secondMs);
  await allLive(scene);
});

test('v37.2: a machine that failed by a code that is not ignored, and is not up, is replaced', async (t) => {
  // Nor would it be for ten minutes.
  const azureWorld = await anAzureWorld(t, { azure: { dials: { bootMs: [600_000, 600_000] } } });
  const { azure, world } = azureWorld;
  const code = 'OSProvisioningInternalError';
  azure.faults.add({ kind: 'operation', action: 'virtualMachines.put', outcome: 'fail', code, times: 1 });
  await world.createPool(pool, anAzurePool({ min: 1, max: 1 }));
  await azureWorld.until('it fails', () => azure.machines().some(({ failure }) => failure === code));
  const stopped = await azureWorld.until('it has stopped', async () => (await world.states(pool)).stopped === 1);
  within(t, 'failed → stopped, nothing left', stopped, 90);
  azure.faults.turn({ bootMs: [15_000, 30_000] });
  await azureWorld.untilRunning(pool, 1);
  assert.equal(azure.machines().length, 1);
});

test('bug 2006698: busy workers live while the queue knows nothing of them', async (t) => {
  const lifecycle = { queueInactivityTimeout: 1200 };
  const azureWorld = await anAzureWorld(t, { idleTimeoutMs: 24 * hourMs });
  const { world } = azureWorld;
  await world.createPool(pool, anAzurePool({ min: 3, max: 3, lifecycle }));
  world.queue.createTasks(pool, { durationMs: 50 * minuteMs, count: 3 });
  const workers = await azureWorld.untilRunning(pool, 3);
  await azureWorld.pass(2 * minuteMs, secondMs);
  world.queue.turnFaults({ errorRate: 1, methods: ['getWorker', 'listWorkers'] });
  await azureWorld.pass(40 * minuteMs, 5 * secondMs);
  await allLive({ azureWorld, workers });
});

test('v30.0: workers that register while they are looked at are not dismissed', async (t) => {
  const azureWorld = await anAzureWorld(t, { idleTimeoutMs: 24 * hourMs });
  // Every answer is older than the step between two looks.
  azureWorld.azure.faults.turn({ latencyMs: [3_000, 3_000] });
  await azureWorld.world.createPool(pool, anAzurePool({ min: 6, max: 6 }));
  const workers = await azureWorld.untilRunning(pool, 6);
  await azureWorld.pass(5 * minuteMs, secondMs);
  await allLive({ azureWorld, workers });
});

for (const evictionPolicy of ['Deallocate', 'Delete'] as const) {
  test(`a spot machine that is evicted with the policy ${evictionPolicy} is replaced, and leaves nothing`, async (t) => {
    const scene = await aScene(t, 2, byResources({ isSpot: true, evictionPolicy, hasPublicIp: true, dataDisks: 1 }));
    const { azure } = scene.azureWorld;
    const [lost] = scene.workers;
    azure.steering.evict(lost!.workerId);
    const [stopped, replaced] = await untilReplaced(scene, lost!);
    within(t, 'notice → stopped, nothing left', stopped, 30 + 60 + 60);
    within(t, 'notice → another runs', replaced, 240);
    assert.ok(azure.steering.resources().every(({ tags }) => tags['worker-id'] !== lost!.workerId));
  });
}

for (const [what, kind, limit] of [
  ['machine', 'virtualMachines', 40],
  ['interface', 'networkInterfaces', 120],
] as const) {
  test(`a worker whose ${what} somebody deletes in the portal is replaced, and what is left of it goes`, async (t) => {
    const scene = await aScene(t, 2, byResources({ hasPublicIp: true }));
    const { azure } = scene.azureWorld;
    const [lost] = scene.workers;
    const found = azure.steering
      .resources()
      .find((one) => one.kind === kind && one.tags['worker-id'] === lost!.workerId);
    azure.steering.remove(found!.id);
    if (kind === 'networkInterfaces') azure.steering.powerOff(lost!.workerId);
    const [stopped] = await untilReplaced(scene, lost!);
    within(t, `${what} deleted → stopped`, stopped, limit);
    assert.ok(azure.steering.resources().every(({ tags }) => tags['worker-id'] !== lost!.workerId));
  });
}
