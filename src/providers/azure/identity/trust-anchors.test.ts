import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { rootCertificates } from 'node:tls';
import { soughtAuthority } from './certificate-address.ts';
import { carriedAnchors } from './trust-anchors.ts';

// spec: provisioning 8.12
describe('the anchors that are carried', () => {
  const anchors = carriedAnchors();

  test('are Microsoft’s authorities of both hierarchies, and the roots above them', () => {
    const names = anchors.map(({ subject }) => subject.replace(/^.*CN=/, ''));
    assert.deepEqual(names.toSorted(), [
      'DigiCert Global Root G2',
      ...['03', '04', '07', '08'].flatMap((number) => {
        const name = `Microsoft Azure RSA TLS Issuing CA ${number}`;
        return [name, name];
      }),
      'Microsoft RSA Root Certificate Authority 2017',
      'Microsoft TLS G2 RSA CA OCSP 02',
      'Microsoft TLS G2 RSA CA OCSP 04',
      'Microsoft TLS RSA Root G2',
    ]);
    assert.deepEqual(
      anchors.filter(({ isRoot }) => isRoot).map(({ subject }) => subject.split('CN=')[1]),
      ['Microsoft RSA Root Certificate Authority 2017', 'Microsoft TLS RSA Root G2', 'DigiCert Global Root G2'],
    );
  });

  test('have the cross-signed and the direct form of one key, each with its own end', () => {
    const forms = anchors.filter(({ subject }) => subject.endsWith('CA 03'));
    assert.equal(forms.length, 2);
    assert.ok(forms[0]!.publicKey.equals(forms[1]!.publicKey));
    assert.deepEqual(forms.map(({ notAfter }) => notAfter.toISOString()).toSorted(), [
      '2026-08-25T23:59:59.999Z',
      '2028-05-25T23:59:59.999Z',
    ]);
  });

  test('have the keys of the roots that the runtime carries, too', () => {
    const known = new Map(
      rootCertificates.map((pem) => {
        const certificate = new X509Certificate(pem);
        return [certificate.fingerprint256.replaceAll(':', '').toLowerCase(), certificate] as const;
      }),
    );
    const both = anchors.flatMap((anchor) => {
      const certificate = known.get(anchor.fingerprint256);
      return certificate === undefined ? [] : [{ anchor, certificate }];
    });
    assert.equal(both.length, 2);
    for (const { anchor, certificate } of both) {
      assert.ok(anchor.publicKey.equals(certificate.publicKey), anchor.subject);
      assert.ok(Math.abs(anchor.notAfter.getTime() - certificate.validToDate.getTime()) < 86_400_000);
    }
  });

  test('are RSA keys, every fingerprint is another, and Microsoft’s are of names that are looked for', () => {
    assert.ok(
      anchors.every(
        ({ publicKey }) =>
          publicKey.asymmetricKeyDetails?.modulusLength === 4096 ||
          publicKey.asymmetricKeyDetails?.modulusLength === 2048,
      ),
    );
    assert.equal(new Set(anchors.map(({ fingerprint256 }) => fingerprint256)).size, anchors.length);
    assert.deepEqual(
      anchors.map(({ subject }) => subject).filter((subject) => soughtAuthority(subject) === null),
      ['C=US, O=DigiCert Inc, OU=www.digicert.com, CN=DigiCert Global Root G2'],
    );
  });
});
