import { generateKeyPairSync } from 'node:crypto';
import { rsaKey } from '#simulators/azure/attestation.ts';
import type { AttestationChain } from '#simulators/azure/attestation.ts';
import * as certificates from '#simulators/certificate.ts';
import type { CertificateContent, Extension, Issued, Name } from '#simulators/certificate.ts';
import * as der from '#simulators/der.ts';

const keyUsageId = '2.5.29.15';
const extendedKeyUsageId = '2.5.29.37';

type Certificates = Readonly<Record<string, Issued>>;

/** Certificates that are like that of a machine of Azure's and must not be taken for one, by what is wrong with them. */
export function forgedCertificates({ leaf, intermediate, root }: AttestationChain): Certificates {
  const by = (issuer: Pick<Issued, 'subject' | 'key'>, changes: Partial<CertificateContent> = {}): Issued =>
    certificates.issue({ ...leaf, ...changes }, issuer);
  const changed = (changes: Partial<CertificateContent>): Issued => by(intermediate, changes);
  const extended = (...extensions: readonly Extension[]): Issued =>
    changed({ extensions: certificates.overlaid(leaf.extensions, extensions) });
  const without = (...ids: readonly string[]): Issued =>
    changed({ extensions: leaf.extensions.filter(({ id }) => !ids.includes(id)) });
  const named = (commonName: string, ...names: readonly string[]): Issued =>
    changed({
      subject: withCommonName(leaf.subject, commonName),
      extensions: certificates.overlaid(leaf.extensions, [certificates.alternativeNames(...names)]),
    });
  const stranger = rsaKey('stranger');
  const dayMs = 24 * 3_600_000;
  return {
    'that signed itself': by({ subject: leaf.subject, key: leaf.key }),
    'whose issuer has the right name and another key': by({ subject: intermediate.subject, key: stranger }),
    'whose root has the right name and another key': by({ subject: root.subject, key: stranger }),
    'issued by another machine’s certificate': by(leaf, { key: stranger }),
    'issued with another machine’s key in the name of the authority': by({
      subject: intermediate.subject,
      key: leaf.key,
    }),
    'that has expired': changed({ notAfter: new Date(leaf.notBefore.getTime() + dayMs) }),
    'that is not valid yet': changed({ notBefore: new Date(leaf.notAfter.getTime() - dayMs) }),
    'for clients': extended(certificates.extendedKeyUsage(2)),
    'for code': extended(certificates.extendedKeyUsage(3)),
    'for any purpose': without(extendedKeyUsageId),
    'for no purpose': extended(certificates.extendedKeyUsage()),
    'without key usage': without(keyUsageId),
    'whose key is not for signatures': extended(certificates.keyUsage(2)),
    'of an authority': extended(certificates.basicConstraints(true)),
    'for metadata.azure.org': named('metadata.azure.org', 'metadata.azure.org'),
    'for a name that ends alike': named('evilmetadata.azure.com', 'evilmetadata.azure.com'),
    'for a name that begins alike': named('metadata.azure.com.example', 'metadata.azure.com.example'),
    'for a name with the right one before a zero': named('metadata.azure.com\0.example', 'example.com'),
    'for all of azure.com': named('azure.com', '*.azure.com'),
    'for nobody': named('', ''),
    'with a critical extension nobody knows': extended({ id: '1.2.3.4', isCritical: true, value: der.nothing() }),
    'with critical limits of names': extended({ id: '2.5.29.30', isCritical: true, value: der.sequence() }),
    'with its key usage twice': changed({ extensions: [...leaf.extensions, certificates.keyUsage(0)] }),
    'whose extension is none': extended({ id: extendedKeyUsageId, isCritical: false, value: Buffer.from('any') }),
    'signed with SHA-1': changed({ hash: 'sha1' }),
    'signed with MD5': changed({ hash: 'md5' }),
    'with a key of 1024 bits': changed({ key: rsaKey('short', 1024) }),
    'with a key of an elliptic curve': changed({ key: generateKeyPairSync('ec', { namedCurve: 'P-256' }) }),
    'with one bit more in its signature': { ...leaf, der: withOtherBit(leaf.der, leaf.der.length - 5) },
    edited: { ...leaf, der: edited(leaf.der, 'eastus.metadata.azure.com', 'westus.metadata.azure.com') },
  };
}

