import type { JsonObject } from '#core/json.ts';
import type { PoolInput } from '#core/pool-store.ts';
import { awsProvider } from './rig.ts';
import type { Rig } from './rig.ts';

/** Where machines are when they are spread. */
export const severalRegions: readonly string[] = ['us-west-2', 'us-east-1', 'eu-central-1', 'us-west-1', 'eu-west-1'];
/** The one that tells which regions there are. */
export const oneRegion: readonly string[] = ['us-east-1'];

/** The largest pool of a fleet; larger fleets have more pools. */
const largestPool = 5_000;
const mostTurns = 20;

/** A pool of AWS machines with a launch config for each region. */
export function awsPool(
  workerPoolId: string,
  regions: readonly string[],
  capacity: { min: number; max: number },
): PoolInput {
  return {
    workerPoolId,
    providerId: awsProvider,
    description: 'Linux builders',
    owner: 'builds@example.com',
    emailOnError: false,
    config: {
      minCapacity: capacity.min,
      maxCapacity: capacity.max,
      scalingRatio: 1,
      launchConfigs: regions.map(launchConfig),
    },
  };
}

function launchConfig(region: string): JsonObject {
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
    workerConfig: { genericWorker: { config: { idleTimeoutSecs: 60, shutdownMachineOnIdle: true } } },
    workerManager: { capacityPerInstance: 1 },
  };
}

/** Launches machines through the program itself: orders, calls, rows. They stay `requested`. */
export async function launch(rig: Rig, size: number, regions: readonly string[]): Promise<void> {
  const count = Math.ceil(size / largestPool);
  const pools = Array.from({ length: count }, (_, index) => {
    const capacity = Math.floor((size * (index + 1)) / count) - Math.floor((size * index) / count);
    return awsPool(`bench/pool-${index + 1}`, regions, { min: capacity, max: capacity });
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
export async function runningFleet(rig: Rig, size: number, regions: readonly string[]): Promise<void> {
  await launch(rig, size, regions);
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
