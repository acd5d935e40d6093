import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import * as pkijs from 'pkijs';
import { SteppedClock } from '#lib/clock.ts';
import { createAttestationAuthority } from './attestation.ts';
import type { AttestationAuthority } from './attestation.ts';

const dayMs = 24 * 3_600_000;
const machine = {
  vmId: 'b1310a36-d400-46f6-82cb-6217df846586',
  subscriptionId: '8a205152-b25a-417f-a676-80465535a6c9',
};

function anAuthority(): { clock: SteppedClock; authority: AttestationAuthority } {
  const clock = new SteppedClock(new Date('2026-07-28T13:24:00Z'));
  return { clock, authority: createAttestationAuthority({ clock }) };
}

/** Checks a document as a library does that knows nothing of how it was made. @returns its content. */
async function openedByLibrary(document: string, anchors: readonly string[], checkDate: Date): Promise<unknown> {
  const bytes = new Uint8Array(Buffer.from(document, 'base64'));
  const parsed = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(bytes).content });
  const [root, ...intermediates] = anchors.map((pem) => pkijs.Certificate.fromBER(new X509Certificate(pem).raw));
  parsed.certificates?.push(...intermediates);
  // Azure names the signature where the digest's name belongs; the library wants it named as it should be.
  for (const { digestAlgorithm } of parsed.signerInfos) {
    assert.equal(digestAlgorithm.algorithmId, '1.2.840.113549.1.1.11');
    digestAlgorithm.algorithmId = '2.16.840.1.101.3.4.2.1';
  }
  const engine = new pkijs.CryptoEngine({ crypto: globalThis.crypto });
  const trustedCerts = root === undefined ? [] : [root];
  const verdict = await parsed.verify(
    { signer: 0, trustedCerts, checkChain: true, checkDate, extendedMode: true },
    engine,
  );
  assert.equal(verdict.signatureVerified, true);
  assert.equal(verdict.signerCertificateVerified, true);
  const content = parsed.encapContentInfo.eContent?.getValue();
  return JSON.parse(Buffer.from(content ?? new ArrayBuffer(0)).toString());
}

// spec: provisioning 8.12, 8.17
describe('the simulated attestation', () => {
  test('signs documents that a library of others accepts, with the facts in Azure’s form', async () => {
    const { clock, authority } = anAuthority();
    const document = await authority.attest(machine);
    assert.deepEqual(await openedByLibrary(document, authority.trustAnchors(), clock.now()), {
      licenseType: '',
      nonce: '20260728-132400',
      plan: { name: '', product: '', publisher: '' },
      sku: '',
      subscriptionId: machine.subscriptionId,
      vmId: machine.vmId,
      timeStamp: { createdOn: '07/28/26 13:24:00 -0000', expiresOn: '07/28/26 19:24:00 -0000' },
    });
  });

  test('has certificates of the kind of Microsoft’s, each issued by the next', () => {
    const { authority } = anAuthority();
    const { leaf, intermediate, root } = authority.chain();
    const [machines, issuing, top] = [leaf, intermediate, root].map(({ der }) => new X509Certificate(der));
    assert.ok(machines!.checkIssued(issuing!) && machines!.verify(issuing!.publicKey));
    assert.ok(issuing!.checkIssued(top!) && issuing!.verify(top!.publicKey));
    assert.deepEqual([machines!.ca, issuing!.ca, top!.ca], [false, true, true]);
    assert.equal(machines!.subject, 'C=US\nST=WA\nL=Redmond\nO=Microsoft Corporation\nCN=metadata.azure.com');
    assert.equal(machines!.subjectAltName, 'DNS:eastus.metadata.azure.com, DNS:metadata.azure.com');
    assert.deepEqual(machines!.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(machines!.validToDate.getTime() - machines!.validFromDate.getTime(), 180 * dayMs);
  });

  test('publishes the certificates of its authorities where they say', () => {
    const { authority } = anAuthority();
    const { leaf, intermediate, root } = authority.chain();
    const addressIn = (der: Buffer): string =>
      /CA Issuers - URI:(\S+)/.exec(new X509Certificate(der).infoAccess ?? '')?.[1] ?? '';
    assert.deepEqual(authority.certificateAt(new URL(addressIn(leaf.der)).pathname), intermediate.der);
    assert.deepEqual(authority.certificateAt(new URL(addressIn(intermediate.der)).pathname), root.der);
    assert.equal(authority.certificateAt('/pkiops/certs/other.crt'), null);
    assert.equal(authority.certificateAt('/'), null);
  });

  test('rotates to another intermediate of another key; the old one stays published', async () => {
    const { clock, authority } = anAuthority();
    const before = authority.chain();
    authority.rotate();
    const after = authority.chain();
    assert.notDeepEqual(after.intermediate.subject, before.intermediate.subject);
    assert.ok(!after.intermediate.key.publicKey.equals(before.intermediate.key.publicKey));
    assert.deepEqual(after.root, before.root);
    await openedByLibrary(await authority.attest(machine), authority.trustAnchors(), clock.now());
    assert.notEqual(authority.certificateAt('/pkiops/certs/Microsoft%20TLS%20G9%20RSA%20CA%20OCSP%2002.crt'), null);
    assert.notEqual(authority.certificateAt('/pkiops/certs/Microsoft%20TLS%20G9%20RSA%20CA%20OCSP%2004.crt'), null);
  });

  test('renews the machines’ certificate before it ends', async () => {
    const { clock, authority } = anAuthority();
    const { leaf } = authority.chain();
    await clock.step(100 * dayMs);
    assert.equal(authority.chain().leaf, leaf);
    await clock.step(60 * dayMs);
    assert.notEqual(authority.chain().leaf, leaf);
    await openedByLibrary(await authority.attest(machine), authority.trustAnchors(), clock.now());
  });
});
