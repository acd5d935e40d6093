import { createHash } from 'node:crypto';
import type { JsonObject } from '#core/json.ts';
import type { LaunchRequest } from '#core/launch.ts';

/** The label that says: this machine is ours; its value names the provider. */
export const ownershipLabel = 'created-by';
/** The label that names the order a machine was started by. */
export const orderLabel = 'order-id';

/** https://cloud.google.com/compute/docs/labeling-resources#requirements */
const longestValue = 63;
const mostLabels = 64;

/**
 * The value of the ownership label for the machines of a provider. Machines are found again by it, so where the provider's id had to be changed to
 * be a label, a digest keeps it apart from others that would come to the same.
 */
export function ownerMark(providerId: string): string {
  const mark = `taskcluster-wm-${providerId}`;
  const value = labelValue(mark);
  return value === mark ? value : `${value.slice(0, longestValue - 9)}-${digestOf(mark)}`;
}

/**
 * The labels of a machine and its disks: those of the launch config, overlaid with ours (spec/provisioning.md 7.3), which are valid whatever the ids are
 * (P-23). Where there would be more than Google takes, the last of the launch config's give way.
 */
export function machineLabels({ order, pool }: LaunchRequest, given: JsonObject): Readonly<Record<string, string>> {
  const ours: Readonly<Record<string, string>> = {
    [ownershipLabel]: ownerMark(order.providerId),
    'managed-by': 'taskcluster',
    'worker-pool-id': labelValue(order.workerPoolId),
    owner: labelValue(pool.owner),
    'launch-config-id': labelValue(order.launchConfigId),
    [orderLabel]: labelValue(order.orderId),
  };
  return { ...withRoomFor(ours, given), ...ours };
}

/** The labels of a disk: what is there of its own, then those of its machine. */
export function diskLabels(
  machine: Readonly<Record<string, string>>,
  ...given: readonly JsonObject[]
): Readonly<Record<string, string>> {
  return { ...withRoomFor(machine, Object.assign({}, ...given) as JsonObject), ...machine };
}

/** Of the given labels, as many as there is room for beside ours. What Google thinks of them is Google's to say. */
function withRoomFor(ours: Readonly<Record<string, string>>, given: JsonObject): Record<string, string> {
  const others = Object.entries(given).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && ours[entry[0]] === undefined,
  );
  return Object.fromEntries(others.slice(0, mostLabels - Object.keys(ours).length));
}

/** Lower case, digits and hyphens, so many as Google takes. */
function labelValue(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, longestValue);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
