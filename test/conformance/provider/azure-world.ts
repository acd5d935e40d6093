import type { Clock } from '#core/clock.ts';
import type { JsonObject } from '#core/json.ts';
import type { RefusalClass } from '#core/launch.ts';
import type { Fleet } from '#core/provider.ts';
import { azureModule } from '#providers/azure/index.ts';
import { openArm } from '#providers/azure/arm.ts';
import type { Arm } from '#providers/azure/arm.ts';
import { readAzureSettings } from '#providers/azure/settings.ts';
import type { ProviderParts } from '#providers/module.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import type { Dials } from '#simulators/azure/dials.ts';
import { startAzure } from '#simulators/azure/server.ts';
import type { SimulatedAzure } from '#simulators/azure/server.ts';
import { azureForgeries } from './azure-forgeries.ts';
import { hastyClock, someSurroundings } from './fixtures.ts';
import type { Heard } from './fixtures.ts';
import type { FleetWorld, WorldCall } from './world.ts';

/** The Azure provider in front of the Azure simulator. */
export interface AzureWorld extends FleetWorld {
  azure: SimulatedAzure;
  heard: Heard;
  clock: Clock;
  /** Ends this process at once, and starts another with the same settings. @returns its fleet. */
  restart(): Promise<Fleet>;
}

/** The two ways to have machines made. */
export type AzureMode = 'sequential' | 'template';

const subscriptionId = '00000000-0000-4000-8000-000000000001';
const subnetId = `/subscriptions/${subscriptionId}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vn/subnets/default`;

const sequentialConfiguration: JsonObject = {
  location: 'eastus',
  subnetId,
  hardwareProfile: { vmSize: 'Standard_F8s_v2' },
  priority: 'Spot',
  evictionPolicy: 'Delete',
  billingProfile: { maxPrice: -1 },
  storageProfile: {
    osDisk: { createOption: 'FromImage', osType: 'Linux' },
    imageReference: {
      id: `/subscriptions/${subscriptionId}/resourceGroups/rg-img/providers/Microsoft.Compute/images/worker`,
    },
  },
  workerManager: { publicIp: true },
  workerConfig: { genericWorker: {} },
};