/** Certificates from hierarchies that strangers made in Microsoft's names; an issuer that is looked for, and one that is not. */
export function issuedByStrangers(): Certificates {
  const names = ['Microsoft TLS G2 RSA CA OCSP 02', 'Microsoft Azure RSA TLS Issuing CA 07', 'Evil TLS CA 02'];
  return Object.fromEntries(names.map((name) => [`of a stranger’s “${name}”`, strangersLeaf(name, [])]));
}

/** A certificate like that of a machine, of an authority whose key is a stranger's, that says where to find that authority's. */
export function strangersLeaf(authority: string, caIssuers: readonly string[]): Issued {
  const issuer = { subject: microsoft(authority), key: rsaKey('stranger') };
  return certificates.issue(
    {
      subject: microsoft('metadata.azure.com'),
      key: rsaKey('metadata.azure.com'),
      serial: certificates.serialOf(authority),
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2049-01-01T00:00:00Z'),
      extensions: [
        certificates.keyUsage(0, 2),
        certificates.extendedKeyUsage(1),
        certificates.authorityInfoAccess(caIssuers),
      ],
      hash: 'sha256',
    },
    issuer,
  );
}

/** Addresses from which the certificate of the authority must not be fetched, by what is wrong with them. */
export function evilAddresses(authority: string): Readonly<Record<string, string>> {
  const file = `${encodeURIComponent(authority)}.crt`;
  const good = `www.microsoft.com/pkiops/certs/${file}`;
  return {
    'of another host': `http://evil.example/pkiops/certs/${file}`,
    'of a host that begins alike': `http://www.microsoft.com.evil.example/pkiops/certs/${file}`,
    'of a host that ends alike': `http://evil-www.microsoft.com/pkiops/certs/${file}`,
    'of a host below an allowed one': `http://a.caissuers.microsoft.com/pkiops/certs/${file}`,
    'of a host with a dot at its end': `http://www.microsoft.com./pkiops/certs/${file}`,
    'of the metadata service': `http://169.254.169.254/pkiops/certs/${file}`,
    'of this machine': `http://127.0.0.1/pkiops/certs/${file}`,
    'of this machine in one number': `http://2130706433/pkiops/certs/${file}`,
    'of this machine by its name': `http://localhost/pkiops/certs/${file}`,
    'of this machine in IPv6': `http://[::1]/pkiops/certs/${file}`,
    'with a user': `http://user@${good}`,
    'with a password': `http://:password@${good}`,
    'with the right host as user': `http://www.microsoft.com@evil.example/pkiops/certs/${file}`,
    'of another port': `http://www.microsoft.com:8080/pkiops/certs/${file}`,
    'of another folder': `http://www.microsoft.com/downloads/${file}`,
    'of a folder below': `http://www.microsoft.com/pkiops/certs/more/${file}`,
    'of a folder at a host without any': `http://cacerts.digicert.com/more/${file}`,
    'of a file that is written in another way': `http://${good.replace('TLS', 'tls').replace('.crt', '.CRT')}`,
    'that climbs out of the folder': `http://www.microsoft.com/pkiops/certs/../../${file}`,
    'that climbs out in hiding': `http://www.microsoft.com/pkiops/certs/%2e%2e/%2e%2e/${file}`,
    'with a slash in hiding': `http://www.microsoft.com/pkiops/certs/..%2f${file}`,
    'of another file': 'http://www.microsoft.com/pkiops/certs/Microsoft%20TLS%20RSA%20Root%20G2.crt',
    'of no file': 'http://www.microsoft.com/pkiops/certs/',
    'of a file of another kind': `http://${good.replace('.crt', '.exe')}`,
    'with a query': `http://${good}?to=evil.example`,
    'with a fragment': `http://${good}#evil`,
    'of another scheme': `ftp://${good}`,
    'of a file here': `file:///pkiops/certs/${file}`,
    'of a directory': `ldap://www.microsoft.com/CN=${file}`,
    'of nothing': 'about:blank',
    'that is none': 'www.microsoft.com',
    'that is empty': '',
    'that is endless': `http://www.microsoft.com/pkiops/certs/${'a/'.repeat(500)}${file}`,
    'with a line break': `http://evil.example\r\nHost: www.microsoft.com/pkiops/certs/${file}`,
  };
}

export function microsoft(commonName: string): Name {
  return [
    ['C', 'US'],
    ['O', 'Microsoft Corporation'],
    ['CN', commonName],
  ];
}

