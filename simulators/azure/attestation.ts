import { generateKeyPairSync } from 'node:crypto';
import type { Clock } from '#lib/clock.ts';
import * as certificates from '#simulators/certificate.ts';
import type { CertificateContent, Issued, KeyPair, Name } from '#simulators/certificate.ts';
import { signedData } from '#simulators/signed-data.ts';

/** What a machine's document is about; what is left out is empty, or now and six hours later. */
export interface AttestedMachine {
  vmId: string;
  subscriptionId: string;
  /** As given in the request; Azure says the time where none is. */
  nonce?: string;
  sku?: string;
  licenseType?: string;
  plan?: { name: string; product: string; publisher: string };
  createdOn?: Date;
  expiresOn?: Date;
}

/** The certificates that a document is signed with, from the machine's up. */
export interface AttestationChain {
  leaf: Issued;
  intermediate: Issued;
  root: Issued;
}

/** Microsoft's public key infrastructure, as far as a metadata service has to do with it, with keys of its own. */
export interface AttestationAuthority {
  /** A document about a machine, as the field `signature` of `/metadata/attested/document` has it. */
  attest(machine: AttestedMachine): Promise<string>;
  /** The root and the intermediate of now, in PEM: what a provider must trust to believe these documents. */
  trustAnchors(): string[];
  /** What the publisher of certificates answers at a path such as `/pkiops/certs/….crt`; null: nothing is there. */
  certificateAt(path: string): Buffer | null;
  /** From now on another intermediate signs, which nobody knows yet. */
  rotate(): void;
  /** What documents are signed with now: to make things that look like documents. */
  chain(): AttestationChain;
}

export interface AttestationOptions {
  clock: Clock;
  /** Where the intermediates' certificates are published: beginning of the addresses in the machines' certificates. */
  certificatesUrl?: string;
}

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;
const leafLifeMs = 180 * dayMs;

/** Well before and after anything that a stepped clock shows. */
const authorityLife = { notBefore: new Date('2015-01-01T00:00:00Z'), notAfter: new Date('2049-12-31T23:59:59Z') };

/** No generation of Microsoft's has this number: what is simulated cannot be taken for what is real. */
const rootName = 'Microsoft TLS RSA Root G9';
const intermediateName = (number: number): string => `Microsoft TLS G9 RSA CA OCSP ${String(number).padStart(2, '0')}`;

/** Generating keys is slow, and nothing depends on which they are: made once per process. */
const keys = new Map<string, KeyPair>();

export function createAttestationAuthority(options: AttestationOptions): AttestationAuthority {
  const { clock, certificatesUrl = 'http://www.microsoft.com/pkiops/certs/' } = options;
  const addressOf = (name: string): string => `${certificatesUrl}${encodeURIComponent(name)}.crt`;
  const root = lazy(() => certificates.issue(authorityContent(rootName, null)));
  const intermediates: (() => Issued)[] = [];
  let leaf: Issued | null = null;

  function rotate(): void {
    // As Microsoft does: even numbers.
    const name = intermediateName(2 * (intermediates.length + 1));
    intermediates.push(lazy(() => certificates.issue(authorityContent(name, addressOf(rootName)), root())));
    leaf = null;
  }
  rotate();

  function intermediate(): Issued {
    return intermediates.at(-1)?.() ?? root();
  }

  /** Azure renews the machines' certificates long before they end. */
  function currentLeaf(): Issued {
    const nowMs = clock.now().getTime();
    if (leaf === null || nowMs < leaf.notBefore.getTime() || nowMs > leaf.notAfter.getTime() - 30 * dayMs) {
      const issuer = intermediate();
      leaf = certificates.issue(leafContent(new Date(nowMs), addressOf(commonNameOf(issuer.subject))), issuer);
    }
    return leaf;
  }

  return {
    rotate,
    chain: () => ({ leaf: currentLeaf(), intermediate: intermediate(), root: root() }),
    trustAnchors: () => [root(), intermediate()].map((authority) => certificates.pemOf(authority.der)),
    certificateAt(path) {
      const [, file] = /\/([^/]+)\.crt$/.exec(path) ?? [];
      const all = [root, ...intermediates];
      return all.find((one) => encodeURIComponent(commonNameOf(one().subject)) === file)?.().der ?? null;
    },
    async attest(machine) {
      const content = Buffer.from(JSON.stringify(attestedContent(machine, clock.now())));
      return signedData({ content, signers: [{ certificate: currentLeaf(), hash: 'sha256' }] }).toString('base64');
    },
  };
}

