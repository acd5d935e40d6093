import type { JsonObject } from '#core/json.ts';
import type { PoolInput } from '#core/pool-store.ts';
import { examplePools } from '#demo/pools.ts';
import type { CloudName } from './processes/clouds.ts';
import { cloudProvider } from './rig.ts';
import type { Rig } from './rig.ts';

/** Where machines are when they are spread. */
const severalRegions: readonly string[] = ['us-west-2', 'us-east-1', 'eu-central-1', 'us-west-1', 'eu-west-1'];
/** The one that tells which regions there are. */
const oneRegion: readonly string[] = ['us-east-1'];

/** The largest pool of a fleet; larger fleets have more pools. */
const largestPool = 5_000;
const mostTurns = 20;

const workerConfig = { genericWorker: { config: { idleTimeoutSecs: 60, shutdownMachineOnIdle: true } } };

/** Machines of one cloud, as they are measured. */
export interface BenchFleet {
  cloud: CloudName;
  /** For the report. */
  where: string;
  /** Of EC2. */
  regions: readonly string[];
  /** What the cloud's list shows at once. */
  machinesPerPage: number;
  /** The call that shows them. */
  listAction: string;
  launchConfigs: readonly JsonObject[];
}

/** Machines at EC2, spread over regions. */
function awsFleet(regions: readonly string[]): BenchFleet {
  const where = regions.length === 1 ? 'one region' : `${regions.length} regions`;
  return {
    cloud: 'ec2',
    where: `in ${where}`,
    regions,
    machinesPerPage: 1_000,
    listAction: 'DescribeInstances',
    launchConfigs: regions.map(atEc2),
  };
}

export const spreadFleet = awsFleet(severalRegions);
export const oneRegionFleet = awsFleet(oneRegion);

const zones = ['us-central1-a', 'us-central1-b', 'us-east4-a', 'europe-west1-b', 'us-west1-a'];

/** Machines at Compute Engine, spread over zones. @param isBulk whether one call may start many of them. */
export function googleFleet(isBulk = true): BenchFleet {
  const launchConfigs = zones.map((zone) => atGoogle(zone, isBulk));
  return {
    cloud: 'gce',
    where: `in ${zones.length} zones of Google`,
    regions: [],
    machinesPerPage: 500,
    listAction: 'instances.aggregatedList',
    launchConfigs,
  };
}

/** Machines at Azure, made part by part, all in one subscription. */
export const azureFleet: BenchFleet = {
  cloud: 'azure',
  where: 'in one subscription of Azure',
  regions: [],
  machinesPerPage: 200,
  listAction: 'virtualMachines.listAll',
  launchConfigs: ['eastus', 'westeurope'].map(atAzure),
};

/** The same, made by a template: one call a machine, after which nobody waits. */
export const azureTemplateFleet: BenchFleet = {
  ...azureFleet,
  launchConfigs: exampleLaunchConfigs('demo-azure/windows'),
};

/** A pool of such machines, with a launch config for each place. */
export function benchPool(
  workerPoolId: string,
  { launchConfigs }: BenchFleet,
  capacity: { min: number; max: number },
): PoolInput {
  return {
    workerPoolId,
    providerId: cloudProvider,
    description: 'Linux builders',
    owner: 'builds@example.com',
    emailOnError: false,
    config: {
      minCapacity: capacity.min,
      maxCapacity: capacity.max,
      scalingRatio: 1,
      launchConfigs: [...launchConfigs],
    },
  };
}

function atEc2(region: string): JsonObject {
  return {
    region,
    launchConfig: {
      ImageId: 'ami-0a1b2c3d4e5f60718',
      Placement: { AvailabilityZone: `${region}a` },
      SubnetId: 'subnet-0aa11bb22cc33dd44',
      SecurityGroupIds: ['sg-0123456789abcdef0'],
      InstanceType: 'm5.large',
      InstanceMarketOptions: {
        MarketType: 'spot',
        SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate' },
      },
      BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { VolumeSize: 120 } }],
    },
    workerConfig,
    workerManager: { capacityPerInstance: 1 },
  };
}

function exampleLaunchConfigs(workerPoolId: string): readonly JsonObject[] {
  const config = examplePools().find((pool) => pool.workerPoolId === workerPoolId)?.body['config'];
  return (config as { launchConfigs: readonly JsonObject[] }).launchConfigs;
}

function atAzure(location: string): JsonObject {
  const subscription = '/subscriptions/00000000-0000-4000-8000-000000000001';
  return {
    location,
    subnetId: `${subscription}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vn/subnets/default`,
    hardwareProfile: { vmSize: 'Standard_F8s_v2' },
    priority: 'Spot',
    evictionPolicy: 'Delete',
    billingProfile: { maxPrice: -1 },
    storageProfile: {
      osDisk: { createOption: 'FromImage', osType: 'Linux' },
      imageReference: { id: `${subscription}/resourceGroups/rg-img/providers/Microsoft.Compute/images/worker` },
    },
    workerConfig,
    workerManager: { capacityPerInstance: 1 },
  };
}

function atGoogle(zone: string, isBulk: boolean): JsonObject {
  return {
    region: zone.slice(0, -2),
    zone,
    machineType: `zones/${zone}/machineTypes/n2-standard-8`,
    disks: [
      {
        type: 'PERSISTENT',
        boot: true,
        autoDelete: true,
        initializeParams: { sourceImage: 'projects/images/global/images/builder', diskSizeGb: 75 },
      },
    ],
    networkInterfaces: [{ accessConfigs: [{ type: 'ONE_TO_ONE_NAT' }] }],
    scheduling: { provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE' },
    workerConfig,
    workerManager: { capacityPerInstance: 1 },
    // What bulkInsert does not take, so that each machine is a call of its own.
    ...(isBulk ? {} : { deletionProtection: false }),
  };
}

/** Launches machines through the program itself: orders, calls, rows. They stay `requested`. */
export async function launch(rig: Rig, size: number, fleet: BenchFleet): Promise<void> {
  const count = Math.ceil(size / largestPool);
  const pools = Array.from({ length: count }, (_, index) => {
    const capacity = Math.floor((size * (index + 1)) / count) - Math.floor((size * index) / count);
    return benchPool(`bench/pool-${index + 1}`, fleet, { min: capacity, max: capacity });
  });
  const { service } = await rig.service([]);
  await service.call('createPools', pools);
  for (let turn = 0; turn < mostTurns && (await machinesKnown(rig)) < size; turn += 1) {
    await service.call(
      'provision',
      pools.map(({ workerPoolId }) => workerPoolId),
    );
  }
  const known = await machinesKnown(rig);
  if (known !== size) throw new Error(`${known} of ${size} machines were launched`);
  await service.end();
  // The news of them was told long ago.
  await rig.sql('truncate outbox');
  await rig.settleDatabase();
}

/** A fleet of running machines in which nothing happens: launched by the program, then registered all at once. */
export async function runningFleet(rig: Rig, size: number, fleet: BenchFleet): Promise<void> {
  await launch(rig, size, fleet);
  await rig.sql(
    `update worker set state = 'running', registered_at = now(), last_modified = now(), due_at = null, attempts = 0,
      terminate_after = now() + interval '4 days', secret_kid = 'bench', secret_hash = repeat('x', 44)`,
  );
  await rig.settleDatabase();
}

async function machinesKnown(rig: Rig): Promise<number> {
  const [row] = await rig.sql<{ count: number }>(
    'select coalesce(sum(workers), 0)::integer as count from worker_count',
  );
  return row?.count ?? 0;
}
