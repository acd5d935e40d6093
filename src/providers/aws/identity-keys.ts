import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import published from './published-keys.json' with { type: 'json' };
import type { IdentityKey } from './settings.ts';

/** The keys that may sign identity documents of a region, by the form of signature. */
export interface RegionKeys {
  /** Of the plain signature (`/instance-identity/signature`). */
  signature: readonly KeyObject[];
  /** Of the RSA-2048 PKCS#7 signature (`/instance-identity/rsa2048`). */
  rsa2048: readonly KeyObject[];
}

/** The keys of a region; none of either form where no key is known. */
export type IdentityKeys = (region: string) => RegionKeys;

/**
 * Amazon's published keys (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/regions-certs.html) and those that the
 * settings add. A region's documents are believed with that region's keys only (P-22).
 */
export function identityKeys(added: readonly IdentityKey[]): IdentityKeys {
  const known = new Map<string, RegionKeys>();
  return (region) => {
    const keys = known.get(region) ?? {
      signature: [...publishedKeys(published.signature, region), ...addedKeys(added, region, 'signature')],
      rsa2048: [...publishedKeys(published.rsa2048, region), ...addedKeys(added, region, 'rsa2048')],
    };
    if (keys.signature.length + keys.rsa2048.length > 0) {
      known.set(region, keys);
    }
    return keys;
  };
}

function publishedKeys(entries: readonly { regions: readonly string[]; spki: string }[], region: string): KeyObject[] {
  return entries
    .filter((entry) => entry.regions.includes(region))
    .map(({ spki }) => createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }));
}

function addedKeys(added: readonly IdentityKey[], region: string, form: 'signature' | 'rsa2048'): KeyObject[] {
  return added.filter((key) => key.region === region).flatMap((key) => key[form] ?? []);
}
