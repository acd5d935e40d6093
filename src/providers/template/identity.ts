import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ProofRejected } from '#core/error.ts';
import { stringMember } from '#core/provider.ts';
import type { Identity } from '#core/provider.ts';

/**
 * Checks who a worker is, from a proof that only its machine can have: here a signature of the machine's id by the cloud's
 * key. Check everything, trust nothing that the proof itself brings along, and reject in one way: the client is not told why.
 */
export function templateIdentity(identityKey: KeyObject): Identity {
  return {
    async identify(proof, worker) {
      const token = stringMember(proof, 'token') ?? '';
      if (!verify(null, Buffer.from(worker.workerId, 'utf8'), identityKey, Buffer.from(token, 'base64url'))) {
        throw new ProofRejected('the token is no signature of the worker by the cloud');
      }
    },
  };
}
