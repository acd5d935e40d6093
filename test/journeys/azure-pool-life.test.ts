// spec: provisioning 8.1, 8.2, 8.3, 8.5, 8.6, 8.8, 8.9, 8.10

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { poolLimits } from '#core/pool.ts';
import { readPools } from '#demo/pools.ts';
import type { ExamplePool } from '#demo/pools.ts';
import { objectAt } from '#providers/azure/members.ts';
import { workerTemplate } from '#simulators/azure/deployment-fixture.ts';
import { anAzureWorld } from '#test/azure-world.ts';
import type { AzureWorld } from '#test/azure-world.ts';
import { minuteMs } from '#test/world.ts';
import { anAzurePool, byResources, byTemplate } from './azure-pools.ts';

const realPools = new URL('../../../shared/data/pools/', import.meta.url);

/** The Azure definitions among those that owners of real pools send. */
function realAzurePools(): ExamplePool[] {
  const folders = ['community-tc-config/', 'fxci-config/', 'history/fxci-config-2025-09-01/'];
  return folders
    .flatMap((folder) => readPools(new URL(folder, realPools)))
    .filter(({ body }) => String(body['providerId']).includes('azure'));
}

function launchConfigsOf(body: JsonObject): readonly JsonObject[] {
  return objectAt(body, 'config')['launchConfigs'] as readonly JsonObject[];
}

/** The templates that the definitions name are in a subscription of their owners. */
function publishTemplates({ azure }: AzureWorld, body: JsonObject): void {
  for (const launchConfig of launchConfigsOf(body)) {
    const { id } = objectAt(launchConfig, 'armDeployment', 'templateLink');
    if (typeof id === 'string') azure.steering.addTemplateSpec(id, workerTemplate);
  }
}

/** A pool wakes on demand, works, goes back to sleep, is deleted, drained, and forgotten; at Azure nothing is left of it. */
async function livesAndDies(t: TestContext, { workerPoolId, body }: ExamplePool): Promise<void> {
  const azureWorld = await anAzureWorld(t, { providerIds: [String(body['providerId'])] });
  const { world, azure } = azureWorld;
  publishTemplates(azureWorld, body);
  const created = await world.createPool(workerPoolId, body);
  assert.equal(launchConfigsOf(created).length, launchConfigsOf(body).length);

  const { maxCapacity } = poolLimits(objectAt(body, 'config'));
  const count = Math.min(maxCapacity, 12);
  const taskIds = world.queue.createTasks(workerPoolId, { durationMs: minuteMs, count });
  await azureWorld.until('all tasks resolved', () =>
    taskIds.every((taskId) => world.queue.state.task(taskId)?.state === 'completed'),
  );
  const { registered, refused } = world.workers.counters;
  assert.ok(registered > 0 && refused === 0, `${registered} registered, ${refused} refused`);
  assert.deepEqual(await world.problems(workerPoolId), []);
  for (const { tags } of azure.machines()) assert.equal(tags['worker-pool-id'], workerPoolId);

  await azureWorld.untilNothingIsLeft(workerPoolId);
  assert.ok(azure.counts.launched <= count, `${azure.counts.launched} machines for ${count} tasks`);
  await world.deletePool(workerPoolId);
  await azureWorld.pass(minuteMs);
  await world.expire();
  assert.equal(await world.service.store.pool(workerPoolId), null, 'the row expired');
  const told = (exchange: string): number => world.events.filter((event) => event.exchange === exchange).length;
  assert.equal(told('worker-requested'), azure.counts.launched);
  assert.equal(told('worker-stopped'), told('worker-requested'), 'every worker requested was told to have stopped');
}

const ownPools: Readonly<Record<string, ExamplePool>> = {
  'by resources': { workerPoolId: 'proj/plain', body: anAzurePool() },
  'by resources, with public addresses and data disks': {
    workerPoolId: 'proj/rich',
    body: anAzurePool({ launchConfigs: [byResources({ hasPublicIp: true, dataDisks: 2, isSpot: true })] }),
  },
  'by a template': { workerPoolId: 'proj/template', body: anAzurePool({ launchConfigs: [byTemplate()] }) },
  'by a template, with public addresses, in the group of everybody': {
    workerPoolId: 'proj/template-ip',
    body: anAzurePool({ launchConfigs: [byTemplate({ hasPublicIp: true, isSpot: true }, 'rg-workers')] }),
  },
  'in both ways, with the longest id that there is': {
    workerPoolId: `${'P'.repeat(38)}/${'w'.repeat(38)}`,
    body: anAzurePool({ launchConfigs: [byResources(), byTemplate()] }),
  },
  'with an odd id in capitals': {
    workerPoolId: 'PROJ-_X_y-/w--0',
    body: anAzurePool({ launchConfigs: [byResources({ dataDisks: 1 }), byTemplate()] }),
  },
};

for (const [name, pool] of Object.entries(ownPools)) {
  test(`a pool ${name} wakes, works, sleeps, and is forgotten without a trace`, (t) => livesAndDies(t, pool));
}

if (existsSync(realPools)) {
  for (const pool of realAzurePools()) {
    test(`the real pool ${pool.workerPoolId} is accepted unchanged, wakes, works, sleeps, and is forgotten without a trace`, (t) =>
      livesAndDies(t, pool));
  }
} else {
  test('real pools at Azure live', { skip: 'no real pool definitions beside this checkout' }, () => undefined);
}