const image = { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' };

const names = [
  'vmName',
  'computerName',
  'adminUsername',
  'adminPassword',
  'customData',
  'location',
  'vmSize',
  'subnetId',
];
const nicName = "[concat(parameters('vmName'), '-nic')]";

/** As owners write it: an interface and a machine, both with the tags, and all gone with the machine. */
export const workerTemplate: JsonObject = {
  $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  parameters: {
    ...Object.fromEntries(names.map((name) => [name, { type: name === 'adminPassword' ? 'securestring' : 'string' }])),
    tags: { type: 'object' },
    imageId: { type: 'string', defaultValue: '' },
    priority: { type: 'string', defaultValue: 'Regular' },
  },
  resources: [
    {
      type: 'Microsoft.Network/networkInterfaces',
      apiVersion: '2024-05-01',
      name: nicName,
      location: "[parameters('location')]",
      tags: "[parameters('tags')]",
      properties: {
        ipConfigurations: [
          {
            name: 'ipconfig',
            properties: { privateIPAllocationMethod: 'Dynamic', subnet: { id: "[parameters('subnetId')]" } },
          },
        ],
      },
    },
    {
      type: 'Microsoft.Compute/virtualMachines',
      apiVersion: '2024-07-01',
      name: "[parameters('vmName')]",
      location: "[parameters('location')]",
      tags: "[parameters('tags')]",
      dependsOn: [`[resourceId('Microsoft.Network/networkInterfaces', concat(parameters('vmName'), '-nic'))]`],
      properties: {
        hardwareProfile: { vmSize: "[parameters('vmSize')]" },
        priority: "[parameters('priority')]",
        osProfile: {
          computerName: "[parameters('computerName')]",
          adminUsername: "[parameters('adminUsername')]",
          adminPassword: "[parameters('adminPassword')]",
          customData: "[parameters('customData')]",
        },
        storageProfile: {
          osDisk: { createOption: 'FromImage', deleteOption: 'Delete' },
          imageReference: image,
        },
        networkProfile: {
          networkInterfaces: [
            {
              id: "[resourceId('Microsoft.Network/networkInterfaces', concat(parameters('vmName'), '-nic'))]",
              properties: { deleteOption: 'Delete' },
            },
          ],
        },
      },
    },
  ],
};

const templateConfiguration: JsonObject = {
  armDeployment: {
    mode: 'Incremental',
    template: workerTemplate,
    parameters: { location: { value: 'eastus' }, vmSize: { value: 'Standard_F8s_v2' }, subnetId: { value: subnetId } },
  },
  armDeploymentResourceGroup: 'rg-templates',
  workerConfig: { genericWorker: {} },
};

const actions: Readonly<Record<WorldCall, readonly string[]>> = {
  launch: [],
  list: ['virtualMachines.listAll', 'resourceGroups.list'],
  get: ['virtualMachines.get'],
  terminate: ['virtualMachines.delete'],
};

const codes: Readonly<Partial<Record<RefusalClass, string>>> = {
  capacity: 'SkuNotAvailable',
  quota: 'QuotaExceeded',
  throttle: 'TooManyRequests',
  auth: 'AuthorizationFailed',
  configuration: 'InvalidParameter',
};

/** Nothing takes any time, unless told otherwise. */
const noTime: Partial<Dials> = {
  publicIpMs: [0, 0],
  publicIpDeleteMs: [0, 0],
  nicMs: [0, 0],
  nicDeleteMs: [0, 0],
  diskMs: [0, 0],
  diskDeleteMs: [0, 0],
  vmCreateMs: [0, 0],
  vmDeleteMs: [0, 0],
  allocateMs: [0, 0],
  bootMs: [0, 0],
  deploymentMs: [0, 0],
  retryAfterSeconds: 0,
};

/** Machines come and go without delay; the clock is many times as fast as the machine's. */
export async function anAzureWorld(mode: AzureMode, dials: Partial<Dials> = {}, times = 20): Promise<AzureWorld> {
  const stopping = new AbortController();
  const clock = hastyClock(times);
  const authority = createAttestationAuthority({ clock });
  const azure = await startAzure({
    clock,
    subscriptionId,
    dials: { ...noTime, ...dials },
    attest: ({ vmId, nonce }) => authority.attest({ vmId, subscriptionId, nonce }),
  });
  const settings: JsonObject = {
    endpoint: azure.url,
    authority: azure.url,
    clientId: 'client',
    secret: 'secret',
    domain: azure.tenantId,
    subscriptionId,
    resourceGroupName: 'rg-workers',
    _backoffDelay: 500,
    trustAnchors: authority.trustAnchors().map((certificatePem) => ({ certificatePem })),
    fetchIntermediates: 'never',
  };
  const surroundings = someSurroundings({ clock, signal: stopping.signal });
  const start = async (signal: AbortSignal): Promise<ProviderParts> => {
    const setUp = azureModule.configure(new SettingsReader(settings));
    return setUp('azure-1', { ...surroundings, signal }, signal);
  };
  const first = new AbortController();
  const { fleet, identity } = await start(AbortSignal.any([first.signal, stopping.signal]));
  const launch = mode === 'sequential' ? 'virtualMachines.put' : 'deployments.put';
  const actionsOf = (call: WorldCall): readonly string[] => (call === 'launch' ? [launch] : actions[call]);
  const machine = (workerId: string) => {
    const found = azure.machines().find(({ name }) => name === workerId);
    return { vmId: found?.vmId ?? '', subscriptionId };
  };
  return {
    azure,
    heard: surroundings.heard,
    clock,
    async restart() {
      first.abort(new Error('the process dies'));
      return (await start(stopping.signal)).fleet!;
    },
    fleet: fleet!,
    identity,
    providerId: 'azure-1',
    configuration: mode === 'sequential' ? sequentialConfiguration : templateConfiguration,
    unknownId: `vm-${'a'.repeat(35)}`,
    now: () => clock.now(),
    machines: () =>
      azure.machines().map(({ name, tags, provisioningState }) => ({
        workerId: name,
        orderId: tags['order-id'] ?? null,
        isAlive: provisioningState !== 'Deleting' && provisioningState !== 'Failed',
      })),
    async addStranger() {
      return addMachine(await openArm(readAzureSettings(new SettingsReader(settings)), clock));
    },
    end: (workerId) => azure.steering.vanish(workerId),
    limitStock(available) {
      // The suite then asks for five. What is missing is refused at once, as Azure refuses sizes that it knows to be out of stock.
      const times = 5 - available;
      azure.faults.add({ kind: 'error', action: launch, code: 'SkuNotAvailable', times });
    },
    refuse(call, refusalClass) {
      const code = codes[refusalClass];
      for (const action of code === undefined ? [] : actionsOf(call)) {
        azure.faults.add({ kind: 'error', action, ...(code === undefined ? {} : { code }) });
      }
      return code !== undefined;
    },
    disturb(call, how, when) {
      for (const action of actionsOf(call))
        azure.faults.add({ kind: how === 'break' ? 'reset' : 'hang', action, when });
    },
    calm: () => azure.faults.clear(),
    proofOf: async (workerId) => ({ document: await authority.attest(machine(workerId)) }),
    async forgeries(workerId) {
      const forged = azureForgeries({ authority, machine: machine(workerId), now: clock.now() });
      return Object.fromEntries(Object.entries(forged).map(([name, document]) => [name, { document }]));
    },
    async close() {
      stopping.abort();
      await azure.close();
    },
  };
}

/** A machine of another provider's, beside ours and with a name of the same form. @returns its name. */
async function addMachine(arm: Arm): Promise<string> {
  const signal = new AbortController().signal;
  const name = `vm-${'b'.repeat(35)}`;
  const base = `/subscriptions/${subscriptionId}/resourceGroups/rg-workers/providers`;
  const nic = `${base}/Microsoft.Network/networkInterfaces/nic-stranger`;
  const tags = { 'created-by': 'taskcluster-wm-azure-2' };
  const put = async (id: string, version: string, properties: JsonObject): Promise<void> => {
    const url = `${id}?api-version=${version}`;
    const body = { location: 'eastus', tags, properties };
    await arm.send({ method: 'PUT', url, kind: 'write', operation: 'stranger.put', body }, signal);
  };
  const address = { name: 'ip', properties: { subnet: { id: subnetId } } };
  await put(nic, '2024-05-01', { ipConfigurations: [address] });
  await put(`${base}/Microsoft.Compute/virtualMachines/${name}`, '2024-07-01', {
    hardwareProfile: { vmSize: 'Standard_F8s_v2' },
    osProfile: { computerName: 'stranger', adminUsername: 'stranger', adminPassword: 'Aa1-stranger-password' },
    storageProfile: { osDisk: { createOption: 'FromImage' }, imageReference: image },
    networkProfile: { networkInterfaces: [{ id: nic }] },
  });
  return name;
}
