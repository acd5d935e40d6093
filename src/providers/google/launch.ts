import type { Clock } from '#core/clock.ts';
import type { JsonObject } from '#core/json.ts';
import type { LaunchedWorker, LaunchOrder, LaunchOutcome, LaunchRequest, Refusal } from '#core/launch.ts';
import { LaunchUncertain } from '#providers/launch-call.ts';
import { bulkLaunch } from './bulk-launch.ts';
import type { Compute } from './compute.ts';
import { each } from './each.ts';
import { GoogleError, isConflict, operationRefusal, ownCodes, refusalOf } from './errors.ts';
import { foundWorker, launchedWorker } from './instance.ts';
import { machineNames } from './machine-names.ts';
import type { MachineName } from './machine-names.ts';
import { insertBody, isBulkable, machineProperties } from './machine.ts';
import { hasOpenBulkInsert, machinesOf } from './order-machines.ts';
import { placementOf, scopesOf, zoneScopes } from './place.ts';
import type { Placement } from './place.ts';

/** What launches need beside their order. */
export interface LaunchParts {
  compute: Compute;
  project: string;
  /** The e-mail address of the service account that machines get. */
  serviceAccount: string;
  rootUrl: string;
  clock: Clock;
}

/** An order, with what is sent of it. */
export interface PreparedOrder {
  order: LaunchOrder;
  placement: Placement;
  /** What all its machines have alike. */
  properties: JsonObject;
  machines: readonly MachineName[];
}

/**
 * Two pages of the list that tells a bulkInsert's ids, and 50 s of insert calls at the default pace where bulkInsert cannot be used. Google takes
 * 5,000 at once (https://cloud.google.com/compute/docs/instances/multiple/about-bulk-creation#limitations).
 */
export const maxPerOrder = 1000;

/**
 * From so many machines on a bulkInsert is sent: itself and the two or three calls that tell the machines' ids, for an insert's answer names its machine and a
 * bulkInsert's does not. That would save calls from five on; but no more than ten bulkInserts may be under way in a project
 * (https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-bulk-vm-creation), so they are for orders where they save many.
 */
const bulkFrom = 10;

/** Insert calls under way at once for one order; their pace is `limits.ts`. */
const parallelInserts = 32;

/**
 * Sends an order. Names and request ids follow from it, so a repeat starts nothing twice: within some time Google answers it with the operation of
 * the first call, later with a conflict of names, and then the machine is looked for (P-42). Does not wait for machines to be up: that one is
 * accepted proves nothing of machines or quota there.
 */
export async function launch(parts: LaunchParts, request: LaunchRequest, signal: AbortSignal): Promise<LaunchOutcome> {
  const { order } = request;
  const properties = machineProperties(request, parts.serviceAccount, parts.rootUrl);
  const prepared: PreparedOrder = {
    order,
    placement: placementOf(request.configuration),
    properties,
    machines: machineNames(order),
  };
  return order.count >= bulkFrom && isBulkable(properties)
    ? bulkLaunch(parts, prepared, signal)
    : insertLaunch(parts, prepared, signal);
}

/**
 * Finds what an order started, in whatever state its machines are by now. Why there may be fewer than ordered is not known
 * any more: then nothing is said of it. `unknown` when Google cannot be asked, or is still at it.
 */
export async function recover(
  { compute, project }: Pick<LaunchParts, 'compute' | 'project'>,
  order: LaunchOrder,
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const scopes = zoneScopes(order.workerGroup, 'list');
  try {
    const found = await machinesOf(compute, order, signal);
    const launched = found.map((instance) => foundWorker(project, instance));
    if (found.length < order.count && (await hasOpenBulkInsert(compute, order, signal))) {
      const stillAtIt = new GoogleError(ownCodes.unfinished, 'the bulkInsert operation goes on');
      return { kind: 'unknown', launched, refusal: refusalOf(stillAtIt, scopes) };
    }
    return { kind: 'settled', launched, refusal: null };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unknown', launched: [], refusal: refusalOf(error, scopes) };
  }
}

/**
 * What came of one insert call. `exists`: an earlier one got through, and Google remembers no longer which. `isEarlier`: an earlier one got through,
 * and its operation has failed.
 */
