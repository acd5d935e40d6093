import { ServiceError } from '#core/error.ts';
import { stringMember } from '#core/provider.ts';
import type { Enrolment } from '#core/provider.ts';
import { sealedData, sealedSecretOf } from './sealed-secret.ts';
import type { SecretSeal } from './sealed-secret.ts';

/** Two slugids (spec/api.md 0.1). */
const secretPattern = /^[a-zA-Z0-9_-]{44}$/;

/** Declares workers by `providerInfo.staticSecret`. */
export function staticEnrolment(vault: SecretSeal): Enrolment {
  return {
    enrol(providerInfo, previous) {
      // An update that says nothing about the secret keeps it (W4).
      if (providerInfo === undefined && previous !== null) {
        return previous;
      }
      const staticSecret = stringMember(providerInfo, 'staticSecret');
      if (staticSecret === null || !secretPattern.test(staticSecret)) {
        throw new ServiceError(
          'invalid-input',
          'providerInfo.staticSecret must be given, with 44 characters of A-Z, a-z, 0-9, - and _',
        );
      }
      return sealedData(vault, staticSecret);
    },

    matches(providerInfo, stored) {
      const staticSecret = stringMember(providerInfo, 'staticSecret');
      const sealed = sealedSecretOf(stored);
      return staticSecret !== null && sealed !== null && vault.matches(sealed, staticSecret);
    },
  };
}
