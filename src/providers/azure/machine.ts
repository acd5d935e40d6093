import type { JsonObject } from '#core/json.ts';
import type { Refusal } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import type { Presence, Sighting } from '#core/provider.ts';
import { ArmError, meaningOfError, refusalOf } from './errors.ts';
import { launchedWorker, recordFrom, scopesOf } from './machine-record.ts';
import type { MachineRecord } from './machine-record.ts';
import { asObject, objectAt, objectsIn } from './members.ts';
import { readResourceId } from './paths.ts';
import { orderTag, tagOf } from './tags.ts';

/** What Azure says of a machine's state (spec/provisioning.md 8.8.1). */
export interface MachineState {
  presence: Presence;
  /** Why, when the presence is `failed`. */
  why: string | null;
  /** What its creation failed for, when the machine says so. */
  error: ArmError | null;
}

/** Machines with these power states neither work nor come back by themselves: evicted, hibernated, or switched off (8.15). */
const deadPowerStates = /^PowerState\/(stopping|stopped|deallocating|deallocated)$/i;
const livingPowerStates = /^PowerState\/(starting|running)$/i;
const failure = /^ProvisioningState\/failed\/(.+)$/i;

/**
 * What a machine's state means. A list shows provisioning and power; asked for one by one, a machine also says why it failed.
 * @param ignoredFailures codes of failed provisioning that are none.
 */
export function stateOf(machine: JsonObject, ignoredFailures: readonly string[]): MachineState {
  const properties = asObject(machine['properties']);
  const provisioning = stringMember(properties, 'provisioningState') ?? '';
  const statuses = objectsIn(objectAt(properties, 'instanceView')['statuses']);
  const codes = statuses.flatMap((status) => stringMember(status, 'code') ?? []);
  if (/^deleting$/i.test(provisioning)) return { presence: 'ending', why: null, error: null };
  const dead = codes.filter((code) => deadPowerStates.test(code));
  if (dead.length > 0)
    return { presence: 'failed', why: `failed power state; powerStates=${dead.join(',')}`, error: null };
  // It may still register; its time limit ends it if it does not.
  const isRunning = codes.some((code) => /^PowerState\/running$/i.test(code));
  const failed = isRunning ? null : failureIn(statuses, ignoredFailures);
  if (failed !== null) return failed;
  if (codes.some((code) => livingPowerStates.test(code))) return { presence: 'alive', why: null, error: null };
  return byProvisioning(
    provisioning,
    codes.some((code) => failure.test(code)),
  );
}

function failureIn(statuses: readonly JsonObject[], ignoredFailures: readonly string[]): MachineState | null {
  for (const status of statuses) {
    const code = failure.exec(stringMember(status, 'code') ?? '')?.[1];
    if (code === undefined || ignoredFailures.includes(code)) continue;
    const words = stringMember(status, 'message') ?? stringMember(status, 'displayStatus') ?? '';
    const error = new ArmError(code, words, { isOperation: true });
    const why = `failed provisioning state; ProvisioningState/failed/${code}${words === '' ? '' : `: ${words}`}`;
    return { presence: 'failed', why, error };
  }
  return null;
}

function byProvisioning(provisioning: string, isIgnoredFailure: boolean): MachineState {
  const state = (presence: Presence): MachineState => ({ presence, why: null, error: null });
  switch (provisioning.toLowerCase()) {
    case 'succeeded':
    case 'updating':
    case 'migrating':
      return state('alive');
    case 'creating':
      return state('starting');
    case 'failed':
      if (isIgnoredFailure) return state('alive');
      return { presence: 'failed', why: `vm has state ${provisioning}`, error: null };
    case 'canceled':
    case 'deallocating':
      return { presence: 'failed', why: `vm has state ${provisioning}`, error: null };
    default:
      // New to us: it exists, and its time limits still hold (P-14).
      return state('suspended');
  }
}

/** What a machine says of itself that never changes. */
export interface MachineFacts {
  record: MachineRecord;
  orderId: string | null;
  launchedAt: Date | null;
}

