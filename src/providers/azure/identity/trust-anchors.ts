import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import carried from './trust-anchors.json' with { type: 'json' };

/** A certificate authority that is believed: by its key, its name, and for a time that has an end. */
export interface TrustAnchor {
  subject: string;
  publicKey: KeyObject;
  notBefore: Date;
  notAfter: Date;
  /** Does it speak for other authorities, too? Those that are none sign machines' documents only. */
  isRoot: boolean;
  /** How many authorities may stand below it; null: any number. */
  pathLength: number | null;
  /** SHA-256 of its certificate, in hexadecimal digits. */
  fingerprint256: string;
  /** Where we have it from: `carried`, `settings`, or the address that it was fetched from. */
  origin: string;
}

const dayMs = 24 * 3_600_000;

/**
 * Microsoft's authorities as they were published at https://www.microsoft.com/pkiops/certs/ and
 * https://learn.microsoft.com/azure/security/fundamentals/azure-ca-details, both hierarchies, cross-signed and direct forms. Of each there is
 * no more than what makes it an anchor, in days: it holds to the end of its last one.
 */
export function carriedAnchors(): readonly TrustAnchor[] {
  return carried.map(({ subject, issuer, notBefore, notAfter, sha256, spki }) => ({
    subject,
    publicKey: createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }),
    notBefore: new Date(notBefore),
    notAfter: new Date(Date.parse(notAfter) + dayMs - 1),
    ...standing(subject === issuer, null),
    fingerprint256: sha256,
    origin: 'carried',
  }));
}

/** A certificate as an anchor, on the word of whoever calls this. */
export function anchorOf(certificate: Certificate, origin: string): TrustAnchor {
  const { subject, issuer, publicKey, notBefore, notAfter, pathLength, fingerprint256 } = certificate;
  return {
    subject,
    publicKey,
    notBefore,
    notAfter,
    ...standing(subject === issuer, pathLength),
    fingerprint256: fingerprint256.replaceAll(':', '').toLowerCase(),
    origin,
  };
}

/** Who is no root has no authority below it, whatever its certificate allows. */
function standing(isRoot: boolean, pathLength: number | null): Pick<TrustAnchor, 'isRoot' | 'pathLength'> {
  return { isRoot, pathLength: isRoot ? pathLength : 0 };
}
