import { ProofRejected } from '#core/error.ts';
import { stringMember } from '#core/provider.ts';
import type { Identity } from '#core/provider.ts';
import { sealedSecretOf } from './sealed-secret.ts';
import type { SecretSeal } from './sealed-secret.ts';

/** A static worker proves who it is by its secret, as often as it likes. */
export function staticIdentity(vault: SecretSeal): Identity {
  return {
    async identify(proof, worker) {
      const staticSecret = stringMember(proof, 'staticSecret');
      if (staticSecret === null) {
        throw new ProofRejected('the proof has no staticSecret');
      }
      const sealed = sealedSecretOf(worker.providerData);
      if (sealed === null) {
        throw new ProofRejected('no secret is stored for the worker');
      }
      if (!vault.matches(sealed, staticSecret)) {
        throw new ProofRejected('the secret is not that of the worker, or was sealed by a key that is no longer known');
      }
    },
  };
}
