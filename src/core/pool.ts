import type { JsonObject, JsonValue } from './json.ts';

/** A worker pool without its launch configs (spec/api.md 7.1). Instants are `Date`s everywhere in the core. */
export interface Pool {
  /** `<provisionerId>/<workerType>`, the queue's task queue id. */
  workerPoolId: string;
  /** The provider that starts its workers now; `null-provider` while it is being deleted. */
  providerId: string;
  /** Providers that may still have workers of this pool; never holds `providerId`. */
  previousProviderIds: readonly string[];
  description: string;
  owner: string;
  emailOnError: boolean;
  /** As the user sent it, without `launchConfigs`. */
  config: JsonObject;
  created: Date;
  lastModified: Date;
}

/** One of several ways to start a worker of a pool (spec/api.md 6, 7.2). */
export interface LaunchConfig {
  workerPoolId: string;
  launchConfigId: string;
  isArchived: boolean;
  /** As the user sent it. Apart from `workerManager` it never changes under one id. */
  configuration: JsonObject;
  created: Date;
  lastModified: Date;
}

/** A pool with its active launch configs, in the order of their submission. */
export interface PoolDefinition extends Pool {
  launchConfigs: readonly LaunchConfig[];
  /** Whether the config as sent had the member `launchConfigs`, an empty list included: then it is shown again (W1). */
  hasLaunchConfigs: boolean;
}

/** The provider id of a pool that is being deleted. */
export const nullProviderId = 'null-provider';

/** How large a pool may be, in capacity (tasks at once), with defaults applied (spec/api.md 5.1). */
export interface PoolLimits {
  minCapacity: number;
  maxCapacity: number;
  /** Capacity to add per pending task, 0 to 1. */
  scalingRatio: number;
}

/** How long things may take, with defaults applied (spec/api.md 5.2, spec/provisioning.md 1.3). */
export interface Lifecycle {
  /** Time to register after the request; null: no own limit. */
  registrationTimeoutMs: number | null;
  reregistrationTimeoutMs: number;
  queueInactivityTimeoutMs: number;
}

/** What selection needs to know of a launch config, with defaults applied (spec/api.md 5.3). */
export interface LaunchConfigLimits {
  capacityPerInstance: number;
  /** 0 to 1; 0 means off. */
  initialWeight: number;
  /** In capacity; never above the pool's own. 0 means off. */
  maxCapacity: number;
}

/** 4 days: lifetime of a worker's credentials unless the pool says otherwise (spec/provisioning.md 1.3). */
export const defaultReregistrationTimeoutMs = 345_600_000;
/** 2 hours without queue activity make a zombie unless the pool says otherwise (spec/provisioning.md 1.3). */
export const defaultQueueInactivityTimeoutMs = 7_200_000;

const objectOf = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

const numberOf = (value: JsonValue | undefined, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

/** The limits of a pool's config; missing members (static, null) give an empty pool. */
export function poolLimits(config: JsonObject): PoolLimits {
  return {
    minCapacity: numberOf(config['minCapacity'], 0),
    maxCapacity: numberOf(config['maxCapacity'], 0),
    scalingRatio: numberOf(config['scalingRatio'], 1),
  };
}

/**
 * The lifecycle of a pool's config; absent and 0 both mean the default, as users know it. So does a negative one, which older definitions may hold
 * (W23): taken at its word, it would end each worker the moment it is requested.
 */
export function lifecycleOf(config: JsonObject): Lifecycle {
  const lifecycle = objectOf(config['lifecycle']);
  const timeoutMs = <Default>(name: string, otherwise: Default): number | Default => {
    const seconds = numberOf(lifecycle[name], 0);
    return seconds > 0 ? seconds * 1000 : otherwise;
  };
  return {
    registrationTimeoutMs: timeoutMs('registrationTimeout', null),
    reregistrationTimeoutMs: timeoutMs('reregistrationTimeout', defaultReregistrationTimeoutMs),
    queueInactivityTimeoutMs: timeoutMs('queueInactivityTimeout', defaultQueueInactivityTimeoutMs),
  };
}

/** When a worker requested now must end unless it registers: the smaller of the two time-outs (spec/provisioning.md 1.3). */
export function terminateAfterRequest(lifecycle: Lifecycle, now: Date): Date {
  const { registrationTimeoutMs, reregistrationTimeoutMs } = lifecycle;
  const limitMs =
    registrationTimeoutMs !== null && registrationTimeoutMs < reregistrationTimeoutMs
      ? registrationTimeoutMs
      : reregistrationTimeoutMs;
  return new Date(now.getTime() + limitMs);
}

/** The limits of one launch config; `workerManager` wins over the deprecated place (spec/api.md 5.3, 5.9). */
export function launchConfigLimits(configuration: JsonObject, poolMaxCapacity: number): LaunchConfigLimits {
  const workerManager = objectOf(configuration['workerManager']);
  const perInstance = numberOf(workerManager['capacityPerInstance'], numberOf(configuration['capacityPerInstance'], 1));
  return {
    // The schema asks for at least 1; a machine that brings nothing would be started without end.
    capacityPerInstance: Math.max(1, perInstance),
    initialWeight: numberOf(workerManager['initialWeight'], 1),
    maxCapacity: Math.min(numberOf(workerManager['maxCapacity'], poolMaxCapacity), poolMaxCapacity),
  };
}
