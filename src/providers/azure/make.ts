import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { LaunchUncertain } from '#providers/launch-call.ts';
import { ArmError, ownCodes, refusalOf } from './errors.ts';
import type { FleetParts } from './fleet-parts.ts';
import type { MachineOutcome } from './launch.ts';
import { asObject } from './members.ts';
import { ended, launching, operationOf } from './operation.ts';
import type { Operation } from './operation.ts';
import type { AzurePlace } from './place.ts';
import { nic } from './resources/nic.ts';
import { publicIp } from './resources/public-ip.ts';
import { beginRemoval, find, put } from './resources/resource.ts';
import type { MachinePlan, ResourceHandler } from './resources/resource.ts';
import { vm } from './resources/vm.ts';

/** In the order in which they are made. */
const handlers: readonly ResourceHandler[] = [publicIp, nic, vm];
/** Addresses and interfaces are made within seconds; a launch call has a minute in all. */
const stepLimitMs = 50_000;

/** What is known about the order around one machine. */
export interface MachineOrder {
  place: AzurePlace;
  /** The order may have been sent before. */
  isRepeat: boolean;
  workerPoolId: string;
}

/**
 * Makes one machine: its address, its interface, then the machine itself, each as soon as the one before is done. It is launched when Azure has
 * accepted the machine. One that is refused takes what was made for it with it.
 */
export async function make(
  parts: FleetParts,
  plan: MachinePlan,
  { place, isRepeat }: MachineOrder,
  signal: AbortSignal,
): Promise<MachineOutcome> {
  const progress: Progress = { step: vm, isAnyMade: false };
  try {
    const known = isRepeat ? await surely(find(parts, vm.idOf(plan.record), signal)) : null;
    if (known !== null) return launchedAs(known);
    let made: JsonObject = {};
    for (const step of handlers.filter((handler) => handler.isWanted(plan))) {
      progress.step = step;
      made = await makeStep(parts, plan, progress, signal);
    }
    return launchedAs(made);
  } catch (error) {
    signal.throwIfAborted();
    const outcome = await outcomeOf(parts, plan, { error, step: progress.step, place }, signal);
    if (outcome.kind === 'refused' && progress.isAnyMade) void undo(parts, plan);
    return outcome;
  }
}

/** How far a machine got. */
interface Progress {
  step: ResourceHandler;
  isAnyMade: boolean;
}

/** What a step that did not succeed makes of the machine. */
async function outcomeOf(
  parts: FleetParts,
  plan: MachinePlan,
  { error, step, place }: { error: unknown; step: ResourceHandler; place: AzurePlace },
  signal: AbortSignal,
): Promise<MachineOutcome> {
  const isUncertain = error instanceof LaunchUncertain;
  const cause = isUncertain ? error.cause : error;
  const refusal = refusalOf(cause, place.scopes, step.title);
  try {
    const earlier = step === vm && mayBeEarlier(cause) ? await earlierMachine(parts, plan, cause, signal) : null;
    if (earlier !== null) return earlier;
  } catch (unanswered) {
    signal.throwIfAborted();
    return { kind: 'unknown', refusal: refusalOf(unanswered, place.scopes, step.title) };
  }
  return { kind: isUncertain ? 'unknown' : 'refused', refusal };
}

/** @returns what Azure answers of it. */
async function makeStep(
  parts: FleetParts,
  plan: MachinePlan,
  progress: Progress,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { record } = plan;
  const { step } = progress;
  // A machine that exists is not to be changed: its password would be another one, which Azure refuses.
  const condition = step === vm ? { 'if-none-match': '*' } : {};
  const answer = await put(parts, step.idOf(record), step.bodyOf(plan), signal, condition);
  progress.isAnyMade = true;
  const operation = operationOf(answer);
  if (operation === null) return answer.body;
  if (step !== vm) {
    await stepEnded(parts, step, operation, signal);
    return answer.body;
  }
  parts.followers.follow(record.workerId, 'vm.put', operation, async () => {});
  return answer.body;
}

/** Waits for an address or an interface. @throws ArmError when it fails, or does not end in time. */
async function stepEnded(
  parts: FleetParts,
  step: ResourceHandler,
  operation: Operation,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ended(parts, operation, { what: `${step.kind}.put`, haste: launching, limitMs: stepLimitMs }, signal);
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error;
    const words = `Azure accepted it and had not made it after ${stepLimitMs / 1000} s`;
    throw new ArmError(ownCodes.stuck, words, { isOperation: true, cause: error });
  }
}

/** Looks for what an earlier attempt may have made: without an answer the whole machine is in doubt. */
export async function surely<T>(look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (error) {
    throw new LaunchUncertain(error);
  }
}

function launchedAs(machine: JsonObject): MachineOutcome {
  return { kind: 'launched', vmId: stringMember(asObject(machine['properties']), 'vmId') };
}

/** Refusals that an existing machine may be the reason of: an earlier attempt made it. */
function mayBeEarlier(error: unknown): error is ArmError {
  return error instanceof ArmError && (provesEarlier(error) || error.status === 409);
}

function provesEarlier({ status, code }: ArmError): boolean {
  return status === 412 || code === 'PropertyChangeNotAllowed';
}

/** The machine that an earlier attempt made; null when there is none. Azure may know it better than it shows it. */
async function earlierMachine(
  parts: FleetParts,
  { record }: MachinePlan,
  refused: ArmError,
  signal: AbortSignal,
): Promise<MachineOutcome | null> {
  const found = await find(parts, vm.idOf(record), signal);
  if (found !== null) return launchedAs(found);
  return provesEarlier(refused) ? { kind: 'launched', vmId: null } : null;
}

/** In reverse, in the background. What a crash leaves of it is found by its tags. */
async function undo(parts: FleetParts, { record }: MachinePlan): Promise<void> {
  const { signal } = parts.surroundings;
  const begun = await beginRemoval(parts, vm.idOf(record), signal).catch(() => ({ kind: 'gone' }) as const);
  parts.teardowns.begin(record, begun, null);
}