/** Reads it from what Azure says of a machine when it says all. */
export function factsOf(machine: JsonObject): MachineFacts {
  const id = readResourceId(stringMember(machine, 'id') ?? '');
  const createdMs = Date.parse(stringMember(asObject(machine['properties']), 'timeCreated') ?? '');
  return {
    record: recordFrom(machine, stringMember(machine, 'name') ?? id?.name ?? '', id?.group ?? ''),
    orderId: tagOf(machine, orderTag),
    launchedAt: Number.isNaN(createdMs) ? null : new Date(createdMs),
  };
}

/** A sighting; what would be recorded of it is put together when somebody asks, since most are of machines that are long known. */
class MachineSighting implements Sighting {
  readonly workerGroup: string;
  readonly workerId: string;
  readonly presence: Presence;
  readonly cloudState: string;
  readonly orderId: string | null;
  readonly launchedAt: Date | null;
  readonly why?: string;
  readonly trouble?: Refusal;
  readonly #record: MachineRecord;

  constructor(machine: JsonObject, facts: MachineFacts, state: MachineState, trouble: Refusal | null) {
    const { record, orderId, launchedAt } = facts;
    this.workerGroup = record.location;
    this.workerId = record.workerId;
    this.presence = state.presence;
    this.cloudState = cloudStateOf(machine);
    this.orderId = orderId;
    this.launchedAt = launchedAt;
    if (state.why !== null) this.why = state.why;
    if (trouble !== null) this.trouble = trouble;
    this.#record = record;
  }

  get providerData(): JsonObject {
    return launchedWorker(this.#record).providerData;
  }
}

function cloudStateOf(machine: JsonObject): string {
  const properties = asObject(machine['properties']);
  const power = objectsIn(objectAt(properties, 'instanceView')['statuses'])
    .flatMap((status) => stringMember(status, 'code') ?? [])
    .filter((code) => code.startsWith('PowerState/'));
  return [stringMember(properties, 'provisioningState') ?? 'unknown', ...power].join(', ');
}

/** A failure as a launch's refusal; null for one that says nothing of other launches, such as an operating system that did not come up. */
function troubleOf(error: ArmError | null, record: MachineRecord): Refusal | null {
  if (error === null || meaningOfError(error) === null) return null;
  return refusalOf(error, scopesOf(record), 'VM Creation Error');
}

/**
 * What a machine of ours shows of itself.
 * @param known how its creation is known to have failed: Azure does not always show it with the machine.
 * @param facts where the machine is shown with its state only.
 */
export function sightingOf(
  machine: JsonObject,
  known: ArmError | null = null,
  facts: MachineFacts = factsOf(machine),
): Sighting {
  const { record } = facts;
  const state = stateOf(machine, record.ignoredFailures);
  const error = state.presence === 'failed' && !isDead(state) ? (state.error ?? known) : null;
  return new MachineSighting(machine, facts, state, troubleOf(error, record));
}

/** It was up once: how it was made does not matter any more. */
function isDead({ why }: MachineState): boolean {
  return why?.startsWith('failed power state') === true;
}

/** A worker whose machine was never there, because its creation failed. */
export function sightingOfFailure(record: MachineRecord, error: ArmError): Sighting {
  const trouble = troubleOf(error, record);
  const why = { why: `VM Creation Error: ${error.message}` };
  return sightingWithout(record, {
    presence: 'failed',
    cloudState: `failed: ${error.code}`,
    ...(trouble === null ? why : { trouble }),
  });
}

/** A sighting of a worker of which Azure shows no machine (yet, or any more). */
export function sightingWithout(
  record: MachineRecord,
  seen: Pick<Sighting, 'presence' | 'cloudState'> & Partial<Pick<Sighting, 'orderId' | 'why' | 'trouble'>>,
): Sighting {
  return {
    ...launchedWorker(record),
    orderId: null,
    launchedAt: null,
    ...seen,
  };
}
