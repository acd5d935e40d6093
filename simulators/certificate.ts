import { createHash, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import * as der from './der.ts';

/** How certificates and documents can be signed here. The last two are for forgeries: nobody should take them. */
export type Hash = 'sha256' | 'sha384' | 'sha512' | 'sha1' | 'md5';

export const signatureIds: Readonly<Record<Hash, string>> = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
  sha1: '1.2.840.113549.1.1.5',
  md5: '1.2.840.113549.1.1.4',
};

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** An extension of a certificate (RFC 5280 4.2), its value in DER. */
export interface Extension {
  id: string;
  isCritical: boolean;
  value: Buffer;
}

/** What a certificate says. Nothing keeps it from being nonsense. */
export interface CertificateContent {
  /** Attributes by type, in order. */
  subject: Name;
  key: KeyPair;
  serial: Buffer;
  notBefore: Date;
  notAfter: Date;
  extensions: readonly Extension[];
  hash: Hash;
}

export type Name = readonly (readonly [type: 'C' | 'ST' | 'L' | 'O' | 'CN', value: string])[];

/** A certificate that was made, with what it was made of. */
export interface Issued extends CertificateContent {
  der: Buffer;
  issuer: Name;
}

const attributeIds = { C: '2.5.4.6', ST: '2.5.4.8', L: '2.5.4.7', O: '2.5.4.10', CN: '2.5.4.3' } as const;

/** Issues a certificate; without an issuer it signs itself. */
export function issue(content: CertificateContent, issuer: Pick<Issued, 'subject' | 'key'> = content): Issued {
  const algorithm = der.algorithm(signatureIds[content.hash]);
  const extensions = content.extensions.map(({ id, isCritical, value }) =>
    der.sequence(der.objectId(id), ...(isCritical ? [der.boolean(true)] : []), der.octetString(value)),
  );
  const toSign = der.sequence(
    der.context(0, der.integer(2)),
    der.integer(content.serial),
    algorithm,
    encodeName(issuer.subject),
    der.sequence(der.time(content.notBefore), der.time(content.notAfter)),
    encodeName(content.subject),
    content.key.publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensions)),
  );
  const signature = sign(content.hash, toSign, issuer.key.privateKey);
  return { ...content, issuer: issuer.subject, der: der.sequence(toSign, algorithm, der.bitString(signature)) };
}

/** A self-signed certificate of the kind that clouds publish for the keys they sign with; valid whatever a stepped clock shows. */
export function selfSigned(commonName: string, key: KeyPair): Issued {
  return issue({
    subject: [
      ['C', 'US'],
      ['O', 'Simulated clouds'],
      ['CN', commonName],
    ],
    key,
    serial: serialOf(commonName),
    notBefore: new Date('2015-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T23:59:59Z'),
    extensions: [basicConstraints(true)],
    hash: 'sha256',
  });
}

export function encodeName(name: Name): Buffer {
  return der.sequence(
    ...name.map(([type, value]) =>
      der.setOf(der.sequence(der.objectId(attributeIds[type]), der.printableString(value))),
    ),
  );
}

/** A serial number that follows from a text. */
export function serialOf(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x33]), createHash('sha256').update(text).digest().subarray(0, 15)]);
}

export function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** The extensions, those of the same identifier replaced. */
export function overlaid(extensions: readonly Extension[], changes: readonly Extension[]): Extension[] {
  const ids = new Set(changes.map(({ id }) => id));
  return [...extensions.filter(({ id }) => !ids.has(id)), ...changes];
}

export function basicConstraints(isCa: boolean, pathLength: number | null = null): Extension {
  const parts = isCa ? [der.boolean(true), ...(pathLength === null ? [] : [der.integer(pathLength)])] : [];
  return { id: '2.5.29.19', isCritical: true, value: der.sequence(...parts) };
}

/** Bits as in RFC 5280 4.2.1.3: 0 is digitalSignature, 2 keyEncipherment, 5 keyCertSign, 6 cRLSign. */
export function keyUsage(...bits: readonly number[]): Extension {
  const byte = bits.reduce((sum, bit) => sum + 2 ** (7 - bit), 0);
  return { id: '2.5.29.15', isCritical: true, value: der.bitString(Buffer.from([byte]), 7 - Math.max(...bits)) };
}

/** Purposes by the last arc of their identifier: 1 is serverAuth, 2 clientAuth, 3 codeSigning (RFC 5280 4.2.1.12). */
export function extendedKeyUsage(...purposes: readonly number[]): Extension {
  const ids = purposes.map((purpose) => der.objectId(`1.3.6.1.5.5.7.3.${purpose}`));
  return { id: '2.5.29.37', isCritical: false, value: der.sequence(...ids) };
}

export function alternativeNames(...names: readonly string[]): Extension {
  const encoded = names.map((name) => der.der(0x82, Buffer.from(name, 'latin1')));
  return { id: '2.5.29.17', isCritical: false, value: der.sequence(...encoded) };
}

/** Where the issuer's certificate is, and where to ask whether this one was revoked. */
export function authorityInfoAccess(
  caIssuers: readonly string[],
  ocsp = 'http://oneocsp.microsoft.com/ocsp',
): Extension {
  const access = (method: string, url: string): Buffer =>
    der.sequence(der.objectId(`1.3.6.1.5.5.7.48.${method}`), der.der(0x86, Buffer.from(url, 'latin1')));
  const places = [...caIssuers.map((url) => access('2', url)), access('1', ocsp)];
  return { id: '1.3.6.1.5.5.7.1.1', isCritical: false, value: der.sequence(...places) };
}
