import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  DerReader,
  MalformedDer,
  readAlgorithm,
  readBoolean,
  readObjectId,
  readOnly,
  readSmallInteger,
  readWholeBits,
} from './der.ts';
import type { DerElement } from './der.ts';

/** The digests that count: SHA-1 and MD5 do not. */
export type Hash = 'sha256' | 'sha384' | 'sha512';

/** Signatures that are understood: RSA with PKCS#1 v1.5 padding, by identifier (RFC 4055). */
export const rsaSignatures: Readonly<Record<string, Hash>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};

/** Below that a key can be broken; above it, checking takes a stranger's request further than it is worth. */
const keyLimits = { leastBits: 2048, mostBits: 8192, leastExponent: 65_537n, mostExponent: 2n ** 32n };
/** Names stand in logs. Microsoft's have less than a hundred characters. */
const longestName = 500;

/** The extensions that are read here; a critical one that is none of them makes a certificate unusable (RFC 5280 4.2). */
const extensionIds = {
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
} as const;

const commonNameId = '2.5.4.3';
const caIssuersId = '1.3.6.1.5.5.7.48.2';
/** GeneralName's choices dNSName and uniformResourceIdentifier, as implicit tags. */
const dnsNameTag = 0x82;
const uriTag = 0x86;

/** What is asked of a certificate. Nothing of it is proved until its signature is. */
export interface Certificate {
  /** In one line, e.g. `C=US, O=Microsoft Corporation, CN=metadata.azure.com`. */
  subject: string;
  issuer: string;
  commonNames: readonly string[];
  dnsNames: readonly string[];
  /** Issuer and serial number as they are encoded: by these a signature names its signer. */
  issuerAndSerial: Buffer;
  notBefore: Date;
  notAfter: Date;
  publicKey: KeyObject;
  isCa: boolean;
  /** How many further authorities may stand between this one and the last certificate; null: any number. */
  pathLength: number | null;
  /** Null: not limited. */
  keyUsage: { digitalSignature: boolean; keyCertSign: boolean } | null;
  /** Object identifiers; null: not limited. */
  extendedKeyUsage: readonly string[] | null;
  /** Where it says that its issuer's certificate is to be found. */
  caIssuers: readonly string[];
  /** Identifiers of critical extensions that are not understood. */
  unknownCritical: readonly string[];
  /** SHA-1 and SHA-256 of all of it, in OpenSSL's notation. */
  fingerprint: string;
  fingerprint256: string;
  /** What is signed, how (null: in a way that does not count), and the signature. */
  signed: { bytes: Buffer; hash: Hash | null; signature: Buffer };
}

/**
 * Takes a certificate apart: names, dates and key by OpenSSL, the rest here, because Node shows neither key usage nor path length.
 * @throws MalformedDer when it is none of version 3.
 */
export function readCertificate(der: Buffer): Certificate {
  const outer = new DerReader(readOnly(der, 'sequence').content);
  const toSign = outer.take('sequence');
  const algorithm = outer.take('sequence');
  const signature = readWholeBits(outer.take('bitString'));
  outer.end();
  const { issuerAndSerial, innerAlgorithm, subject, extensions } = readSigned(toSign);
  if (!innerAlgorithm.whole.equals(algorithm.whole)) {
    throw new MalformedDer('a certificate names two ways of signing');
  }
  return {
    ...readByOpenSsl(der),
    issuerAndSerial,
    commonNames: readCommonNames(subject),
    ...readExtensions(extensions),
    signed: { bytes: toSign.whole, hash: rsaSignatures[algorithmId(algorithm)] ?? null, signature },
  };
}

function readByOpenSsl(
  der: Buffer,
): Pick<Certificate, 'subject' | 'issuer' | 'notBefore' | 'notAfter' | 'publicKey' | 'fingerprint' | 'fingerprint256'> {
  try {
    const certificate = new X509Certificate(der);
    const { validFromDate, validToDate, publicKey, fingerprint, fingerprint256 } = certificate;
    const [subject, issuer] = [inOneLine(certificate.subject), inOneLine(certificate.issuer)];
    return { subject, issuer, notBefore: validFromDate, notAfter: validToDate, publicKey, fingerprint, fingerprint256 };
  } catch (cause) {
    throw new MalformedDer('a certificate cannot be read', { cause });
  }
}

/** One part a line becomes one line: characters that could be taken for another part are escaped. An empty name is undefined to Node. */
function inOneLine(name: string | undefined): string {
  const line = (name ?? '').replaceAll('\n', ', ');
  if (line.length > longestName) {
    throw new RangeError('a name is too long');
  }
  return line;
}

/** Why nothing is checked with a key; null: it is fit for it. */
export function faultOfKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | null {
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  const isFit =
    asymmetricKeyType === 'rsa' &&
    modulusLength >= keyLimits.leastBits &&
    modulusLength <= keyLimits.mostBits &&
    publicExponent >= keyLimits.leastExponent &&
    publicExponent <= keyLimits.mostExponent;
  return isFit ? null : `a key is none of RSA with ${keyLimits.leastBits} to ${keyLimits.mostBits} bits`;
}

