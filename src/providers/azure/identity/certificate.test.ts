import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SteppedClock } from '#lib/clock.ts';
import { createAttestationAuthority, rsaKey } from '#simulators/azure/attestation.ts';
import * as certificates from '#simulators/certificate.ts';
import * as der from '#simulators/der.ts';
import { faultOfKey, readCertificate } from './certificate.ts';
import { MalformedDer } from './der.ts';
import { faultOfIssue } from './path.ts';

const chain = createAttestationAuthority({ clock: new SteppedClock(new Date('2026-07-28T14:00:00Z')) }).chain();

// spec: provisioning 8.12
describe('a certificate', () => {
  test('is read whole', () => {
    const { leaf, intermediate } = chain;
    const { publicKey, signed, ...read } = readCertificate(leaf.der);
    const byNode = new X509Certificate(leaf.der);
    const nameAndSerial = [certificates.encodeName(leaf.issuer), der.integer(leaf.serial)];
    assert.deepEqual(read, {
      subject: 'C=US, ST=WA, L=Redmond, O=Microsoft Corporation, CN=metadata.azure.com',
      issuer: 'C=US, O=Microsoft Corporation, CN=Microsoft TLS G9 RSA CA OCSP 02',
      commonNames: ['metadata.azure.com'],
      dnsNames: ['eastus.metadata.azure.com', 'metadata.azure.com'],
      notBefore: leaf.notBefore,
      notAfter: leaf.notAfter,
      isCa: false,
      pathLength: null,
      keyUsage: { digitalSignature: true, keyCertSign: false },
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
      caIssuers: ['http://www.microsoft.com/pkiops/certs/Microsoft%20TLS%20G9%20RSA%20CA%20OCSP%2002.crt'],
      unknownCritical: [],
      issuerAndSerial: Buffer.concat(nameAndSerial),
      fingerprint: byNode.fingerprint,
      fingerprint256: byNode.fingerprint256,
    });
    assert.ok(publicKey.equals(leaf.key.publicKey));
    assert.equal(signed.hash, 'sha384');
    const { isCa, pathLength, keyUsage } = readCertificate(intermediate.der);
    assert.deepEqual([isCa, pathLength, keyUsage?.keyCertSign], [true, 0, true]);
  });

  test('of which any byte was changed is malformed, or not what its issuer signed', () => {
    const issuer = readCertificate(chain.intermediate.der);
    const good = chain.leaf.der;
    assert.equal(faultOfIssue(readCertificate(good), issuer), null);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(good);
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          assert.notEqual(faultOfIssue(readCertificate(changed), issuer), null);
        } catch (error) {
          assert.ok(error instanceof MalformedDer, String(error));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('that says two things of its own form is malformed', () => {
    const { leaf, intermediate } = chain;
    const issue = (extensions: readonly certificates.Extension[]) =>
      certificates.issue({ ...leaf, extensions }, intermediate).der;
    const extension = (id: string, value: Buffer) => ({ id, isCritical: false, value });
    for (const value of [
      Buffer.alloc(0),
      der.nothing(),
      Buffer.concat([der.sequence(), der.nothing()]),
      der.sequence(der.integer(0), der.boolean(true)),
      der.sequence(der.boolean(true), der.integer(Buffer.from([1, 0]))),
      der.sequence(der.der(0x01, Buffer.from([1]))),
    ]) {
      assert.throws(() => readCertificate(issue([extension('2.5.29.19', value)])), MalformedDer);
    }
    for (const id of ['2.5.29.15', '2.5.29.17', '2.5.29.37', '1.3.6.1.5.5.7.1.1']) {
      assert.throws(() => readCertificate(issue([extension(id, der.integer(1))])), MalformedDer, id);
    }
    const twoWays = leaf.der.lastIndexOf(Buffer.from('2a864886f70d01010c', 'hex'));
    const changed = Buffer.from(leaf.der);
    changed[twoWays + 8] = 0x0b;
    assert.throws(() => readCertificate(changed), /two ways of signing/);
  });

  test('with a name that is too long for a log is malformed', () => {
    const named = (length: number) =>
      certificates.issue({ ...chain.leaf, subject: Array.from({ length }, () => ['O', 'x'.repeat(60)] as const) });
    assert.equal(readCertificate(named(7).der).subject.length, 7 * 64 - 2);
    assert.throws(() => readCertificate(named(8).der), MalformedDer);
  });
});

test('a key is fit when it is an RSA key of a length and an exponent that are in use', () => {
  const { publicKey } = rsaKey('stranger');
  assert.equal(faultOfKey(publicKey), null);
  const jwk = publicKey.export({ format: 'jwk' });
  const withParts = (parts: { n?: string; e?: string }) =>
    createPublicKey({ key: { ...jwk, ...parts }, format: 'jwk' });
  const modulus = (bits: number): string => Buffer.alloc(bits / 8, 0xff).toString('base64url');
  assert.equal(faultOfKey(withParts({ n: modulus(8192) })), null);
  for (const key of [
    rsaKey('short', 1024).publicKey,
    withParts({ n: modulus(16_384) }),
    withParts({ e: 'Aw' }),
    withParts({ e: modulus(512) }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    generateKeyPairSync('ed25519').publicKey,
    generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey,
  ]) {
    assert.notEqual(faultOfKey(key), null);
  }
});
