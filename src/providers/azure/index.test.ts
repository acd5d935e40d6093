import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fleet, FleetWorker } from '#core/provider.ts';
import { providerConformance } from '#test/conformance/provider.ts';
import { anAzureWorld } from '#test/conformance/provider/azure-world.ts';
import type { AzureMode, AzureWorld } from '#test/conformance/provider/azure-world.ts';
import { launchSome, never, requestFor, until } from '#test/conformance/provider/world.ts';

providerConformance('azure (sequential)', () => anAzureWorld('sequential'));
providerConformance('azure (ARM template)', () => anAzureWorld('template'));

/** The calls that a launch or a teardown makes, in each way. */
const calls: Readonly<Record<AzureMode, readonly string[]>> = {
  sequential: [
    'publicIPAddresses.put',
    'networkInterfaces.put',
    'virtualMachines.put',
    'virtualMachines.delete',
    'operations.get',
    'networkInterfaces.get',
    'publicIPAddresses.get',
    'disks.get',
  ],
  template: [
    'resourceGroups.put',
    'deployments.put',
    'deployments.delete',
    'virtualMachines.delete',
    'virtualMachines.get',
    'deployments.get',
    'networkInterfaces.get',
    'disks.listAll',
  ],
};

/** Ends workers as the loops do: asks, looks, and asks again for those that still show and are not on their way out. */
async function endAll(w: AzureWorld, fleet: Fleet, scope: string, workers: readonly FleetWorker[]): Promise<void> {
  let asked = workers;
  for (let looks = 0; ; looks++) {
    assert.ok(looks < 1_000, 'it never ends');
    await fleet.terminate(scope, asked, never);
    const left = (await fleet.inspect(scope, workers, never)).filter(({ presence }) => presence !== 'gone');
    if (left.length === 0) break;
    const isStuck = new Set(left.filter(({ presence }) => presence !== 'ending').map(({ workerId }) => workerId));
    asked = workers.filter(({ workerId }) => isStuck.has(workerId));
    await w.clock.sleep(500);
  }
  assert.deepEqual(
    w.azure.steering.resources().map(({ kind, name }) => `${kind} ${name}`),
    [],
  );
}

for (const mode of ['sequential', 'template'] as const) {
  for (const action of calls[mode]) {
    for (const when of ['before', 'after'] as const) {
      // spec: P-48
      test(`azure (${mode}): a process that dies ${when} ${action} leaves nothing twice and nothing behind`, async (t) => {
        const w = await anAzureWorld(mode);
        t.after(() => w.close());
        w.azure.faults.add({ kind: 'hang', action, when });
        const crashing = new AbortController();
        const request = requestFor(w, 2);
        const isHanging = (): boolean => w.azure.logbook.some((entry) => entry.action === action);
        const launching = w.fleet.launch(request, crashing.signal).then(async (outcome) => {
          const workers = outcome.kind === 'settled' ? outcome.launched : [];
          const named = workers.map((worker) => ({ workerPoolId: request.order.workerPoolId, ...worker }));
          await w.fleet.terminate(request.order.scope, named, crashing.signal);
        });
        launching.catch(() => {});
        await until(isHanging);
        crashing.abort(new Error('the process dies'));
        const fleet = await w.restart();
        w.azure.faults.clear();
        const outcome = await fleet.launch(request, never);
        assert.ok(outcome.kind === 'settled' && outcome.launched.length === 2, JSON.stringify(outcome));
        const workers = outcome.launched.map((worker) => ({ workerPoolId: request.order.workerPoolId, ...worker }));
        await endAll(w, fleet, request.order.scope, workers);
      });
    }
  }
}

// spec: provisioning 8.8, 8.9
test('azure: where three of four machines find no place, all that was made for them goes', async (t) => {
  for (const mode of ['sequential', 'template'] as const) {
    const w = await anAzureWorld(mode, { allocationSuccess: 0.27, nicReservedMs: 60_000 });
    t.after(() => w.close());
    const { request, workers } = await launchSome(w, 10);
    await endAll(w, w.fleet, request.order.scope, workers);
  }
});
