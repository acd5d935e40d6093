import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '#lib/clock.ts';
import { readCertificate } from '#providers/azure/identity/certificate.ts';
import { anchorOf } from '#providers/azure/identity/trust-anchors.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import { pemOf } from '#simulators/certificate.ts';
import { addressOf } from '#test/conformance/provider/azure-forged-certificates.ts';
import { azureForgeries } from '#test/conformance/provider/azure-forgeries.ts';
import { describeSignature, readSignatures } from './azure-fixture.ts';

const machine = {
  vmId: 'b1310a36-d400-46f6-82cb-6217df846586',
  subscriptionId: '8a205152-b25a-417f-a676-80465535a6c9',
};
const authority = createAttestationAuthority({ clock: systemClock });
const { intermediate, root } = authority.chain();
const document = await authority.attest(machine);
const now = systemClock.now();
const anchorsOf = (...ders: readonly Buffer[]) => ders.map((der) => anchorOf(readCertificate(der), 'settings'));
const describeIt = (
  options: Partial<Parameters<typeof describeSignature>[1]> = {},
  vmId: string | null = null,
): string => describeSignature({ document, vmId }, { now, issuer: null, ...options }).join('\n');

// spec: provisioning 8.17
describe('a saved signature', () => {
  test('is read from bare base64 or DER, from the metadata service’s answer, and from a list of fixtures', () => {
    const read = (file: string) => readSignatures(Buffer.from(file));
    assert.deepEqual(readSignatures(Buffer.from(document, 'base64')), [{ document, vmId: null }]);
    assert.deepEqual(read(` ${document}\n`), [{ document, vmId: null }]);
    assert.deepEqual(read(JSON.stringify({ encoding: 'pkcs7', signature: document })), [{ document, vmId: null }]);
    assert.deepEqual(read(JSON.stringify([{ document, vmId: machine.vmId, notes: '' }, { document }])), [
      { document, vmId: machine.vmId },
      { document, vmId: null },
    ]);
    assert.throws(() => read('{"encoding": "pkcs7"}'), /no signature/);
    assert.throws(() => read('[1]'), /no signature/);
  });

  test('is taken apart: content, signer, issuer, address', () => {
    const told = describeIt();
    assert.match(told, new RegExp(`"vmId":"${machine.vmId}"`));
    assert.match(told, /subject C=US, ST=WA, L=Redmond, O=Microsoft Corporation, CN=metadata\.azure\.com/);
    assert.match(told, /names eastus\.metadata\.azure\.com, metadata\.azure\.com/);
    assert.match(told, /issuer C=US, O=Microsoft Corporation, CN=Microsoft TLS G9 RSA CA OCSP 02/);
    assert.match(told, /SHA-1 fingerprint (?:[0-9A-F]{2}:){19}[0-9A-F]{2}/);
    assert.ok(told.includes(`issuer’s certificate ${addressOf(intermediate)}\n`));
  });

  test('of a signer that is believed is said to be so, by whom and until when', () => {
    const anchors = anchorsOf(root.der, intermediate.der);
    assert.match(describeIt({ anchors }), /yes: .*OCSP 02 issued it \(settings, [^]* are believed until/);
    const later = new Date('2048-01-01T00:00:00Z');
    assert.match(
      describeIt({ anchors, now: later }),
      /not believed any more since .*: use it with the clock on its day/,
    );
    assert.doesNotMatch(describeIt({ anchors }, machine.vmId), /ANOTHER/);
    assert.match(describeIt({ anchors }, 'another'), /ANOTHER/);
  });

  test('of an authority that is not known comes with what to do', () => {
    const told = describeIt({ anchors: anchorsOf(root.der) });
    assert.match(told, /no: .* is not among the authorities that are known/);
    assert.ok(told.includes(`curl -o issuer.crt '${addressOf(intermediate)}'`));
  });

  test('with its issuer’s certificate, which a known root issued, comes with the anchor to add', () => {
    for (const issuer of [intermediate.der, Buffer.from(pemOf(intermediate.der))]) {
      const told =
        describeIt({ anchors: anchorsOf(root.der), issuer })
          .split('\n')
          .at(-1) ?? '';
      const added = JSON.parse(told) as Record<string, string>;
      const [anchor] = anchorsOf(intermediate.der);
      assert.equal(added['sha256'], anchor?.fingerprint256);
      assert.equal(added['subject'], anchor?.subject);
      assert.equal(added['notAfter'], '2049-12-31');
      const spki = intermediate.key.publicKey.export({ type: 'spki', format: 'der' });
      assert.equal(added['spki'], spki.toString('base64'));
    }
  });

  test('with a certificate that did not issue it, or that no known root issued, comes with a warning', () => {
    const other = describeIt({ anchors: anchorsOf(root.der), issuer: root.der });
    assert.match(other, /Do NOT carry .* as its issuer/);
    assert.match(describeIt({ issuer: intermediate.der }), /Do NOT carry .*no root that is known/);
  });

  test('that is forged is said to be so, and never to be believed', () => {
    const anchors = anchorsOf(root.der, intermediate.der);
    const forgeries = Object.entries(azureForgeries({ authority, machine, now }));
    const certificates = forgeries.filter(([name]) => name.startsWith('signed by a certificate'));
    assert.ok(certificates.length > 20);
    for (const [name, forged] of certificates) {
      const told = describeSignature({ document: forged, vmId: null }, { now, issuer: null, anchors }).join('\n');
      // Judged by the day that it names itself, so one that was not valid long ago may be named by its issuer.
      assert.match(told, /\bno: |^No: /, name);
    }
  });
});

const openssl = spawnSync('sh', ['-c', 'openssl version']);
const isOpensslHere = openssl.status === 0 && String(openssl.stdout).startsWith('OpenSSL 3');

// spec: provisioning 8.17
describe('docs/azure-attestation.md', { skip: isOpensslHere ? false : 'no OpenSSL 3 here' }, () => {
  /** A curl that knows three addresses. */
  async function aFolder(t: TestContext): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'azure-attestation-'));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'answer.json'), JSON.stringify({ encoding: 'pkcs7', signature: document }));
    await writeFile(join(folder, 'published.crt'), intermediate.der);
    const curl = `curl() {
      for argument; do
        case "$argument" in
          *169.254.169.254/metadata/attested/*) cat answer.json ;;
          *169.254.169.254/metadata/instance/*) printf '%s' '${machine.vmId}' ;;
          '${addressOf(intermediate)}') cp published.crt issuer.crt ;;
        esac
      done
    }`;
    await writeFile(join(folder, 'steps.sh'), ['set -eu', curl, ...(await steps())].join('\n'));
    return folder;
  }

  async function steps(): Promise<string[]> {
    const page = await readFile(new URL('../docs/azure-attestation.md', import.meta.url), 'utf8');
    const blocks = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = '']) => block);
    assert.equal(blocks.length, 5);
    return blocks;
  }

  test('its steps lead from a machine’s signature to the authority that is to be carried', async (t) => {
    const folder = await aFolder(t);
    const { stdout } = await promisify(execFile)('sh', ['steps.sh'], { cwd: folder });
    const content = JSON.parse(await readFile(join(folder, 'content.json'), 'utf8')) as { vmId: string };
    assert.equal(content.vmId, await readFile(join(folder, 'vm-id'), 'utf8'));
    const [leaf, issuer] = [authority.chain().leaf, intermediate].map(({ der }) => readCertificate(der));
    for (const told of [
      leaf!.fingerprint,
      issuer!.fingerprint,
      issuer!.fingerprint256,
      'DNS:eastus.metadata.azure.com, DNS:metadata.azure.com',
      'CA:TRUE, pathlen:0',
      'signer.pem: OK',
    ]) {
      assert.ok(stdout.includes(told), `${told} in ${stdout}`);
    }
  });

  test('what they save is what the script reads', async (t) => {
    const folder = await aFolder(t);
    await promisify(execFile)('sh', ['steps.sh'], { cwd: folder });
    const script = new URL('azure-fixture.ts', import.meta.url).pathname;
    const run = (...parameters: readonly string[]) =>
      promisify(execFile)(process.execPath, [script, ...parameters], { cwd: folder });
    for (const file of ['attested.json', 'signature', 'signature.der']) {
      const { stdout } = await run(file, '--issuer', 'issuer.crt');
      assert.match(stdout, /Do NOT carry .*no root that is known/);
    }
    assert.match((await run('signer.pem')).stdout, /^No: /);
    await assert.rejects(run('missing'), /Usage/);
  });
});
