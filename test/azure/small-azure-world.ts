import type { Clock } from '#core/clock.ts';
import type { JsonObject } from '#core/json.ts';
import type { RefusalClass } from '#core/launch.ts';
import type { Fleet } from '#core/provider.ts';
import { silentMetrics } from '#core/telemetry.ts';
import type { Metrics } from '#core/telemetry.ts';
import { azureFleet, fleetParts } from '#providers/azure/fleet.ts';
import type { FleetParts } from '#providers/azure/fleet-parts.ts';
import { limitedArm } from '#providers/azure/limits.ts';
import { azureIdentity } from '#providers/azure/identity.ts';
import { readTrustSettings } from '#providers/azure/identity/settings.ts';
import { createTrustStore } from '#providers/azure/identity/trust-store.ts';
import { vmIdOf } from '#providers/azure/vm-id.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import { azureForgeries } from '#test/conformance/provider/azure-forgeries.ts';
import { readAzureSettings } from '#providers/azure/settings.ts';
import { orderTag, tagOf } from '#providers/azure/tags.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { hastyClock, someSurroundings } from '#test/conformance/provider/fixtures.ts';
import type { Heard } from '#test/conformance/provider/fixtures.ts';
import type { FleetWorld, WorldCall } from '#test/conformance/provider/world.ts';
import { SmallAzure, vmIdOf as vmIdAtAzure } from './small-azure.ts';
import type { Fault, SmallAzureTimes } from './small-azure.ts';

export const subscriptionId = '00000000-1111-2222-3333-444444444444';

export const sequentialConfiguration: JsonObject = {
  location: 'eastus',
  subnetId: `/subscriptions/${subscriptionId}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vn/subnets/sn`,
  hardwareProfile: { vmSize: 'Standard_F8s_v2' },
  priority: 'spot',
  billingProfile: { maxPrice: -1 },
  storageProfile: { osDisk: { createOption: 'FromImage' }, imageReference: { id: '/images/1' } },
  workerConfig: { genericWorker: {} },
  workerManager: { capacityPerInstance: 1 },
};

export const templateConfiguration: JsonObject = {
  armDeployment: {
    mode: 'Incremental',
    template: { resources: [] },
    parameters: { location: { value: 'eastus' }, vmSize: { value: 'Standard_F8s_v2' }, priority: { value: 'Spot' } },
  },
  armDeploymentResourceGroup: 'rg-templates',
  workerConfig: {},
};

const settings: JsonObject = {
  clientId: 'client',
  secret: 'secret',
  domain: 'tenant',
  subscriptionId,
  resourceGroupName: 'rg-workers',
  _backoffDelay: 100,
};

/** One process with the provider in it. */
export interface SmallProcess {
  fleet: Fleet;
  parts: FleetParts;
  heard: Heard;
  /** What was counted. */
  counted: { name: string; labels: Readonly<Record<string, string>> }[];
  stop: () => void;
}

/** Starts a process in front of an Azure; several share one. */
export function aProcess(azure: SmallAzure, clock: Clock): SmallProcess {
  const stopping = new AbortController();
  const counted: SmallProcess['counted'] = [];
  const surroundings = {
    ...someSurroundings({ clock, signal: stopping.signal }),
    metrics: { ...silentMetrics, count: (name, labels) => void counted.push({ name, labels }) } satisfies Metrics,
  };
  const read = readAzureSettings(new SettingsReader(settings));
  const parts = fleetParts(limitedArm(azure, 'azure-1', read, surroundings), 'azure-1', read, surroundings);
  return {
    fleet: azureFleet(parts),
    parts,
    heard: surroundings.heard,
    counted,
    stop: () => stopping.abort(new Error('the process ends')),
  };
}

type Mode = 'sequential' | 'template';