/** An algorithm with parameters of its own (PSS …) is none of those that count. */
function algorithmId(algorithm: DerElement): string {
  return readObjectId(new DerReader(algorithm.content).take('objectIdentifier')) in rsaSignatures
    ? readAlgorithm(algorithm)
    : '';
}

function readSigned(toSign: DerElement): {
  issuerAndSerial: Buffer;
  innerAlgorithm: DerElement;
  subject: DerElement;
  extensions: ReadonlyMap<string, Extension>;
} {
  const reader = new DerReader(toSign.content);
  const version = reader.open('context0');
  if (readSmallInteger(version.take('integer')) !== 2) {
    throw new MalformedDer('a certificate is not of version 3');
  }
  version.end();
  const serial = reader.take('integer');
  const innerAlgorithm = reader.take('sequence');
  const issuer = reader.take('sequence');
  reader.take('sequence'); // Validity.
  const subject = reader.take('sequence');
  reader.take('sequence'); // Public key.
  const extensions = readExtensionList(reader.open('context3'));
  reader.end();
  return { issuerAndSerial: Buffer.concat([issuer.whole, serial.whole]), innerAlgorithm, subject, extensions };
}

interface Extension {
  isCritical: boolean;
  value: Buffer;
}

function readExtensionList(outer: DerReader): ReadonlyMap<string, Extension> {
  const list = outer.open('sequence');
  outer.end();
  const extensions = new Map<string, Extension>();
  while (!list.isAtEnd) {
    const reader = list.open('sequence');
    const id = readObjectId(reader.take('objectIdentifier'));
    const critical = reader.takeIf('boolean');
    const value = reader.take('octetString').content;
    reader.end();
    if (extensions.has(id)) {
      throw new MalformedDer(`a certificate has the extension ${id} twice`);
    }
    extensions.set(id, { isCritical: critical !== null && readBoolean(critical), value });
  }
  return extensions;
}

function readExtensions(
  extensions: ReadonlyMap<string, Extension>,
): Pick<
  Certificate,
  'dnsNames' | 'isCa' | 'pathLength' | 'keyUsage' | 'extendedKeyUsage' | 'caIssuers' | 'unknownCritical'
> {
  const read = <T>(id: string, parse: (value: Buffer) => T, otherwise: T): T => {
    const extension = extensions.get(id);
    return extension === undefined ? otherwise : parse(extension.value);
  };
  const known: ReadonlySet<string> = new Set(Object.values(extensionIds));
  return {
    dnsNames: read(extensionIds.subjectAltName, readDnsNames, []),
    ...read(extensionIds.basicConstraints, readBasicConstraints, { isCa: false, pathLength: null }),
    keyUsage: read(extensionIds.keyUsage, readKeyUsage, null),
    extendedKeyUsage: read(extensionIds.extendedKeyUsage, readExtendedKeyUsage, null),
    caIssuers: read(extensionIds.authorityInfoAccess, readCaIssuers, []),
    unknownCritical: [...extensions].filter(([id, { isCritical }]) => isCritical && !known.has(id)).map(([id]) => id),
  };
}

function readCommonNames(subject: DerElement): string[] {
  const parts = new DerReader(subject.content);
  const names: string[] = [];
  while (!parts.isAtEnd) {
    const set = parts.open('set');
    while (!set.isAtEnd) {
      const part = set.open('sequence');
      const id = readObjectId(part.take('objectIdentifier'));
      const value = part.takeAny();
      part.end();
      if (id === commonNameId) {
        names.push(value.content.toString('latin1'));
      }
    }
  }
  return names;
}

function readDnsNames(value: Buffer): string[] {
  const names = new DerReader(readOnly(value, 'sequence').content).takeAll();
  return names.filter(({ tag }) => tag === dnsNameTag).map(({ content }) => content.toString('latin1'));
}

function readBasicConstraints(value: Buffer): Pick<Certificate, 'isCa' | 'pathLength'> {
  const reader = new DerReader(readOnly(value, 'sequence').content);
  const isCa = reader.takeIf('boolean');
  const pathLength = reader.takeIf('integer');
  reader.end();
  return {
    isCa: isCa !== null && readBoolean(isCa),
    pathLength: pathLength === null ? null : readSmallInteger(pathLength),
  };
}

/** The first byte holds all that matters: bit 0 is the uppermost. */
function readKeyUsage(value: Buffer): Certificate['keyUsage'] {
  const [, bits = 0] = readOnly(value, 'bitString').content;
  return { digitalSignature: (bits & 0x80) !== 0, keyCertSign: (bits & 0x04) !== 0 };
}

function readExtendedKeyUsage(value: Buffer): string[] {
  const reader = new DerReader(readOnly(value, 'sequence').content);
  const ids: string[] = [];
  while (!reader.isAtEnd) {
    ids.push(readObjectId(reader.take('objectIdentifier')));
  }
  return ids;
}

function readCaIssuers(value: Buffer): string[] {
  const list = new DerReader(readOnly(value, 'sequence').content);
  const urls: string[] = [];
  while (!list.isAtEnd) {
    const reader = list.open('sequence');
    const method = readObjectId(reader.take('objectIdentifier'));
    const location = reader.takeAny();
    reader.end();
    if (method === caIssuersId && location.tag === uriTag) {
      urls.push(location.content.toString('latin1'));
    }
  }
  return urls;
}
