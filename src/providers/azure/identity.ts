import { ProofRejected } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import type { Identity } from '#core/provider.ts';
import type { Worker } from '#core/worker.ts';
import { isJsonObject } from '#lib/json.ts';
import { checkAttestedFacts, isSameId, readAttestedFacts } from './identity/attested-facts.ts';
import { MalformedDer } from './identity/der.ts';
import { faultOfSigner } from './identity/path.ts';
import { openSignedData } from './identity/signed-data.ts';
import type { SignedContent } from './identity/signed-data.ts';
import type { TrustStore } from './identity/trust-store.ts';

/** In characters of base64. Real documents have four thousand. */
const longestDocument = 16 * 1024;

/** What it takes to check who a machine at Azure is. */
export interface AzureIdentityParts {
  trust: TrustStore;
  /** The subscription that all machines of the provider are in. */
  subscriptionId: string;
  /**
   * The id that Azure gave to the worker's machine, asked of Azure; null: there is no such machine. Called only for a worker whose
   * `providerData.vm.vmId` is not recorded, and only with a document that Azure signed for a machine of the subscription.
   */
  vmIdOf(worker: Worker, signal: AbortSignal): Promise<string | null>;
}

/**
 * The proof is the attested document of Azure's metadata service: PKCS#7 signed data over a few facts, base64 (spec/provisioning.md 8.12). It
 * has to be signed by a machine of Azure's, whose certificate a trusted authority issued, and to say that it is this worker's machine, now.
 * What costs most comes last: nothing is fetched, and Azure is not asked, for a document that is wrong in itself. Whether the worker may still
 * register is the caller's to ask.
 */
export function azureIdentity(parts: AzureIdentityParts): Identity {
  return {
    async identify(proof, worker, now, signal) {
      const { content, signer } = openDocument(proof);
      const fault = faultOfSigner(signer, now);
      if (fault !== null) {
        throw new ProofRejected(fault);
      }
      const facts = readAttestedFacts(content);
      const recorded = { vmId: recordedVmId(worker), nonce: stringMember(worker.providerData, 'nonce') };
      checkAttestedFacts(facts, { ...recorded, subscriptionId: parts.subscriptionId }, now);
      await parts.trust.vouch(signer, worker, now, signal);
      if (recorded.vmId === null && !isSameId((await parts.vmIdOf(worker, signal)) ?? '', facts.vmId)) {
        throw new ProofRejected('the document is of another machine than Azure has under the worker’s name');
      }
    },
  };
}

/** @throws ProofRejected unless the document is one, signed with the key of the certificate in it: whosever that is. */
export function openDocument(proof: JsonObject): SignedContent {
  const document = stringMember(proof, 'document') ?? '';
  const base64 = document.length > longestDocument ? '' : document.replaceAll(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new ProofRejected('the proof lacks its document, or it is too long or not base64');
  }
  try {
    return openSignedData(Buffer.from(base64, 'base64'));
  } catch (error) {
    if (error instanceof MalformedDer) {
      throw new ProofRejected(`the document is not as Azure makes them: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

function recordedVmId({ providerData }: Worker): string | null {
  const vm = providerData['vm'];
  const vmId = isJsonObject(vm) ? stringMember(vm, 'vmId') : null;
  return vmId === '' ? null : vmId;
}
