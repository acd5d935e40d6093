import type { JsonObject } from '#core/json.ts';
import type { SealedSecret, SecretVault } from '#lib/secret-vault.ts';

/** As much of the vault as workers' secrets need. */
export type SecretSeal = Pick<SecretVault, 'seal' | 'matches'>;

/** The provider data of a declared worker: its secret as a keyed hash only (W31). */
export function sealedData(vault: SecretSeal, staticSecret: string): JsonObject {
  return { staticSecret: { ...vault.seal(staticSecret) } };
}

/** The sealed secret in a worker's provider data, or null where there is none. */
export function sealedSecretOf(providerData: JsonObject): SealedSecret | null {
  const stored = providerData['staticSecret'];
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) {
    return null;
  }
  const { kid, hash } = stored as JsonObject;
  return typeof kid === 'string' && typeof hash === 'string' ? { kid, hash } : null;
}
