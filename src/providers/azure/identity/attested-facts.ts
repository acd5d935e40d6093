import { ProofRejected } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { isJsonObject } from '#lib/json.ts';

/** How far the clocks of Azure's hosts and of this machine may be apart. */
const toleranceMs = 5 * 60_000;

/** Azure's documents live six hours. One that says it lives for months was not made to show that its machine is there now. */
const longestLifeMs = 7 * 24 * 3_600_000;

/** What an attested document says of its machine, as far as it is asked for. */
export interface AttestedFacts {
  vmId: string;
  subscriptionId: string;
  /** What the machine gave, or else the time; null: it was left out. */
  nonce: string | null;
  createdOn: Date;
  expiresOn: Date;
}

/** What is known of the machine; null: not known. */
export interface ExpectedFacts {
  vmId: string | null;
  subscriptionId: string;
  nonce: string | null;
}

/**
 * Reads the content of an attested document
 * (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service, section "Attested data").
 * @throws ProofRejected when it is not such a content.
 */
export function readAttestedFacts(content: Buffer): AttestedFacts {
  const members = parse(content);
  const timeStamp = members['timeStamp'];
  if (!isJsonObject(timeStamp)) {
    throw new ProofRejected('the document has no timeStamp');
  }
  return {
    vmId: text(members, 'vmId'),
    subscriptionId: text(members, 'subscriptionId'),
    nonce: stringMember(members, 'nonce'),
    createdOn: time(timeStamp, 'createdOn'),
    expiresOn: time(timeStamp, 'expiresOn'),
  };
}

/**
 * Compares what a document says with what is known, and its time with now.
 * @throws ProofRejected when anything differs.
 */
export function checkAttestedFacts(facts: AttestedFacts, expected: ExpectedFacts, now: Date): void {
  const createdMs = facts.createdOn.getTime();
  const expiresMs = facts.expiresOn.getTime();
  if (expiresMs <= now.getTime()) {
    throw new ProofRejected('the document has expired');
  }
  if (createdMs > now.getTime() + toleranceMs) {
    throw new ProofRejected('the document is of the future');
  }
  if (expiresMs - createdMs > longestLifeMs || expiresMs <= createdMs) {
    throw new ProofRejected('the document lives longer than such documents do, or ends before it begins');
  }
  if (!isSameId(facts.subscriptionId, expected.subscriptionId)) {
    throw new ProofRejected('the document is of another subscription');
  }
  if (expected.vmId !== null && !isSameId(facts.vmId, expected.vmId)) {
    throw new ProofRejected('the document is of another machine');
  }
  if (expected.nonce !== null && facts.nonce !== expected.nonce) {
    throw new ProofRejected('the document was not made with the expected nonce');
  }
}

/** Azure writes the same id with capitals in one answer and without in another. */
export function isSameId(one: string, other: string): boolean {
  return one !== '' && one.toLowerCase() === other.toLowerCase();
}

/** An instant in Azure's form, e.g. `07/28/26 13:24:00 -0000`; null when it is none, or of no day that there is. */
export function readAzureTime(azureTime: string): Date | null {
  const form = /^(\d\d)\/(\d\d)\/(\d\d) ([\d:]{8}) ([+-]\d\d)(\d\d)$/;
  const iso = form.test(azureTime) ? azureTime.replace(form, '20$3-$1-$2T$4$5:$6') : '';
  const local = iso.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length);
  const asIfUtc = new Date(`${local}Z`);
  // A date such as 02/30 becomes one of March.
  if (Number.isNaN(asIfUtc.getTime()) || !asIfUtc.toISOString().startsWith(local)) {
    return null;
  }
  const instant = new Date(iso);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

function parse(content: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
    if (isJsonObject(value)) {
      return value;
    }
  } catch (cause) {
    throw new ProofRejected('the content is no JSON', { cause });
  }
  throw new ProofRejected('the content is no JSON object');
}

function text(members: JsonObject, name: string): string {
  const value = stringMember(members, name);
  if (value === null) {
    throw new ProofRejected(`the document has no ${name}`);
  }
  return value;
}

function time(members: JsonObject, name: string): Date {
  const value = readAzureTime(text(members, name));
  if (value === null) {
    throw new ProofRejected(`the document's ${name} is no time in Azure's form`);
  }
  return value;
}
