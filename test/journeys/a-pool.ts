import type { JsonObject } from '#core/json.ts';

/** A launch config, of which a test says what matters. */
export interface LaunchConfigTraits {
  region?: string;
  instanceType?: string;
  isSpot?: boolean;
  /** Members of `workerManager`. */
  workerManager?: JsonObject;
  /** After how much idleness its workers ask whether to end; absent: the world's time. */
  idleTimeoutSecs?: number;
}

export function aLaunchConfig(traits: LaunchConfigTraits = {}): JsonObject {
  const { region = 'us-west-2', instanceType = 'm5.large', isSpot = false, idleTimeoutSecs } = traits;
  return {
    region,
    launchConfig: {
      ImageId: 'ami-0a1b2c3d4e5f60718',
      InstanceType: instanceType,
      ...(isSpot ? { InstanceMarketOptions: { MarketType: 'spot' } } : {}),
    },
    ...(idleTimeoutSecs === undefined ? {} : { workerConfig: { genericWorker: { config: { idleTimeoutSecs } } } }),
    ...(traits.workerManager === undefined ? {} : { workerManager: traits.workerManager }),
  };
}

/** A pool, of which a test says what matters. */
export interface PoolTraits {
  providerId?: string;
  min?: number;
  max?: number;
  scalingRatio?: number;
  /** In seconds. */
  lifecycle?: { registrationTimeout?: number; reregistrationTimeout?: number; queueInactivityTimeout?: number };
  launchConfigs?: readonly JsonObject[];
}

/** The body of createWorkerPool and updateWorkerPool for a pool at EC2. */
export function aPool(traits: PoolTraits = {}): JsonObject {
  const { providerId = 'aws-demo', min = 0, max = 10, scalingRatio = 1, lifecycle = {} } = traits;
  return {
    providerId,
    description: 'a pool of a test',
    owner: 'owner@example.com',
    emailOnError: false,
    config: {
      minCapacity: min,
      maxCapacity: max,
      scalingRatio,
      lifecycle: { ...lifecycle },
      launchConfigs: traits.launchConfigs ?? [aLaunchConfig()],
    },
  };
}

/** The body of createWorkerPool and updateWorkerPool for a pool whose workers people declare. */
export function aStaticPool(providerId = 'static-demo'): JsonObject {
  return { providerId, description: 'a pool of a test', owner: 'owner@example.com', emailOnError: false, config: {} };
}
