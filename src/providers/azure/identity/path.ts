import { verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { faultOfKey } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import type { TrustAnchor } from './trust-anchors.ts';

const serverAuthenticationId = '1.3.6.1.5.5.7.3.1';
const anyPurposeId = '2.5.29.37.0';

/** Whom Azure's metadata service speaks as in the public cloud (section "Signature validation guidance" of its page). */
const signerDomain = 'metadata.azure.com';

/**
 * What is wrong with a certificate as that of a signer of attested documents, whoever issued it; null: nothing. Real ones are certificates of
 * web servers, with the name in their subject and their alternative names.
 */
export function faultOfSigner(signer: Certificate, at: Date): string | null {
  const names = [...signer.commonNames, ...signer.dnsNames].map((name) => name.toLowerCase());
  if (!names.some((name) => name === signerDomain || name.endsWith(`.${signerDomain}`))) {
    return `the signer is no machine of ${signerDomain}`;
  }
  if (signer.isCa) {
    return 'the signer is a certificate authority';
  }
  if (signer.keyUsage?.digitalSignature !== true) {
    return 'the signer’s key is not for signatures';
  }
  if (signer.extendedKeyUsage?.includes(serverAuthenticationId) !== true) {
    return 'the signer’s certificate is for another purpose';
  }
  return faultOfAny(signer, 'the signer’s', at);
}

/**
 * What is wrong with a line of authorities, the first nearest to the signer, each issued by the next and the last by the root; null: nothing
 * (RFC 5280 6.1).
 */
export function faultOfAuthorities(authorities: readonly Certificate[], root: TrustAnchor, at: Date): string | null {
  if ((root.pathLength ?? Infinity) < authorities.length) {
    return `${root.subject} does not speak for so many authorities`;
  }
  for (const [below, authority] of authorities.entries()) {
    const issuer = authorities[below + 1] ?? root;
    const fault = faultOfAuthority(authority, below, at) ?? faultOfIssue(authority, issuer);
    if (fault !== null) {
      return fault;
    }
  }
  return faultOfTime(root, `${root.subject} as an anchor`, at);
}

/** Why this is not the issuer of the certificate; null: it is. */
export function faultOfIssue(
  issued: Certificate,
  issuer: { readonly subject: string; readonly publicKey: KeyObject },
): string | null {
  const { bytes, hash, signature } = issued.signed;
  if (issued.issuer !== issuer.subject) {
    return `${issued.subject} names ${issued.issuer} as its issuer`;
  }
  if (hash === null) {
    return `${issued.subject} is signed in a way that does not count`;
  }
  if (faultOfKey(issuer.publicKey) !== null || !verify(hash, bytes, issuer.publicKey, signature)) {
    return `${issued.subject} is not signed with the key of ${issuer.subject}`;
  }
  return null;
}

/** @param what names it in the answer. */
export function faultOfTime(
  { notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date },
  what: string,
  at: Date,
): string | null {
  // Not the other way round: a date that cannot be read is not valid.
  return notBefore <= at && at <= notAfter ? null : `${what} is not valid yet or any more`;
}

function faultOfAuthority(authority: Certificate, below: number, at: Date): string | null {
  const { subject, extendedKeyUsage } = authority;
  if (!authority.isCa || authority.keyUsage?.keyCertSign !== true) {
    return `${subject} may not issue certificates`;
  }
  if ((authority.pathLength ?? Infinity) < below) {
    return `${subject} may not have so many authorities below it`;
  }
  if (
    extendedKeyUsage !== null &&
    ![serverAuthenticationId, anyPurposeId].some((id) => extendedKeyUsage.includes(id))
  ) {
    return `${subject} is for another purpose`;
  }
  return faultOfAny(authority, `${subject}’s`, at);
}

function faultOfAny(certificate: Certificate, whose: string, at: Date): string | null {
  if (certificate.unknownCritical.length > 0) {
    return `${whose} certificate has critical extensions that are not understood: ${certificate.unknownCritical.join()}`;
  }
  return faultOfTime(certificate, `${whose} certificate`, at);
}
