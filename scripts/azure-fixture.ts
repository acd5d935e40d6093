import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ProofRejected } from '#core/error.ts';
import { systemClock } from '#lib/clock.ts';
import { isJsonObject } from '#lib/json.ts';
import { readAttestedFacts } from '#providers/azure/identity/attested-facts.ts';
import { fetchableAddress, soughtAuthority } from '#providers/azure/identity/certificate-address.ts';
import { readCertificate } from '#providers/azure/identity/certificate.ts';
import type { Certificate } from '#providers/azure/identity/certificate.ts';
import { faultOfAuthorities, faultOfIssue, faultOfSigner } from '#providers/azure/identity/path.ts';
import { anchorOf, carriedAnchors } from '#providers/azure/identity/trust-anchors.ts';
import type { TrustAnchor } from '#providers/azure/identity/trust-anchors.ts';
import { findVoucher } from '#providers/azure/identity/trust-store.ts';
import { openDocument } from '#providers/azure/identity.ts';

/** One saved signature, with the id that its machine has elsewhere, if that was saved too. */
export interface SavedSignature {
  document: string;
  vmId: string | null;
}

/** What to judge by. */
export interface FixtureOptions {
  now: Date;
  /** The certificate of the signer's issuer, when it was fetched: DER or PEM. */
  issuer: Buffer | null;
  /** Authorities that are believed; default: those that are carried. */
  anchors?: readonly TrustAnchor[];
}

/**
 * Finds the signatures in a file: the metadata service's answer (`{"encoding": "pkcs7", "signature": …}`), that member's bare base64 or the
 * DER in it, or a list of fixtures (`[{document, vmId, notes}]`).
 * @throws Error when it is none of them.
 */
