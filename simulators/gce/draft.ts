import type { JsonObject } from '#lib/json.ts';
import { checkDisks, checkNetworkInterfaces } from './attachments.ts';
import { at, isTrueAt, listAt, objectAt, textAt, textsAt } from './json.ts';
import { checkLabels } from './labels.ts';
import { machineTypeOf, type MachineType } from './machine-type.ts';
import { checkMetadata } from './metadata-items.ts';
import { invalidValue, missingField, Refusal } from './refusal.ts';

/** All that a call says of its instances, but for their names; kept once for all instances that are equal. */
export interface Draft {
  /** As it was sent, checked. */
  given: JsonObject;
  machineType: MachineType;
  labels: Readonly<Record<string, string>>;
  metadata: Readonly<Record<string, string>>;
  isSpot: boolean;
  /** What a preemption does. */
  terminationAction: 'STOP' | 'DELETE';
  automaticRestart: boolean;
  /** E-mail of the service account, or undefined for none. */
  account: string | undefined;
}

/** Where the resource stands in the call, and how it names machine types: an insert by URL, a bulk insert by name. */
export interface DraftSite {
  field: 'resource' | 'resource.instanceProperties';
  zone: string;
  /** E-mails of the service accounts that exist; the first is the project's default. */
  accounts: readonly string[];
}

/**
 * Reads and checks what an insert, or each of a bulk insert, asks for.
 *
 * The texts of refusals are those that users of Compute Engine quote.
 *
 * @throws Refusal with Google's reason for what is wrong.
 */
export function draftOf(given: JsonObject, site: DraftSite): Draft {
  const { field } = site;
  const machineType = readMachineType(given, site);
  checkDisks(given, field);
  checkNetworkInterfaces(given, field);
  checkLabels(textsAt(given, 'labels'), `${field}.labels`);
  return {
    given,
    machineType,
    labels: textsAt(given, 'labels'),
    metadata: checkMetadata(listAt(given, 'metadata', 'items'), `${field}.metadata`),
    ...readScheduling(objectAt(given, 'scheduling'), `${field}.scheduling`),
    account: readAccount(given, site),
  };
}

function readMachineType(given: JsonObject, { field, zone }: DraftSite): MachineType {
  const place = `${field}.machineType`;
  const text = textAt(given, 'machineType');
  if (text === undefined) {
    throw missingField(place);
  }
  const [, typeZone, name = ''] =
    field === 'resource'
      ? (/^(?:.*\/)?zones\/([^/]+)\/machineTypes\/([^/]+)$/.exec(text) ?? [])
      : (/^()([a-z][-a-z0-9]*)$/.exec(text) ?? []);
  if (typeZone === undefined) {
    throw invalidValue(
      place,
      text,
      field === 'resource' ? 'The URL is malformed.' : "Must be a match of regex '[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?'",
    );
  }
  if (typeZone !== '' && typeZone !== zone) {
    throw invalidValue(place, text, `The referenced machine type is in a different zone than the instance: '${zone}'.`);
  }
  const type = machineTypeOf(name);
  if (type === undefined) {
    throw invalidValue(place, text, `Machine type with name '${name}' does not exist in zone '${zone}'.`);
  }
  return type;
}

type Scheduling = Pick<Draft, 'isSpot' | 'terminationAction' | 'automaticRestart'>;

/** Words are taken in any case, as users write `terminate`. */
function readScheduling(scheduling: JsonObject, field: string): Scheduling {
  const model = choice(scheduling, 'provisioningModel', ['STANDARD', 'SPOT', 'FLEX_START', 'RESERVATION_BOUND'], field);
  const isSpot = model === 'SPOT' || isTrueAt(scheduling, 'preemptible');
  const maintenance = choice(scheduling, 'onHostMaintenance', ['MIGRATE', 'TERMINATE'], field);
  const action = choice(scheduling, 'instanceTerminationAction', ['STOP', 'DELETE'], field);
  const restarts = at(scheduling, 'automaticRestart');
  if (isSpot && restarts === true) {
    throw invalidScheduling(
      scheduling,
      field,
      'Scheduling must have automaticRestart be false when preemptible is true.',
    );
  }
  if (isSpot && maintenance === 'MIGRATE') {
    throw invalidScheduling(
      scheduling,
      field,
      "Scheduling must have preemptible be false when OnHostMaintenance isn't TERMINATE.",
    );
  }
  if (action !== undefined && !isSpot && at(scheduling, 'maxRunDuration') === undefined) {
    throw new Refusal(
      400,
      'badRequest',
      'You cannot specify a termination action for a VM instance that has the standard provisioning model (default). To use instance termination action, the VM instance must use the Spot provisioning model or have a max run duration.',
    );
  }
  return { isSpot, terminationAction: action ?? 'STOP', automaticRestart: !isSpot && restarts !== false };
}

function choice<Word extends string>(
  scheduling: JsonObject,
  name: string,
  words: readonly Word[],
  field: string,
): Word | undefined {
  const text = textAt(scheduling, name);
  const word = words.find((candidate) => candidate === text?.toUpperCase());
  if (text !== undefined && word === undefined) {
    throw invalidValue(`${field}.${name}`, text, `Must be one of ${words.join(', ')}.`);
  }
  return word;
}

function invalidScheduling(scheduling: JsonObject, field: string, why: string): Refusal {
  return invalidValue(field, JSON.stringify(scheduling), why);
}

function readAccount(given: JsonObject, { field, accounts }: DraftSite): string | undefined {
  const asked = listAt(given, 'serviceAccounts');
  if (asked.length > 1) {
    throw invalidValue(`${field}.serviceAccounts`, '', 'At most one service account per instance is allowed.');
  }
  if (asked.length === 0) {
    return undefined;
  }
  const email = textAt(asked[0], 'email') ?? 'default';
  const account = email === 'default' ? accounts[0] : accounts.find((known) => known === email);
  if (account === undefined) {
    throw invalidValue(
      `${field}.serviceAccounts[0].email`,
      email,
      `The user does not have access to service account '${email}'.`,
    );
  }
  return account;
}
