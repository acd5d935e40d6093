import { createHash, sign } from 'node:crypto';
import { encodeName, signatureIds } from './certificate.ts';
import type { Hash, Issued } from './certificate.ts';
import * as der from './der.ts';

/** Identifiers of signed data and their parts (RFC 2315 14, RFC 2985 5.3). */
export const ids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  rsaEncryption: '1.2.840.113549.1.1.1',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
} as const;

/** Who signs, and how. What is left out is as Azure does it. */
export interface Signer {
  certificate: Issued;
  hash: Hash;
  /** How the digest is named; Azure names the signature in its place. */
  digestId?: string;
  signatureId?: string;
  /** Attributes that are signed in place of the content, each in DER. Azure has none. */
  signedAttributes?: readonly Buffer[];
  /** Attributes that nobody vouches for. */
  unsignedAttributes?: readonly Buffer[];
  /** The signature, if it is none of the signer's own making. */
  signature?: Buffer;
}

/** PKCS#7 signed data (RFC 2315 9). What is left out is as Azure does it. */
export interface SignedDataParts {
  content: Buffer;
  signers: readonly Signer[];
  /** Default: that of each signer. */
  certificates?: readonly Buffer[];
  contentType?: string;
  /** Is the content left out? */
  isDetached?: boolean;
  version?: number;
}

/** Signed data as Azure's metadata service makes them: DER throughout, no signed attributes, the signer's certificate and no other. */
export function signedData(parts: SignedDataParts): Buffer {
  const { content, signers, isDetached = false, contentType = ids.data } = parts;
  const certificates = parts.certificates ?? signers.map(({ certificate }) => certificate.der);
  return der.sequence(
    der.objectId(ids.signedData),
    der.context(
      0,
      der.sequence(
        der.integer(parts.version ?? 1),
        der.setOf(...signers.map(({ hash }) => der.algorithm(signatureIds[hash]))),
        der.sequence(der.objectId(contentType), ...(isDetached ? [] : [der.context(0, der.octetString(content))])),
        der.context(0, ...certificates),
        der.setOf(...signers.map((signer) => signerInfo(signer, content))),
      ),
    ),
  );
}

/** The attributes that signed ones must have: the content's type and its digest. */
export function signedAttributesOver(content: Buffer, hash: Hash, type: string = ids.data): Buffer[] {
  return [
    attribute(ids.contentType, der.objectId(type)),
    attribute(ids.messageDigest, der.octetString(createHash(hash).update(content).digest())),
  ];
}

/** The attribute of when it was signed. */
export function signingTime(at: Date): Buffer {
  return attribute(ids.signingTime, der.time(at));
}

export function attribute(id: string, ...values: readonly Buffer[]): Buffer {
  return der.sequence(der.objectId(id), der.setOf(...values));
}

/** What signed data hold of one who signs (RFC 2315 9.2). */
export function signerInfo(signer: Signer, content: Buffer): Buffer {
  const { certificate, hash, signedAttributes, unsignedAttributes } = signer;
  const attributes = signedAttributes === undefined ? null : der.setOf(...signedAttributes);
  const signature = signer.signature ?? sign(hash, attributes ?? content, certificate.key.privateKey);
  return der.sequence(
    der.integer(1),
    der.sequence(encodeName(certificate.issuer), der.integer(certificate.serial)),
    der.algorithm(signer.digestId ?? signatureIds[hash]),
    ...(attributes === null ? [] : [Buffer.concat([Buffer.from([0xa0]), attributes.subarray(1)])]),
    der.algorithm(signer.signatureId ?? ids.rsaEncryption),
    der.octetString(signature),
    ...(unsignedAttributes === undefined ? [] : [der.context(1, ...unsignedAttributes)]),
  );
}
