// spec: provisioning 8.10, P-43, P-55

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { Dials } from '#simulators/azure/dials.ts';
import { anAzureWorld } from '#test/azure-world.ts';
import type { AzureWorld } from '#test/azure-world.ts';
import { minuteMs, secondMs } from '#test/world.ts';
import { anAzurePool, byResources, byTemplate } from './azure-pools.ts';

const pool = 'proj/pace';
/** How exactly is measured. */
const stepMs = 50;
const fixed = (seconds: number): readonly [number, number] => [seconds * secondMs, seconds * secondMs];
const times: Partial<Dials> = {
  publicIpMs: fixed(3),
  nicMs: fixed(2),
  vmCreateMs: fixed(40),
  bootMs: fixed(30),
  vmDeleteMs: fixed(45),
  nicDeleteMs: fixed(10),
  publicIpDeleteMs: fixed(8),
  diskDeleteMs: fixed(4),
  deploymentMs: fixed(2),
};
const keepsDisk = { osDisk: { createOption: 'FromImage', osType: 'Linux', deleteOption: 'Detach' } };

interface Calls {
  provision: number;
  teardown: number;
}

interface Case {
  launchConfig: JsonObject;
  /** The time of Azure's own operations, in seconds: until the machine is asked for, and from its removal to the last thing gone. */
  own: { launch: number; teardown: number };
  /** The most calls; looks at operations under way are counted apart. */
  most: Calls;
  /** Calls of the original (spec/provisioning.md 8.16); where the SDK looked at operations beneath them, that was not counted either. */
  original: Calls;
}

function detached(launchConfig: JsonObject): JsonObject {
  return { ...launchConfig, storageProfile: { ...(launchConfig['storageProfile'] as JsonObject), ...keepsDisk } };
}

const cases: Readonly<Record<string, Case>> = {
  'by resources, without public address': {
    launchConfig: byResources(),
    own: { launch: 2, teardown: 45 },
    most: { provision: 7, teardown: 3 },
    original: { provision: 11, teardown: 10 },
  },
  'by resources, with a public address and two disks': {
    launchConfig: byResources({ hasPublicIp: true, dataDisks: 1 }),
    own: { launch: 3 + 2, teardown: 45 },
    most: { provision: 8, teardown: 5 },
    original: { provision: 16, teardown: 15 },
  },
  'by resources, with a disk that stays when the machine goes': {
    launchConfig: detached(byResources()),
    own: { launch: 2, teardown: 45 + 4 },
    most: { provision: 7, teardown: 4 },
    original: { provision: 11, teardown: 10 },
  },
  // Its resource group is made, too, once for all its machines: two calls. The original's with its probe; its teardown is 8 when anything stays.
  'by a template': {
    launchConfig: byTemplate(),
    own: { launch: 0, teardown: 45 },
    most: { provision: 11, teardown: 6 },
    original: { provision: 8, teardown: 4 },
  },
};

/** Calls since `fromMs` by action, without the lists of observations. */
function callsSince({ azure }: AzureWorld, fromMs: number): Record<string, number> {
  const entries = azure.logbook.filter(({ at, action }) => at.getTime() >= fromMs && !/list(All)?$/.test(action));
  return Object.fromEntries(
    Object.entries(Object.groupBy(entries, ({ action }) => action)).map(([action, some]) => [
      action,
      some?.length ?? 0,
    ]),
  );
}

function sumOf(calls: Readonly<Record<string, number>>): number {
  return Object.entries(calls).reduce(
    (sum, [action, count]) => sum + (action.startsWith('operations.') ? 0 : count),
    0,
  );
}

async function oneLife(t: TestContext, { launchConfig, own, most, original }: Case): Promise<void> {
  const azureWorld = await anAzureWorld(t, { azure: { dials: times } });
  const { world, azure } = azureWorld;
  const body = (min: number): JsonObject => anAzurePool({ min, max: 1, launchConfigs: [launchConfig] });
  await azureWorld.pass(5 * secondMs);
  const orderedMs = azureWorld.nowMs;
  await world.createPool(pool, body(1));
  const asked = await azureWorld.until(
    'the machine is asked for',
    () => azureWorld.calls('virtualMachines.put', 'deployments.put').length > 0,
    minuteMs,
    stepMs,
  );
  const [worker] = await azureWorld.untilRunning(pool, 1);
  await azureWorld.pass(30 * secondMs);
  const provisioning = callsSince(azureWorld, orderedMs);

  await world.updatePool(pool, body(0));
  const removedMs = azureWorld.nowMs;
  assert.ok(worker !== undefined);
  await azureWorld.remove(worker);
  const deleted = await azureWorld.until(
    'the first delete call',
    () => azureWorld.calls('virtualMachines.delete').length > 0,
    minuteMs,
    stepMs,
  );
  await azureWorld.until('nothing is left', () => azure.steering.resources().length === 0, 10 * minuteMs, stepMs);
  const gone = (azureWorld.nowMs - removedMs) / secondMs;
  const freed = await azureWorld.untilNothingIsLeft(pool);
  const teardown = callsSince(azureWorld, removedMs);

  t.diagnostic(`ordered → machine asked for: ${asked} s, of which ${own.launch} s are Azure's`);
  t.diagnostic(
    `removed → first delete call: ${deleted} s; nothing left: ${gone} s, of which ${own.teardown} s are Azure's`,
  );
  t.diagnostic(
    `provisioning: ${sumOf(provisioning)} calls (the original: ${original.provision}) ${JSON.stringify(provisioning)}`,
  );
  t.diagnostic(`teardown: ${sumOf(teardown)} calls (the original: ${original.teardown}) ${JSON.stringify(teardown)}`);
  assert.ok(asked <= own.launch + 1, `${asked} s`);
  assert.ok(deleted <= 1, `${deleted} s`);
  assert.ok(gone <= own.teardown + 2, `${gone} s`);
  assert.ok(freed <= 2, `the worker has stopped ${freed} s later`);
  assert.ok(sumOf(provisioning) <= most.provision, JSON.stringify(provisioning));
  assert.ok(sumOf(teardown) <= most.teardown, JSON.stringify(teardown));
}

for (const [name, traits] of Object.entries(cases)) {
  test(`a life ${name} waits for nothing but Azure, and costs a counted number of calls`, (t) => oneLife(t, traits));
}
