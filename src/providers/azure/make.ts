import type { JsonObject } from '#core/json.ts';
import type { Refusal } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import { LaunchUncertain } from '#providers/launch-call.ts';
import { ArmError, refusalOf } from './errors.ts';
import type { FleetParts } from './fleet-parts.ts';
import type { MachineOutcome } from './launch.ts';
import { asObject } from './members.ts';
import { ended, launching, operationOf } from './operation.ts';
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
  const { record } = plan;
  let step = vm;
  let isAnyMade = false;
  try {
    const known = isRepeat ? await find(parts, vm.idOf(record), signal) : null;
    if (known !== null) return launchedAs(known);
    let made: JsonObject = {};
    for (step of handlers.filter((handler) => handler.isWanted(plan))) {
      made = await makeStep(parts, plan, step, signal);
      isAnyMade = true;
    }
    return launchedAs(made);
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof LaunchUncertain ? error.cause : error;
    const refusal = refusalOf(cause, place.scopes, step.title);
    if (step === vm && isAboutExisting(cause)) return existing(parts, plan, refusal, signal);
    if (error instanceof LaunchUncertain) return { kind: 'unknown', refusal };
    if (isAnyMade) void undo(parts, plan);
    return { kind: 'refused', refusal };
  }
}

/** @returns what Azure answers of it. */
async function makeStep(
  parts: FleetParts,
  plan: MachinePlan,
  step: ResourceHandler,
  signal: AbortSignal,
): Promise<JsonObject> {
  const { record } = plan;
  // A machine that exists is not to be changed: its password would be another one, which Azure refuses.
  const condition = step === vm ? { 'if-none-match': '*' } : {};
  const answer = await put(parts, step.idOf(record), step.bodyOf(plan), signal, condition);
  const operation = operationOf(answer);
  if (operation === null) return answer.body;
  if (step !== vm) {
    await ended(parts, operation, { what: `${step.kind}.put`, haste: launching, limitMs: stepLimitMs }, signal);
    return answer.body;
  }
  parts.followers.follow(record.workerId, 'vm.put', operation, async () => {});
  return answer.body;
}

function launchedAs(machine: JsonObject): MachineOutcome {
  return { kind: 'launched', vmId: stringMember(asObject(machine['properties']), 'vmId') };
}

/** Refusals that an existing machine may be the reason of: an earlier attempt made it. */
function isAboutExisting(error: unknown): boolean {
  if (!(error instanceof ArmError)) return false;
  return error.status === 412 || error.status === 409 || error.code === 'PropertyChangeNotAllowed';
}

async function existing(
  parts: FleetParts,
  plan: MachinePlan,
  refusal: Refusal,
  signal: AbortSignal,
): Promise<MachineOutcome> {
  try {
    const found = await find(parts, vm.idOf(plan.record), signal);
    if (found !== null) return launchedAs(found);
  } catch {
    signal.throwIfAborted();
    return { kind: 'unknown', refusal: { ...refusal, class: 'transient' } };
  }
  void undo(parts, plan);
  return { kind: 'refused', refusal };
}

/** In reverse, in the background. What a crash leaves of it is found by its tags. */
async function undo(parts: FleetParts, { record }: MachinePlan): Promise<void> {
  const { signal } = parts.surroundings;
  const begun = await beginRemoval(parts, vm.idOf(record), signal).catch(() => ({ kind: 'gone' }) as const);
  parts.teardowns.begin(record, begun, null);
}
