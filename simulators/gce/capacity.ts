import type { Draft } from './draft.ts';
import type { Faults, Quota, Stock } from './faults.ts';
import { integerAt, listAt, textAt } from './json.ts';
import { statusAt } from './life.ts';
import type { OperationError } from './operation.ts';
import type { Zone } from './zone.ts';

/** What keeps instances from being created, beyond the first `room` ones. */
export interface Shortage {
  room: number;
  error: OperationError;
  at: Quota['at'];
}

/**
 * The quota that leaves the least room for instances of a draft, if there is not room for all of them.
 *
 * The error is that of https://cloud.google.com/compute/quotas: metric, limit and region are in its text and in its
 * `quotaInfo`.
 */
export function quotaShortage(
  draft: Draft,
  count: number,
  zone: Zone,
  zones: Iterable<Zone>,
  faults: Faults,
  nowMs: number,
): Shortage | undefined {
  const quotas = faults.quotas(zone.name);
  if (quotas.length === 0) {
    return undefined;
  }
  const hasPreemptible = quotas.some(({ metric }) => metric.startsWith('PREEMPTIBLE_'));
  const kept = [...zones];
  let worst: Shortage | undefined;
  for (const quota of quotas) {
    const amount = amountOf(draft, quota.metric, hasPreemptible);
    if (amount > 0) {
      const room = Math.max(0, Math.floor((quota.limit - usage(quota, kept, hasPreemptible, nowMs)) / amount));
      if (room < Math.min(count, worst?.room ?? Infinity)) {
        worst = { room, error: quotaError(quota, zone), at: quota.at };
      }
    }
  }
  return worst;
}

/** The stock that holds the fewest machines for a draft, if it does not hold enough. */
export function stockShortage(
  draft: Draft,
  count: number,
  zone: Zone,
  faults: Faults,
  project: string,
): Shortage | undefined {
  const [least] = stocksFor(draft, zone, faults).toSorted((a, b) => a.available - b.available);
  return least === undefined || least.available >= count
    ? undefined
    : { room: least.available, error: stockError(draft, zone.name, project, least.code), at: least.at };
}

/** Takes machines from all stocks that hold them. */
export function takeStock(draft: Draft, count: number, zone: Zone, faults: Faults): void {
  for (const stock of stocksFor(draft, zone, faults)) {
    stock.available -= count;
  }
}

/** What is used of a quota now. */
export function usage(quota: Quota, zones: readonly Zone[], hasPreemptible: boolean, nowMs: number): number {
  let used = 0;
  for (const zone of zones) {
    if (quota.region === undefined || quota.region === zone.region) {
      for (const { draft, life, isFailing } of zone.instances) {
        if (!isFailing && !['GONE', 'TERMINATED', 'SUSPENDED'].includes(statusAt(life, nowMs))) {
          used += amountOf(draft, quota.metric, hasPreemptible);
        }
      }
    }
  }
  return used;
}

/**
 * How much of a quota one instance takes. A spot instance takes from the preemptible quota where the project was given
 * one, else from the usual one (https://cloud.google.com/compute/docs/instances/spot).
 */
function amountOf(draft: Draft, metric: string, hasPreemptible: boolean): number {
  const { machineType, isSpot, given } = draft;
  const prefix = isSpot && hasPreemptible ? 'PREEMPTIBLE_' : '';
  if (metric === 'INSTANCES') {
    return 1;
  }
  if (metric === 'CPUS_ALL_REGIONS') {
    return machineType.vcpus;
  }
  if (metric === 'IN_USE_ADDRESSES') {
    return listAt(given, 'networkInterfaces').filter((nic) => listAt(nic, 'accessConfigs').length > 0).length;
  }
  if (metric === (prefix === '' ? machineType.cpuMetric : 'PREEMPTIBLE_CPUS')) {
    return machineType.vcpus;
  }
  const gpus = listAt(given, 'guestAccelerators').filter(
    (accelerator) => prefix + gpuMetric(textAt(accelerator, 'acceleratorType') ?? '') === metric,
  );
  return gpus.reduce((sum: number, accelerator) => sum + (integerAt(accelerator, 'acceleratorCount') ?? 0), 0);
}

/** `…/acceleratorTypes/nvidia-tesla-t4` → `NVIDIA_T4_GPUS`. */
function gpuMetric(type: string): string {
  const name = type.slice(type.lastIndexOf('/') + 1).replace('-tesla', '');
  return `${name.toUpperCase().replaceAll('-', '_')}_GPUS`;
}

function quotaError({ metric, limit, region }: Quota, zone: Zone): OperationError {
  const amount = Number.isInteger(limit) ? limit.toFixed(1) : String(limit);
  const place = region === undefined ? 'globally' : `in region ${zone.region}`;
  return {
    code: 'QUOTA_EXCEEDED',
    message: `Quota '${metric}' exceeded.  Limit: ${amount} ${place}.`,
    errorDetails: [
      {
        quotaInfo: {
          metricName: `compute.googleapis.com/${metric.toLowerCase()}`,
          limitName: `${metric.replaceAll('_', '-')}-per-project${region === undefined ? '' : '-region'}`,
          dimensions: region === undefined ? {} : { region: zone.region },
          limit,
        },
      },
    ],
    httpStatus: 403,
  };
}

function stocksFor({ machineType, isSpot }: Draft, zone: Zone, faults: Faults): Stock[] {
  return faults
    .stocks(zone.name)
    .filter(
      (stock) => (stock.machineType ?? machineType.name) === machineType.name && (stock.isSpot ?? isSpot) === isSpot,
    );
}

/** As https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-resource-availability words it. */
function stockError(
  { machineType }: Draft,
  zone: string,
  project: string,
  code = 'ZONE_RESOURCE_POOL_EXHAUSTED',
): OperationError {
  const advice = code.endsWith('_WITH_DETAILS')
    ? "'(resource type:compute)'."
    : 'Try a different zone, or try again later.';
  return {
    code,
    message: `The zone 'projects/${project}/zones/${zone}' does not have enough resources available to fulfill the request.  ${advice}`,
    errorDetails: [
      {
        help: {
          links: [
            {
              description: 'Troubleshooting documentation',
              url: 'https://cloud.google.com/compute/docs/resource-error',
            },
          ],
        },
      },
      {
        localizedMessage: {
          locale: 'en-US',
          message: `A ${machineType.name} VM instance is currently unavailable in the ${zone} zone. Alternatively, you can try your request again with a different VM hardware configuration or at a later time. For more information, see the troubleshooting documentation.`,
        },
      },
      {
        errorInfo: {
          reason: 'resource_availability',
          domain: 'compute.googleapis.com',
          metadatas: { zone, vmType: machineType.name, attachment: '', zonesAvailable: '' },
        },
      },
    ],
    httpStatus: 503,
  };
}