/** The content of a document, in Azure's order. */
export function attestedContent(machine: AttestedMachine, now: Date): object {
  const createdOn = machine.createdOn ?? now;
  const expiresOn = machine.expiresOn ?? new Date(createdOn.getTime() + 6 * hourMs);
  const digits = createdOn.toISOString().replaceAll(/[-:]|\.\d+Z/g, '');
  return {
    licenseType: machine.licenseType ?? '',
    nonce: machine.nonce ?? digits.replace('T', '-'),
    plan: machine.plan ?? { name: '', product: '', publisher: '' },
    sku: machine.sku ?? '',
    subscriptionId: machine.subscriptionId,
    timeStamp: { createdOn: azureTime(createdOn), expiresOn: azureTime(expiresOn) },
    vmId: machine.vmId,
  };
}

/** `07/28/26 13:24:00 -0000` */
export function azureTime(instant: Date): string {
  return instant.toISOString().replace(/^\d\d(\d\d)-(\d\d)-(\d\d)T([\d:]{8}).*$/, '$2/$3/$1 $4 -0000');
}

/** An RSA key that always is the same for this name in this process. */
export function rsaKey(name: string, modulusLength = 2048): KeyPair {
  const key = keys.get(name) ?? generateKeyPairSync('rsa', { modulusLength });
  keys.set(name, key);
  return key;
}

function authorityContent(commonName: string, issuerAddress: string | null): CertificateContent {
  const isRoot = issuerAddress === null;
  return {
    subject: microsoftName(commonName),
    key: rsaKey(commonName),
    serial: certificates.serialOf(commonName),
    ...authorityLife,
    extensions: [
      certificates.basicConstraints(true, isRoot ? null : 0),
      certificates.keyUsage(0, 5, 6),
      ...(isRoot ? [] : [certificates.extendedKeyUsage(1), certificates.authorityInfoAccess([issuerAddress])]),
    ],
    hash: 'sha384',
  };
}

function leafContent(now: Date, issuerAddress: string): CertificateContent {
  const subject: Name = [
    ['C', 'US'],
    ['ST', 'WA'],
    ['L', 'Redmond'],
    ['O', 'Microsoft Corporation'],
    ['CN', 'metadata.azure.com'],
  ];
  return {
    subject,
    key: rsaKey('metadata.azure.com'),
    serial: certificates.serialOf(`metadata.azure.com ${now.toISOString()} ${issuerAddress}`),
    notBefore: new Date(now.getTime() - 30 * dayMs),
    notAfter: new Date(now.getTime() - 30 * dayMs + leafLifeMs),
    extensions: [
      certificates.authorityInfoAccess([issuerAddress]),
      certificates.keyUsage(0, 2),
      certificates.alternativeNames('eastus.metadata.azure.com', 'metadata.azure.com'),
      certificates.basicConstraints(false),
      certificates.extendedKeyUsage(1),
    ],
    hash: 'sha384',
  };
}

function microsoftName(commonName: string): Name {
  return [
    ['C', 'US'],
    ['O', 'Microsoft Corporation'],
    ['CN', commonName],
  ];
}

function commonNameOf(name: Name): string {
  return name.find(([type]) => type === 'CN')?.[1] ?? '';
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