function withCommonName(name: Name, commonName: string): Name {
  return name.map(([type, value]) => [type, type === 'CN' ? commonName : value]);
}

function withOtherBit(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 0x10;
  return changed;
}

function edited(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(to), bytes.subarray(at + from.length)]);
}

/** A certificate of a machine, and what is found at the address that it gives for its issuer's. */
export interface Led {
  leaf: Issued;
  /** By address. */
  served: ReadonlyMap<string, Buffer>;
}

/** Machines' certificates that lead to an authority which is not to be believed, by what is wrong with that. */
export function forgedAuthorities(chain: AttestationChain): Readonly<Record<string, Led>> {
  const { intermediate, root } = chain;
  const stranger = rsaKey('stranger');
  const authority = (changes: Partial<CertificateContent>, issuer: Pick<Issued, 'subject' | 'key'> = root): Issued =>
    certificates.issue({ ...intermediate, subject: microsoft(soughtName), ...changes }, issuer);
  const extended = (...extensions: readonly Extension[]): Issued =>
    authority({ extensions: certificates.overlaid(intermediate.extensions, extensions) });
  const past = new Date('2016-01-01T00:00:00Z');
  const authorities: Readonly<Record<string, Issued>> = {
    'that is no authority': extended(certificates.basicConstraints(false)),
    'that does not say whether it is one': authority({
      extensions: intermediate.extensions.filter(({ id }) => id !== '2.5.29.19'),
    }),
    'whose key is not for certificates': extended(certificates.keyUsage(0, 6)),
    'without key usage': authority({ extensions: intermediate.extensions.filter(({ id }) => id !== keyUsageId) }),
    'for clients only': extended(certificates.extendedKeyUsage(2)),
    'with a critical extension nobody knows': extended({ id: '1.2.3.4', isCritical: true, value: der.nothing() }),
    'that has expired': authority({ notAfter: past }),
    'that is not valid yet': authority({ notBefore: new Date('2049-01-01T00:00:00Z') }),
    'signed with SHA-1': authority({ hash: 'sha1' }),
    'with a key of 1024 bits': authority({ key: rsaKey('short', 1024) }),
    'that signed itself': authority({}, { subject: microsoft(soughtName), key: intermediate.key }),
    'of a stranger’s root in the name of ours': authority({}, { subject: root.subject, key: stranger }),
    'that an intermediate without right to issued': authority({}, intermediate),
    'that a machine issued': authority({}, chain.leaf),
  };
  const led = Object.entries(authorities).map(([name, issuer]) => [name, leadingTo(chain, issuer)] as const);
  const good = leadingTo(chain, authority({}));
  const serving = (bytes: Buffer): Led => ({ ...good, served: new Map([...good.served].map(([url]) => [url, bytes])) });
  return {
    ...Object.fromEntries(led),
    'that is another': serving(intermediate.der),
    'of the right name that did not issue it': serving(authority({ key: stranger }).der),
    'in PEM': serving(Buffer.from(certificates.pemOf(authority({}).der))),
    'with bytes behind it': serving(Buffer.concat([authority({}).der, Buffer.from([0])])),
    'that is cut off': serving(authority({}).der.subarray(0, -1)),
    'that is a page of words': serving(Buffer.from('<html>not found</html>')),
    'that is nothing': serving(Buffer.alloc(0)),
  };
}

/** The name of an authority that is not known and may be looked for. */
export const soughtName = 'Microsoft TLS G9 RSA CA OCSP 88';

/** A machine's certificate of this issuer, which is found where it says; so are those above it, if they are given. */
export function leadingTo(chain: AttestationChain, issuer: Issued, ...above: readonly Issued[]): Led {
  const leaf = certificates.issue(
    {
      ...chain.leaf,
      extensions: certificates.overlaid(chain.leaf.extensions, [certificates.authorityInfoAccess([addressOf(issuer)])]),
    },
    issuer,
  );
  return { leaf, served: new Map([issuer, ...above].map((authority) => [addressOf(authority), authority.der])) };
}

/** Where Microsoft publishes an authority's certificate. */
export function addressOf({ subject }: Pick<Issued, 'subject'>): string {
  const name = subject.find(([type]) => type === 'CN')?.[1] ?? '';
  return `http://www.microsoft.com/pkiops/certs/${encodeURIComponent(name)}.crt`;
}
