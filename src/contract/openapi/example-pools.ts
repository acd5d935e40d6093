import type { JsonObject } from '#core/json.ts';
import type { WorkerPoolDefinition } from '#contract/shapes.ts';

const workerConfig = { genericWorker: { config: { idleTimeoutSecs: 300, shutdownMachineOnIdle: true } } };
const about = { owner: 'fleet@example.com', emailOnError: true };
const limits = {
  minCapacity: 0,
  maxCapacity: 50,
  scalingRatio: 1,
  lifecycle: { registrationTimeout: 1800, reregistrationTimeout: 345_600, queueInactivityTimeout: 7200 },
};

const awsLaunchConfig = {
  region: 'us-west-2',
  launchConfig: {
    ImageId: 'ami-0123456789abcdef0',
    InstanceType: 'm7i.large',
    SubnetId: 'subnet-0123456789abcdef0',
    InstanceMarketOptions: { MarketType: 'spot' },
  },
  workerConfig,
  workerManager: { launchConfigId: 'lc-us-west-2', capacityPerInstance: 1, initialWeight: 0.8, maxCapacity: 30 },
} as const satisfies JsonObject;

const googleLaunchConfig = {
  region: 'us-east1',
  zone: 'us-east1-b',
  machineType: 'zones/us-east1-b/machineTypes/n2-standard-4',
  disks: [
    {
      type: 'PERSISTENT',
      boot: true,
      autoDelete: true,
      initializeParams: { sourceImage: 'projects/example/global/images/worker', diskSizeGb: 60 },
    },
  ],
  networkInterfaces: [{ accessConfigs: [{ type: 'ONE_TO_ONE_NAT' }] }],
  scheduling: { onHostMaintenance: 'terminate', provisioningModel: 'SPOT' },
  workerConfig,
  workerManager: { capacityPerInstance: 1 },
} as const satisfies JsonObject;

const subscription = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/example/providers';

const azureLaunchConfig = {
  location: 'westus2',
  subnetId: `${subscription}/Microsoft.Network/virtualNetworks/workers/subnets/default`,
  hardwareProfile: { vmSize: 'Standard_D4s_v5' },
  storageProfile: {
    imageReference: { id: `${subscription}/Microsoft.Compute/images/worker` },
    osDisk: { createOption: 'FromImage' },
  },
  priority: 'Spot',
  billingProfile: { maxPrice: -1 },
  workerConfig,
  workerManager: { capacityPerInstance: 1, publicIp: false },
} as const satisfies JsonObject;

const azureTemplateLaunchConfig = {
  armDeployment: {
    mode: 'Incremental',
    templateLink: { id: `${subscription}/Microsoft.Resources/templateSpecs/worker/versions/1.0` },
    parameters: { location: { value: 'westus2' }, vmSize: { value: 'Standard_D4s_v5' } },
  },
  workerConfig,
  workerManager: { capacityPerInstance: 1 },
} as const satisfies JsonObject;

/** A definition of a worker pool for each type of provider whose config has a form. */
export const examplePools = {
  aws: {
    ...about,
    providerId: 'aws',
    description: 'Linux builds',
    config: { ...limits, launchConfigs: [awsLaunchConfig] },
  },
  google: {
    ...about,
    providerId: 'google',
    description: 'Linux tests',
    config: { ...limits, launchConfigs: [googleLaunchConfig] },
  },
  azure: {
    ...about,
    providerId: 'azure',
    description: 'Windows tests',
    config: { ...limits, launchConfigs: [azureLaunchConfig, azureTemplateLaunchConfig] },
  },
  static: {
    ...about,
    providerId: 'static',
    description: 'Machines in our own rack',
    config: { lifecycle: { reregistrationTimeout: 345_600 }, workerConfig },
  },
} as const satisfies Record<string, WorkerPoolDefinition>;

/** A stored launch config. */
export const exampleLaunchConfig = awsLaunchConfig;
