// Incidents of evidence.md 3.1 and 3.2 in which machines, or their workers, did not go.
// spec: provisioning 8.9, 8.10

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { Worker } from '#core/worker.ts';
import { anAzureWorld, within } from '#test/azure-world.ts';
import type { AzureWorld, AzureWorldOptions } from '#test/azure-world.ts';
import { hourMs, minuteMs } from '#test/world.ts';
import { anAzurePool, byResources, byTemplate } from './azure-pools.ts';

const pool = 'proj/removals';

interface Scene {
  azureWorld: AzureWorld;
  workers: readonly Worker[];
}

/** A pool with running workers that is to have none from now on. */
async function aScene(
  t: TestContext,
  count: number,
  launchConfig: JsonObject,
  { ageMs = 0, ...options }: AzureWorldOptions & { ageMs?: number } = {},
): Promise<Scene> {
  // Nobody ends by itself for want of work.
  const azureWorld = await anAzureWorld(t, { idleTimeoutMs: 24 * hourMs, ...options });
  const body = (min: number): JsonObject => anAzurePool({ min, max: count, launchConfigs: [launchConfig] });
  await azureWorld.world.createPool(pool, body(count));
  const workers = await azureWorld.untilRunning(pool, count);
  await azureWorld.pass(ageMs, 1_000);
  await azureWorld.world.updatePool(pool, body(0));
  return { azureWorld, workers };
}

async function removeAll({ azureWorld, workers }: Scene): Promise<void> {
  for (const worker of workers) await azureWorld.remove(worker);
}

async function states({ azureWorld }: Scene): Promise<object> {
  return azureWorld.world.states(pool);
}

test('TC#8574, TC#8606: from removal to the first delete call took half an hour; all of 20 are asked to go within a second', async (t) => {
  const scene = await aScene(t, 20, byResources({ hasPublicIp: true }));
  const { azureWorld } = scene;
  const fromMs = azureWorld.nowMs;
  await removeAll(scene);
  const deletes = (): number[] => azureWorld.calls('virtualMachines.delete');
  await azureWorld.until('all deletes', () => deletes().length === 20, minuteMs, 50);
  within(t, 'removal → last of 20 delete calls', (deletes().at(-1)! - fromMs) / 1000, 1);
  within(t, 'removal → nothing left', await azureWorld.untilNothingIsLeft(pool), 90);
});

test('TC#8526: workers in stopping whose machines were gone filled the pool; they free it as soon as they are looked at', async (t) => {
  // Of a young worker even the second "not found" is not believed.
  const scene = await aScene(t, 6, byResources({ hasPublicIp: true }), { ageMs: 6 * minuteMs });
  const { azureWorld, workers } = scene;
  const { azure, world } = azureWorld;
  // Nothing is accepted, so that all wait in stopping; then somebody deletes the machines in the portal.
  azure.faults.add({ kind: 'error', action: 'virtualMachines.delete', code: 'ServiceUnavailable' });
  await removeAll(scene);
  await azureWorld.until('all stop', async () => (await world.states(pool)).stopping === 6);
  for (const { workerId } of workers) azure.steering.vanish(workerId);
  const full = anAzurePool({ min: 6, max: 6 });
  await world.updatePool(pool, full);
  const freed = await azureWorld.until('the pool is free', async () => (await world.states(pool)).stopped === 6);
  within(t, 'machines gone → workers stopped', freed, 30);
  azure.faults.clear();
  within(
    t,
    'workers stopped → as many others run',
    await azureWorld.until('others', async () => {
      return (await world.states(pool)).running === 6;
    }),
    180,
  );
});

for (const [way, launchConfig] of [
  ['by resources', byResources({ hasPublicIp: true, dataDisks: 1 })],
  ['by a template', byTemplate({ hasPublicIp: true })],
] as const) {
  test(`TC#8517: what was deleted behind our back while it stopped answered 404, for ever stopping; ${way}`, async (t) => {
    const scene = await aScene(t, 3, launchConfig);
    const { azureWorld } = scene;
    await removeAll(scene);
    await azureWorld.pass(5_000);
    for (const { id } of azureWorld.azure.steering.resources().filter(({ kind }) => kind !== 'deployments')) {
      // The machine takes some of the others with it.
      if (azureWorld.azure.steering.resources().some((one) => one.id === id)) azureWorld.azure.steering.remove(id);
    }
    // No longer than Azure says that the deletes go on.
    within(t, 'all gone → workers stopped', await azureWorld.untilNothingIsLeft(pool), 62);
  });
}

test('TC#8609: 409 and 404 while deleting twice what is going or gone are no errors', async (t) => {
  const scene = await aScene(t, 3, byResources({ hasPublicIp: true, dataDisks: 1 }), {
    azure: { dials: { refusesSecondDelete: true } },
  });
  const { azureWorld, workers } = scene;
  const { azure, world } = azureWorld;
  // Somebody else has just asked for the same.
  for (const { workerId } of workers) azure.steering.delete(workerId);
  azure.faults.add({ kind: 'error', action: 'networkInterfaces.delete', status: 409, code: 'Conflict', times: 5 });
  azure.faults.add({ kind: 'error', action: 'disks.delete', code: 'ResourceNotFound', times: 5 });
  await removeAll(scene);
  within(t, 'second delete → nothing left', await azureWorld.untilNothingIsLeft(pool), 90);
  assert.deepEqual(await world.problems(pool), []);
});

for (const [what, code, hours] of [
  ['refused', 'ServiceUnavailable', 1],
  ['forbidden', 'AuthorizationFailed', 1],
] as const) {
  test(`TC#7267: nothing stays in stopping: deletes that are ${what} for ${hours} h are repeated, seldom, until they work`, async (t) => {
    const scene = await aScene(t, 4, byResources());
    const { azureWorld } = scene;
    azureWorld.azure.faults.add({ kind: 'error', action: 'virtualMachines.delete', code });
    await removeAll(scene);
    await azureWorld.pass(hours * hourMs, 5_000);
    assert.deepEqual(await states(scene), { stopping: 4 });
    const calls = azureWorld.azure.counts.calls['rg-workers']?.['virtualMachines.delete'] ?? 0;
    t.diagnostic(`${calls} delete calls for 4 machines in ${hours} h`);
    assert.ok(calls <= 4 * hours * 120, `${calls} calls`);
    azureWorld.azure.faults.clear();
    within(t, 'deletes work → nothing left', await azureWorld.untilNothingIsLeft(pool), 120 + 75);
  });
}

test('a delete that never ends at Azure is asked for again, and ends when Azure lets it', async (t) => {
  const scene = await aScene(t, 2, byResources());
  const { azureWorld, workers } = scene;
  const { azure } = azureWorld;
  azure.faults.add({ kind: 'operation', action: 'virtualMachines.delete', outcome: 'stick' });
  await removeAll(scene);
  await azureWorld.pass(30 * minuteMs, 2_000);
  assert.deepEqual(await states(scene), { stopping: 2 });
  azure.faults.clear();
  for (const { workerId } of workers) azure.steering.vanish(workerId);
  within(t, 'it ends at last → nothing left', await azureWorld.untilNothingIsLeft(pool), 150);
});
