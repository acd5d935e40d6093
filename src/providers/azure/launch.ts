import type { LaunchedWorker, LaunchOrder, LaunchOutcome, LaunchRequest, Refusal } from '#core/launch.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { customData } from './custom-data.ts';
import { deploy } from './deploy.ts';
import { ownCodes, refusalOf } from './errors.ts';
import { launchedWorker } from './machine-record.ts';
import type { MachineRecord } from './machine-record.ts';
import { make } from './make.ts';
import { asObject, objectsIn } from './members.ts';
import { workerIdsOf } from './names.ts';
import type { FleetParts } from './fleet-parts.ts';
import { isTemplate, placeOf } from './place.ts';
import type { AzurePlace } from './place.ts';
import { findMachine, groupsInUse } from './find-machine.ts';
import type { MachinePlan } from './resources/resource.ts';
import { tagsFor, wishesOf } from './tags.ts';
import { whileWanted } from './while-wanted.ts';

/**
 * Each machine is up to three writes, one after the other, and of these Azure takes 200 at once and 10 a second. Sixteen orders of a pool at once
 * (`loops/launch.ts`) are 480 writes, which takes half of the minute that a launch call has.
 */
export const maxPerOrder = 10;

/** What became of one machine. */
export type MachineOutcome =
  /** `vmId`: Azure's own id of the machine, when it is known already. */
  | { kind: 'launched'; vmId: string | null }
  | { kind: 'refused'; refusal: Refusal }
  /** Something of it may exist. */
  | { kind: 'unknown'; refusal: Refusal };

/** The loops send an order within seconds, and again after a minute and a half at the soonest. */
const repeatedAfterMs = 45_000;

/**
 * Starts an order's machines, all at once, each under names that follow from the order: a repeat finds what there is and makes only what is missing.
 * One that is refused takes none of the others with it.
 */
export async function launch(parts: FleetParts, request: LaunchRequest, signal: AbortSignal): Promise<LaunchOutcome> {
  signal.throwIfAborted();
  const { order, configuration } = request;
  const place = placeOf(configuration, parts.resourceGroupName);
  if (place.location === '') return refused(place, 'the launch config names no location');
  const isRepeat = parts.surroundings.clock.now().getTime() - order.placedAt.getTime() > repeatedAfterMs;
  const startOne = isTemplate(configuration) ? deploy : make;
  const plans = workerIdsOf(order).map((workerId) => planOf(parts, request, workerId, place));
  const results = await mapConcurrently(plans, maxPerOrder, async (plan) => {
    await whileWanted(parts.teardowns.settled(plan.record.workerId), signal);
    parts.teardowns.forget(plan.record.workerId);
    return startOne(parts, plan, { place, isRepeat, workerPoolId: order.workerPoolId }, signal);
  });
  signal.throwIfAborted();
  const outcomes = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  return inAll(plans, outcomes);
}

/** One machine in doubt leaves the order in doubt; the others are known. */
function inAll(plans: readonly MachinePlan[], outcomes: readonly MachineOutcome[]): LaunchOutcome {
  const launched = plans.flatMap(({ record }, index) => {
    const outcome = outcomes[index];
    return outcome?.kind === 'launched' ? [launchedWorker({ ...record, vmId: outcome.vmId })] : [];
  });
  const doubtful = outcomes.find((outcome) => outcome.kind === 'unknown');
  if (doubtful !== undefined) return { kind: 'unknown', launched, refusal: doubtful.refusal };
  const refusals = outcomes.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome.refusal] : []));
  return {
    kind: 'settled',
    launched,
    refusal: refusals[0] ?? null,
  };
}

function refused({ scopes }: AzurePlace, message: string): LaunchOutcome {
  const refusal: Refusal = {
    class: 'configuration',
    code: ownCodes.incomplete,
    message,
    scope: scopes.configuration,
    retryAfterMs: null,
    requestId: null,
  };
  return { kind: 'settled', launched: [], refusal };
}

/** What is needed to make one of an order’s machines. */
export function planOf(
  parts: Pick<FleetParts, 'subscriptionId' | 'surroundings'>,
  request: LaunchRequest,
  workerId: string,
  place: AzurePlace,
): MachinePlan {
  const { configuration, order } = request;
  const { rootUrl } = parts.surroundings;
  return {
    record: recordFor(request, workerId, place),
    subscriptionId: parts.subscriptionId,
    configuration,
    tags: tagsFor(request, { workerId, rootUrl, place }),
    customData: customData(order, rootUrl),
  };
}

function recordFor({ order, configuration }: LaunchRequest, workerId: string, place: AzurePlace): MachineRecord {
  const { location, group, vmSize, priority, subnetId, digest } = place;
  return {
    workerId,
    method: isTemplate(configuration) ? 'arm-template' : 'sequential',
    location,
    group,
    vmSize,
    priority,
    subnetId,
    digest,
    launchConfigId: order.launchConfigId,
    vmId: null,
    dataDisks: objectsIn(asObject(configuration['storageProfile'])['dataDisks']).length,
    ...wishesOf(configuration),
  };
}

/**
 * Finds what an order started, by the names that follow from it, in whatever state it is by now. `unknown` when Azure cannot be asked.
 */
export async function recover(parts: FleetParts, order: LaunchOrder, signal: AbortSignal): Promise<LaunchOutcome> {
  signal.throwIfAborted();
  try {
    const launched: LaunchedWorker[] = [];
    const groups = await groupsInUse(parts, signal);
    const results = await mapConcurrently(workerIdsOf(order), maxPerOrder, (workerId) =>
      findMachine(parts, workerId, groups, signal),
    );
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      if (result.value !== null) launched.push(launchedWorker(result.value));
    }
    return { kind: 'settled', launched, refusal: null };
  } catch (error) {
    signal.throwIfAborted();
    const { scopes } = placeOf({ location: order.workerGroup }, parts.resourceGroupName);
    return { kind: 'unknown', launched: [], refusal: refusalOf(error, scopes) };
  }
}
