import { verify } from 'node:crypto';
import { ProofRejected } from '#core/error.ts';
import type { JsonObject, JsonValue } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import type { Identity } from '#core/provider.ts';
import type { Worker } from '#core/worker.ts';
import type { IdentityKeys } from './identity-keys.ts';
import { asObject } from './members.ts';
import { isSignedData, verifySignedData } from './pkcs7.ts';

/** How far the clocks of EC2 and of this machine, and EC2's two accounts of the launch, may be apart. */
const toleranceMs = 5 * 60_000;

/** Members of the document and where the same fact was recorded at the launch. */
const comparedFacts: readonly (readonly [documentMember: string, recordedMember: string])[] = [
  ['accountId', 'owner'],
  ['availabilityZone', 'availabilityZone'],
  ['architecture', 'architecture'],
  ['imageId', 'imageId'],
  ['instanceType', 'instanceType'],
  ['privateIp', 'privateIp'],
  ['region', 'region'],
];

/**
 * The proof is the instance identity document, byte for byte, and a signature of it: the plain one (RSA with SHA-256) or the
 * RSA-2048 PKCS#7 one, told apart by their form (spec/provisioning.md 6.7). Everything is signature first: of a document that
 * is not Amazon's, nothing is read. Documents are made once per launch and never expire, so what bounds them is their instance
 * and its launch time; whether the worker may still register is the caller's to ask.
 */
export function awsIdentity(keys: IdentityKeys): Identity {
  return {
    async identify(proof, worker, now) {
      const document = stringMember(proof, 'document') ?? '';
      const signature = stringMember(proof, 'signature') ?? '';
      if (document === '' || signature === '') {
        throw new ProofRejected('the proof lacks its document or its signature');
      }
      await verifySignature(keys, worker.workerGroup, Buffer.from(document, 'utf8'), signature);
      const facts = parse(document);
      compare(facts, worker);
      checkPendingTime(facts, worker, now);
    },
  };
}

async function verifySignature(keys: IdentityKeys, region: string, document: Buffer, signature: string): Promise<void> {
  const bytes = Buffer.from(signature, 'base64');
  const { rsa2048, signature: plain } = keys(region);
  if (isSignedData(bytes)) {
    await verifySignedData(bytes, document, rsa2048);
  } else if (!plain.some((key) => verify('sha256', document, key, bytes))) {
    throw new ProofRejected(`the signature does not verify with a key of region ${JSON.stringify(region)}`);
  }
}

function parse(document: string): JsonObject {
  try {
    return asObject(JSON.parse(document) as JsonValue);
  } catch (cause) {
    throw new ProofRejected('the document is no JSON', { cause });
  }
}

function compare(facts: JsonObject, worker: Worker): void {
  if (facts['instanceId'] !== worker.workerId) {
    throw new ProofRejected('the document is of another instance');
  }
  for (const [documentMember, recordedMember] of comparedFacts) {
    const recorded = stringMember(worker.providerData, recordedMember);
    if (recorded === null || facts[documentMember] !== recorded) {
      throw new ProofRejected(`the document's ${documentMember} is not what was recorded at the launch`);
    }
  }
}

function checkPendingTime(facts: JsonObject, worker: Worker, now: Date): void {
  const pendingMs = Date.parse(stringMember(facts, 'pendingTime') ?? '');
  const launchedMs = Date.parse(stringMember(worker.providerData, 'launchTime') ?? worker.created.toISOString());
  if (!(pendingMs <= now.getTime() + toleranceMs)) {
    throw new ProofRejected("the document's pendingTime is missing or in the future");
  }
  if (!(pendingMs >= launchedMs - toleranceMs)) {
    throw new ProofRejected("the document's pendingTime is before the launch");
  }
}
