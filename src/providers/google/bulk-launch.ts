import type { LaunchedWorker, LaunchOutcome, Refusal } from '#core/launch.ts';
import { LaunchUncertain } from '#providers/launch-call.ts';
import type { GoogleOperation } from './answer.ts';
import type { Compute } from './compute.ts';
import { GoogleError, isConflict, operationRefusal, ownCodes, refusalOf } from './errors.ts';
import { launchedWorker } from './instance.ts';
import type { GoogleInstance } from './instance.ts';
import type { LaunchParts, PreparedOrder } from './launch.ts';
import { bulkRequestId } from './machine-names.ts';
import { bulkInsertBody } from './machine.ts';
import { machinesOf } from './order-machines.ts';
import { scopesOf } from './place.ts';

/** The loops end a launch after a minute; a part of that is for the call itself. */
const idsWithinMs = 40_000;
const firstPauseMs = 500;
const longestPauseMs = 4_000;

/**
 * Starts all machines of an order with one call, and then waits until a list shows their ids, or the operation has ended with fewer of them. That is over in
 * a few seconds; where it is not, the outcome is `unknown` for those not shown yet, and a repeat of the order finds the operation again by its request id.
 */
export async function bulkLaunch(
  parts: LaunchParts,
  prepared: PreparedOrder,
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { order, placement, properties, machines } = prepared;
  const scopes = scopesOf(placement);
  let operation: GoogleOperation | null = null;
  try {
    const body = bulkInsertBody(properties, machines);
    operation = await parts.compute.bulkInsert(placement.zone, bulkRequestId(order), body, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LaunchUncertain) {
      return { kind: 'unknown', launched: [], refusal: refusalOf(error.cause, scopes) };
    }
    if (!isConflict(error)) {
      return settled(parts, prepared, [], refusalOf(error, scopes));
    }
  }
  try {
    return operation === null
      ? await adoptEarlier(parts, prepared, signal)
      : await awaitMachines(parts, prepared, operation, signal);
  } catch (error) {
    signal.throwIfAborted();
    // They exist, or will: only the question failed.
    return { kind: 'unknown', launched: [], refusal: refusalOf(error, scopes) };
  }
}

async function awaitMachines(
  parts: LaunchParts,
  prepared: PreparedOrder,
  started: GoogleOperation,
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { compute, clock } = parts;
  const { order, placement } = prepared;
  const deadlineMs = clock.now().getTime() + idsWithinMs;
  let operation = started;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const shown = await machinesOf(compute, order, signal);
    if (shown.length >= expectedOf(operation, order.count, shown.length)) {
      const refusal = await shortfall(parts, prepared, operation, shown.length, signal);
      return settled(parts, prepared, shown, refusal);
    }
    if (clock.now().getTime() + pauseMs > deadlineMs) {
      const message = `after ${idsWithinMs} ms ${shown.length} of ${order.count} are shown`;
      const refusal = refusalOf(new GoogleError(ownCodes.unfinished, message), scopesOf(placement));
      return { kind: 'unknown', launched: workersOf(parts, prepared, shown), refusal };
    }
    await clock.sleep(pauseMs, signal);
    // Asked before the list, so that a list made after the end shows all there will be.
    operation = operation.isDone ? operation : await compute.operation(placement.zone, operation.name, signal);
  }
}

/** How many machines a list must show to be complete: all that were asked for, unless the operation has ended with fewer. */
function expectedOf({ isDone, errors, createdCount }: GoogleOperation, count: number, shown: number): number {
  if (!isDone) {
    return count;
  }
  return createdCount ?? (errors.length > 0 ? shown : count);
}

/** Why there are fewer: the inserts of which the bulkInsert consists say it better than that does, if it says anything. */
async function shortfall(
  { compute }: LaunchParts,
  { order, placement }: PreparedOrder,
  operation: GoogleOperation,
  started: number,
  signal: AbortSignal,
): Promise<Refusal | null> {
  if (started >= order.count) {
    return null;
  }
  const failed = (await insertsOf(compute, order.workerGroup, operation, signal)).find(hasFailed);
  const { errors, errorStatus, name } = failed ?? operation;
  const message = `Google started ${started} of ${order.count} instances`;
  const unexplained = [{ code: 'insufficientCapacity', message, quotaMetric: null }];
  return operationRefusal(hasFailed({ errors }) ? errors : unexplained, errorStatus, name, scopesOf(placement));
}

function hasFailed({ errors }: Pick<GoogleOperation, 'errors'>): boolean {
  return errors.length > 0;
}

/** The first page of them: one that failed is enough. */
async function insertsOf(
  compute: Compute,
  zone: string,
  { groupId }: GoogleOperation,
  signal: AbortSignal,
): Promise<readonly GoogleOperation[]> {
  if (groupId === null) {
    return [];
  }
  const filter = `operationGroupId = "${groupId}"`;
  const { operations } = await compute.operations(zone, { filter, pageToken: null }, signal);
  return operations.filter((operation) => operation.groupId === groupId && operation.type === 'insert');
}

/**
 * The names are taken: an earlier attempt got through, and Google remembers its request id no longer. What it started is the order's; as long
 * as Google does not show it, it is somewhere.
 */
async function adoptEarlier(parts: LaunchParts, prepared: PreparedOrder, signal: AbortSignal): Promise<LaunchOutcome> {
  const shown = await machinesOf(parts.compute, prepared.order, signal);
  if (shown.length === 0) {
    throw new GoogleError(ownCodes.unfinished, 'the names are taken by machines that are not shown yet');
  }
  return settled(parts, prepared, shown, null);
}

function settled(
  parts: LaunchParts,
  prepared: PreparedOrder,
  instances: readonly GoogleInstance[],
  refusal: Refusal | null,
): LaunchOutcome {
  return { kind: 'settled', launched: workersOf(parts, prepared, instances), refusal };
}

function workersOf(
  { project }: LaunchParts,
  { placement }: PreparedOrder,
  instances: readonly GoogleInstance[],
): readonly LaunchedWorker[] {
  return instances.map((instance) => launchedWorker(project, placement, instance));
}
