// spec: provisioning 8.1, 8.6, 8.10

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { serve } from '#test/azure/small-host.ts';
import { SmallAzure } from '#test/azure/small-azure.ts';
import { sequentialConfiguration, subscriptionId, templateConfiguration } from '#test/azure/small-azure-world.ts';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { SteppedClock } from '#lib/clock.ts';
import { aPool } from './a-pool.ts';

const pool = 'proj/on-azure';
const times = { network: 2 * secondMs, machine: 20 * secondMs, removal: 10 * secondMs, deployment: 20 * secondMs };

/** A world with a small Azure beside, both by one clock. */
async function anAzureWorld(t: TestContext): Promise<{ world: World; azure: SmallAzure }> {
  // The world makes the clock, and the host must be known before: it is handed on afterwards.
  const borrowed = { clock: new SteppedClock(new Date('2026-03-01T12:00:00.000Z')) };
  const azure = new SmallAzure(
    { now: () => borrowed.clock.now(), sleep: (ms, signal) => borrowed.clock.sleep(ms, signal) },
    times,
  );
  const host = await serve(azure);
  t.after(() => host.close());
  const provider = {
    providerType: 'azure',
    clientId: 'client',
    secret: 'secret',
    domain: 'tenant',
    subscriptionId,
    resourceGroupName: 'rg-workers',
    endpoint: host.url,
    authority: host.url,
  };
  const world = await aWorld(t, {
    awsProviders: [],
    settings: (usual) => ({ ...usual, PROVIDERS: { ...(usual['PROVIDERS'] as object), 'azure-demo': provider } }),
  });
  borrowed.clock = world.clock;
  return { world, azure };
}

for (const [way, launchConfig] of [
  ['resources', sequentialConfiguration],
  ['a template', templateConfiguration],
] as const) {
  test(`a pool on Azure, by ${way}: its machine comes up, and all of it goes when it never registers`, async (t) => {
    const { world, azure } = await anAzureWorld(t);
    const lifecycle = { registrationTimeout: 300 };
    await world.createPool(
      pool,
      aPool({ providerId: 'azure-demo', min: 1, max: 1, lifecycle, launchConfigs: [launchConfig] }),
    );
    await world.through(world.provision());
    assert.deepEqual(await world.states(pool), { requested: 1 });
    const live = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 10 * secondMs)
        await world.through(world.live(10 * secondMs), secondMs);
    };
    await live(2 * minuteMs);
    const [machine] = azure.ofType('virtualMachines');
    assert.ok(machine?.id.endsWith((await world.rows(pool))[0]!.workerId));
    assert.equal(azure.ofType('deployments').length, 0);

    await world.updatePool(
      pool,
      aPool({ providerId: 'azure-demo', min: 0, max: 1, lifecycle, launchConfigs: [launchConfig] }),
    );
    await live(6 * minuteMs);
    assert.deepEqual(await world.states(pool), { stopped: 1 });
    assert.deepEqual([...azure.things.keys()], []);
    assert.equal((await world.rows(pool))[0]?.removalReason, 'terminateAfter time exceeded');
    assert.equal(world.logged('azure-teardown-mode').length, 1);
  });
}

// spec: provisioning 8.11, P-52
test('machines that Azure accepts and finds no place for rest the launch config, and people are told once', async (t) => {
  const { world, azure } = await anAzureWorld(t);
  azure.allocationFailure = { code: 'AllocationFailed', message: 'Allocation failed.' };
  await world.createPool(
    pool,
    aPool({ providerId: 'azure-demo', min: 3, max: 3, launchConfigs: [sequentialConfiguration] }),
  );
  for (let passed = 0; passed < 9; passed++) {
    await world.through(world.live(10 * secondMs), secondMs);
  }
  const problems = await world.problems(pool);
  assert.deepEqual(
    problems.map(({ kind, title, extra }) => [kind, title, extra['code']]),
    [['creation-error', 'VM Creation Error', 'AllocationFailed']],
  );
  const [setback] = await world.service.store.setbacks('azure-demo');
  assert.equal(setback?.scope, 'eastus/Standard_F8s_v2/spot');
});