const matchers: Readonly<Record<Mode, Readonly<Record<WorldCall, RegExp>>>> = {
  sequential: {
    launch: /^virtualMachines\.put$/,
    list: /\.list$/,
    get: /^virtualMachines\.get$/,
    terminate: /^virtualMachines\.delete$/,
  },
  template: {
    launch: /^deployments\.put$/,
    list: /\.list$/,
    get: /^virtualMachines\.get$/,
    terminate: /^virtualMachines\.delete$/,
  },
};

const refusals: Readonly<Record<RefusalClass, Exclude<Fault['how'], string> | null>> = {
  capacity: { status: 409, code: 'SkuNotAvailable' },
  quota: { status: 409, code: 'QuotaExceeded' },
  throttle: { status: 429, code: 'TooManyRequests' },
  auth: { status: 403, code: 'AuthorizationFailed' },
  configuration: { status: 400, code: 'InvalidParameter' },
  transient: null,
};

/** The provider in front of a small Azure where everything takes no time, on a clock much faster than the machine's. */
export function aSmallWorld(
  mode: Mode,
  times: Partial<SmallAzureTimes> = {},
): FleetWorld & { azure: SmallAzure; process: SmallProcess } {
  const clock = hastyClock(200);
  const azure = new SmallAzure(clock, times);
  const process = aProcess(azure, clock);
  const authority = createAttestationAuthority({ clock });
  const trustAnchors = authority.trustAnchors().map((certificatePem) => ({ certificatePem }));
  const { anchors } = readTrustSettings(new SettingsReader({ trustAnchors }));
  const attested = (workerId: string) => ({ vmId: vmIdAtAzure(workerId), subscriptionId });
  const fault = (call: WorldCall, how: Fault['how'], when: Fault['when']): void =>
    void azure.faults.push({
      matches: ({ operation }) => matchers[mode][call].test(operation),
      how,
      ...(when === undefined ? {} : { when }),
      times: Infinity,
    });
  const machines = () =>
    azure.ofType('virtualMachines').map(({ id, body }) => ({
      workerId: id.slice(id.lastIndexOf('/') + 1),
      orderId: tagOf(body, orderTag),
      isAlive: !String((body['properties'] as JsonObject)['provisioningState']).startsWith('Delet'),
    }));
  return {
    azure,
    process,
    fleet: process.fleet,
    identity: azureIdentity({
      trust: createTrustStore(anchors, null),
      subscriptionId,
      vmIdOf: (worker, signal) => vmIdOf(process.parts, worker, signal),
    }),
    providerId: 'azure-1',
    configuration: mode === 'sequential' ? sequentialConfiguration : templateConfiguration,
    unknownId: `vm-${'a'.repeat(35)}`,
    now: () => clock.now(),
    machines,
    async addStranger() {
      const id = `/subscriptions/${subscriptionId}/resourceGroups/rg-workers/providers/Microsoft.Compute/virtualMachines/vm-stranger`;
      const body = { location: 'eastus', tags: { 'created-by': 'taskcluster-wm-azure-2' }, properties: {} };
      const request = { method: 'PUT', url: id, kind: 'write', operation: 'virtualMachines.put', body } as const;
      await azure.send(request, new AbortController().signal);
      return 'vm-stranger';
    },
    end: (workerId) => azure.vanish(workerId),
    limitStock(available) {
      let left = available;
      const matches: Fault['matches'] = ({ operation }) => matchers[mode].launch.test(operation) && left-- <= 0;
      azure.faults.push({ matches, how: { status: 409, code: 'SkuNotAvailable' }, times: Infinity });
    },
    refuse(call, refusalClass) {
      const how = refusals[refusalClass];
      if (how !== null) fault(call, how, undefined);
      return how !== null;
    },
    disturb: (call, how, when) => fault(call, how, when),
    calm: () => void azure.faults.splice(0),
    proofOf: async (workerId) => ({ document: await authority.attest(attested(workerId)) }),
    async forgeries(workerId) {
      const forged = azureForgeries({ authority, machine: attested(workerId), now: clock.now() });
      return Object.fromEntries(Object.entries(forged).map(([name, document]) => [name, { document }]));
    },
    close: async () => process.stop(),
  };
}
