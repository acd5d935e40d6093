import { createHash, timingSafeEqual, verify } from 'node:crypto';
import { ProofRejected } from '#core/error.ts';
import { faultOfKey, readCertificate, rsaSignatures } from './certificate.ts';
import type { Certificate, Hash } from './certificate.ts';
import { DerReader, MalformedDer, readAlgorithm, readObjectId, readOnly, readSmallInteger, tags } from './der.ts';
import type { DerElement } from './der.ts';

const signedDataId = '1.2.840.113549.1.7.2';
const dataId = '1.2.840.113549.1.7.1';
const rsaEncryptionId = '1.2.840.113549.1.1.1';
const contentTypeId = '1.2.840.113549.1.9.3';
const messageDigestId = '1.2.840.113549.1.9.4';

/** Digests by identifier (RFC 5754); others do not count. Azure names the signature in the digest's place. */
const digests: Readonly<Record<string, Hash>> = {
  ...rsaSignatures,
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** A content, and whoever signed it: which is nobody in particular until the certificate is proved. */
export interface SignedContent {
  content: Buffer;
  signer: Certificate;
}

/**
 * Opens PKCS#7 signed data (RFC 2315, RFC 5652) in the form in which Azure makes it: DER, the content enclosed as data, one signer, and that
 * signer's certificate and no other. Signed attributes, which Azure leaves out, are held to; unsigned ones say nothing and are not looked at.
 * @throws ProofRejected unless the enclosed certificate's key signed exactly this content; MalformedDer when it has another form.
 */
export function openSignedData(bytes: Buffer): SignedContent {
  const { content, certificate, signerInfo } = readSignedData(bytes);
  const signer = readCertificate(certificate.whole);
  const fault = faultOfKey(signer.publicKey);
  if (fault !== null) {
    throw new ProofRejected(fault);
  }
  checkSignature(readSignerInfo(signerInfo), content, signer);
  return { content, signer };
}

function readSignedData(bytes: Buffer): { content: Buffer; certificate: DerElement; signerInfo: DerElement } {
  const outer = new DerReader(readOnly(bytes, 'sequence').content);
  if (readObjectId(outer.take('objectIdentifier')) !== signedDataId) {
    throw new ProofRejected('the document is no PKCS#7 signed data');
  }
  const explicit = outer.open('context0');
  outer.end();
  const reader = explicit.open('sequence');
  explicit.end();
  if (readSmallInteger(reader.take('integer')) !== 1) {
    throw new ProofRejected('the signed data are of an unknown version');
  }
  // Which digests there are: what counts is the one that the signer names.
  reader.take('set');
  const content = readContent(reader.open('sequence'));
  const certificate = readSingle(reader.take('context0'), 'certificate');
  const signerInfo = readSingle(reader.take('set'), 'signer');
  reader.end();
  return { content, certificate, signerInfo };
}

function readContent(reader: DerReader): Buffer {
  if (readObjectId(reader.take('objectIdentifier')) !== dataId) {
    throw new ProofRejected('what is signed is no data');
  }
  if (reader.isAtEnd) {
    throw new ProofRejected('what is signed is not in the document');
  }
  const explicit = reader.open('context0');
  reader.end();
  const { content } = explicit.take('octetString');
  explicit.end();
  return content;
}

function readSingle({ content }: DerElement, what: string): DerElement {
  const [only, ...others] = new DerReader(content).takeAll();
  if (only === undefined || others.length > 0 || only.tag !== tags.sequence) {
    throw new ProofRejected(`the document has not exactly one ${what}`);
  }
  return only;
}

interface SignerInfo {
  issuerAndSerial: Buffer;
  digestId: string;
  signatureId: string;
  signature: Buffer;
  /** The whole element; null: the content itself is signed. */
  signedAttributes: DerElement | null;
}

function readSignerInfo({ content }: DerElement): SignerInfo {
  const reader = new DerReader(content);
  // 1: the signer is named by issuer and serial number.
  if (readSmallInteger(reader.take('integer')) !== 1) {
    throw new ProofRejected('the signer is named in an unknown way');
  }
  const name = reader.open('sequence');
  const issuerAndSerial = Buffer.concat([name.take('sequence').whole, name.take('integer').whole]);
  name.end();
  const digestId = readAlgorithm(reader.take('sequence'));
  const signedAttributes = reader.takeIf('context0');
  const signatureId = readAlgorithm(reader.take('sequence'));
  const signature = reader.take('octetString').content;
  const unsignedAttributes = reader.takeIf('context1');
  reader.end();
  if (unsignedAttributes !== null) {
    readAttributes(unsignedAttributes);
  }
  return { issuerAndSerial, digestId, signatureId, signature, signedAttributes };
}

function checkSignature(info: SignerInfo, content: Buffer, signer: Certificate): void {
  if (!info.issuerAndSerial.equals(signer.issuerAndSerial)) {
    throw new ProofRejected('the signer is not the one whose certificate is enclosed');
  }
  const hash = digests[info.digestId];
  if (hash === undefined) {
    throw new ProofRejected(`the digest ${info.digestId} does not count`);
  }
  if (info.signatureId !== rsaEncryptionId && rsaSignatures[info.signatureId] !== hash) {
    throw new ProofRejected(`the signature ${info.signatureId} does not count, or not with this digest`);
  }
  const signed = info.signedAttributes === null ? content : attributesOver(content, hash, info.signedAttributes);
  if (!verify(hash, signed, signer.publicKey, info.signature)) {
    throw new ProofRejected('the signature is not of the enclosed certificate’s key');
  }
}

/** The bytes that are signed in place of the content, once they were found to be about it (RFC 5652 5.4). */
function attributesOver(content: Buffer, hash: Hash, element: DerElement): Buffer {
  const attributes = readAttributes(element);
  const type = attributes.get(contentTypeId);
  if (type?.tag !== tags.objectIdentifier || readObjectId(type) !== dataId) {
    throw new ProofRejected('the signed attributes name another type of content, or none');
  }
  const told = attributes.get(messageDigestId);
  const digest = createHash(hash).update(content).digest();
  if (
    told?.tag !== tags.octetString ||
    told.content.length !== digest.length ||
    !timingSafeEqual(told.content, digest)
  ) {
    throw new ProofRejected('the signed attributes are of another content, or of none');
  }
  // Signed is the set itself, not its place in the signer's information.
  return Buffer.concat([Buffer.from([tags.set]), element.whole.subarray(1)]);
}

/** Each attribute's only value, by identifier. */
function readAttributes({ content }: DerElement): ReadonlyMap<string, DerElement> {
  const reader = new DerReader(content);
  const attributes = new Map<string, DerElement>();
  while (!reader.isAtEnd) {
    const attribute = reader.open('sequence');
    const id = readObjectId(attribute.take('objectIdentifier'));
    const [value, ...others] = attribute.open('set').takeAll();
    attribute.end();
    if (value === undefined || others.length > 0 || attributes.has(id)) {
      throw new MalformedDer(`the attribute ${id} has not exactly one value`);
    }
    attributes.set(id, value);
  }
  return attributes;
}