type Inserted =
  | { kind: 'started'; worker: LaunchedWorker }
  | { kind: 'refused'; refusal: Refusal; isEarlier: boolean }
  | { kind: 'exists' | 'unknown'; refusal: Refusal };

/**
 * One call per machine. Once one is refused, or without answer, so would the others be: those not sent yet are spared. An operation that has failed is
 * that of an earlier attempt, in which the others were sent, too.
 */
async function insertLaunch(parts: LaunchParts, prepared: PreparedOrder, signal: AbortSignal): Promise<LaunchOutcome> {
  let hopeless: Inserted | null = null;
  const inserted = await each(prepared.machines, parallelInserts, async (machine): Promise<Inserted> => {
    const one = hopeless ?? (await insertOne(parts, prepared, machine, signal));
    hopeless = one.kind === 'unknown' || (one.kind === 'refused' && !one.isEarlier) ? one : hopeless;
    return one;
  });
  return outcomeOf(parts, prepared, inserted, signal);
}

async function insertOne(
  { compute, project }: LaunchParts,
  { placement, properties }: PreparedOrder,
  machine: MachineName,
  signal: AbortSignal,
): Promise<Inserted> {
  const scopes = scopesOf(placement);
  const { name, requestId } = machine;
  try {
    const operation = await compute.insert(placement.zone, requestId, insertBody(properties, machine), signal);
    const { targetId: id, insertedAt: createdAt, errors, errorStatus } = operation;
    if (errors.length > 0) {
      // A repeat, and what it repeats has failed meanwhile.
      const refusal = operationRefusal(errors, errorStatus, operation.name, scopes);
      return { kind: 'refused', refusal, isEarlier: true };
    }
    if (id === null) {
      throw new LaunchUncertain(new GoogleError(ownCodes.brokenAnswer, `operation ${operation.name} has no target`));
    }
    return { kind: 'started', worker: launchedWorker(project, placement, { id, name, createdAt }) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LaunchUncertain) {
      return { kind: 'unknown', refusal: refusalOf(error.cause, scopes) };
    }
    const refusal = refusalOf(error, scopes);
    return isConflict(error) ? { kind: 'exists', refusal } : { kind: 'refused', refusal, isEarlier: false };
  }
}

/** Certain only when every machine's fate is. */
async function outcomeOf(
  parts: LaunchParts,
  prepared: PreparedOrder,
  inserted: readonly Inserted[],
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { found, doubt } = await earlierMachines(parts, prepared, inserted, signal);
  const started = inserted.flatMap((one) => (one.kind === 'started' ? one.worker : []));
  const launched = [...started, ...found];
  const unknown = firstRefusal(inserted, 'unknown') ?? doubt;
  return unknown === null
    ? { kind: 'settled', launched, refusal: firstRefusal(inserted, 'refused') }
    : { kind: 'unknown', launched, refusal: unknown };
}

function firstRefusal(inserted: readonly Inserted[], kind: Exclude<Inserted['kind'], 'started'>): Refusal | null {
  return inserted.flatMap((one) => (one.kind !== 'started' && one.kind === kind ? one.refusal : []))[0] ?? null;
}

/** The machines of earlier attempts whose names are taken. `doubt`: not all of them are shown. */
async function earlierMachines(
  { compute, project }: LaunchParts,
  { order, placement, machines }: PreparedOrder,
  inserted: readonly Inserted[],
  signal: AbortSignal,
): Promise<{ found: readonly LaunchedWorker[]; doubt: Refusal | null }> {
  const conflict = firstRefusal(inserted, 'exists');
  if (conflict === null) return { found: [], doubt: null };
  const taken = new Set(machines.filter((_, index) => inserted[index]?.kind === 'exists').map(({ name }) => name));
  try {
    const shown = (await machinesOf(compute, order, signal)).filter(({ name }) => taken.has(name));
    const found = shown.map((instance) => launchedWorker(project, placement, instance));
    return { found, doubt: found.length < taken.size ? { ...conflict, class: 'transient' } : null };
  } catch (error) {
    signal.throwIfAborted();
    return { found: [], doubt: refusalOf(error, scopesOf(placement)) };
  }
}