export function readSignatures(file: Buffer): SavedSignature[] {
  const isDer = file[0] === 0x30 && (file[1] ?? 0) >= 0x80;
  const words = file.toString(isDer ? 'base64' : 'utf8');
  if (!/^\s*[[{]/.test(words)) {
    return [{ document: words.trim(), vmId: null }];
  }
  const value: unknown = JSON.parse(words);
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((item) => {
    const members = isJsonObject(item) ? item : {};
    const document = members['document'] ?? members['signature'];
    if (typeof document !== 'string') {
      throw new Error('there is no signature in it: neither a member "signature" nor a member "document"');
    }
    return { document, vmId: typeof members['vmId'] === 'string' ? members['vmId'] : null };
  });
}

/** Takes a signature apart. @returns what it says, who signed it, whether that is believed and why, and what to do if not, line by line. */
export function describeSignature({ document, vmId }: SavedSignature, options: FixtureOptions): string[] {
  try {
    const { content, signer } = openDocument({ document });
    const facts = readAttestedFacts(content);
    const isOther = vmId !== null && vmId.toLowerCase() !== facts.vmId.toLowerCase();
    return [
      'Content',
      ...content
        .toString('utf8')
        .split('\n')
        .map((line) => `  ${line}`),
      `  created ${facts.createdOn.toISOString()}, expires ${facts.expiresOn.toISOString()}`,
      ...(isOther ? [`  saved with vmId ${vmId}, which is ANOTHER one`] : []),
      'Signer',
      ...describeCertificate(signer),
      ...signer.caIssuers.map((address) => `  issuer’s certificate ${address}${remark(address, signer)}`),
      'Believed?',
      ...judge(signer, facts.createdOn, options).map((line) => `  ${line}`),
    ];
  } catch (error) {
    if (error instanceof ProofRejected) {
      return [`No: ${error.message}`];
    }
    throw error;
  }
}

function describeCertificate(certificate: Certificate): string[] {
  return [
    `  subject ${certificate.subject}`,
    `  names ${certificate.dnsNames.join(', ')}`,
    `  issuer ${certificate.issuer}`,
    `  valid from ${certificate.notBefore.toISOString()} to ${certificate.notAfter.toISOString()}`,
    `  SHA-1 fingerprint ${certificate.fingerprint}`,
    `  SHA-256 fingerprint ${certificate.fingerprint256}`,
  ];
}

function remark(address: string, signer: Certificate): string {
  const authority = soughtAuthority(signer.issuer);
  return authority !== null && fetchableAddress(address, authority, []) !== null ? '' : ' (never fetched from there)';
}

/** At the instant of the document, which may be long ago, and whether it is still so. */
function judge(signer: Certificate, createdOn: Date, options: FixtureOptions): string[] {
  const anchors = options.anchors ?? carriedAnchors();
  const fault = faultOfSigner(signer, createdOn);
  if (fault !== null) {
    return [`no: ${fault}`, 'This is no signature of Azure’s metadata service.'];
  }
  const { anchor, fault: anchorsFault } = findVoucher(anchors, signer, createdOn);
  if (anchor === null) {
    const known = anchorsFault ?? `${signer.issuer} is not among the authorities that are known`;
    return [`no: ${known}`, ...advise(signer, createdOn, anchors, options)];
  }
  const until = new Date(Math.min(signer.notAfter.getTime(), anchor.notAfter.getTime()));
  return [
    `yes: ${anchor.subject} issued it (${anchor.origin}, SHA-256 ${anchor.fingerprint256}, until ${anchor.notAfter.toISOString()})`,
    options.now <= until
      ? `Documents of this signer are believed until ${until.toISOString()}.`
      : `This signer is not believed any more since ${until.toISOString()}: use it with the clock on its day.`,
  ];
}

function advise(signer: Certificate, at: Date, anchors: readonly TrustAnchor[], { issuer }: FixtureOptions): string[] {
  const isSought = soughtAuthority(signer.issuer) !== null;
  const first = isSought
    ? 'A service that may fetch looks for it by itself.'
    : 'It is not of a name that is looked for: see src/providers/azure/identity/certificate-address.ts.';
  if (issuer === null) {
    const [address = 'ADDRESS'] = signer.caIssuers;
    return [first, `To carry it: curl -o issuer.crt '${address}', then run this again with --issuer issuer.crt`];
  }
  const certificate = readCertificate(derOf(issuer));
  const root = anchors.find((one) => faultOfAuthorities([certificate], one, at) === null)?.subject;
  const fault = faultOfIssue(signer, certificate) ?? (root === undefined ? 'no root that is known issued it' : null);
  return fault === null
    ? [
        first,
        `${root ?? ''} issued it. To carry it, add to src/providers/azure/identity/trust-anchors.json:`,
        entryOf(certificate),
      ]
    : [first, `Do NOT carry the certificate that was given: ${fault}`];
}

/** An authority as the list of anchors has it. */
function entryOf(certificate: Certificate): string {
  const day = (instant: Date): string => instant.toISOString().slice(0, 10);
  return JSON.stringify({
    subject: certificate.subject,
    issuer: certificate.issuer,
    notBefore: day(certificate.notBefore),
    notAfter: day(certificate.notAfter),
    sha256: anchorOf(certificate, '').fingerprint256,
    spki: certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  });
}

function derOf(file: Buffer): Buffer {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(file.toString('latin1'))?.[1];
  return base64 === undefined ? file : Buffer.from(base64, 'base64');
}

async function run(path: string, issuerPath: string | undefined): Promise<void> {
  const saved = path === '-' ? await buffer(process.stdin) : await readFile(path);
  const issuer = issuerPath === undefined ? null : await readFile(issuerPath);
  for (const signature of readSignatures(saved)) {
    console.log(describeSignature(signature, { now: systemClock.now(), issuer }).join('\n'));
  }
}

if (import.meta.main) {
  try {
    const { values, positionals } = parseArgs({ options: { issuer: { type: 'string' } }, allowPositionals: true });
    await run(positionals[0] ?? '-', values.issuer);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error('Usage: npm run azure:fixture -- [FILE] [--issuer CERTIFICATE]');
    process.exitCode = 1;
  }
}
