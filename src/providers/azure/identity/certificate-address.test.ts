import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evilAddresses } from '#test/conformance/provider/azure-forged-certificates.ts';
import { fetchableAddress, soughtAuthority } from './certificate-address.ts';

const authority = 'Microsoft TLS G2 RSA CA OCSP 02';

// spec: provisioning 8.12
describe('the address of an authority’s certificate', () => {
  test('may be any that Microsoft and its cross-signers use', () => {
    for (const [address, name = authority] of [
      ['http://www.microsoft.com/pkiops/certs/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt'],
      ['http://caissuers.microsoft.com/pkiops/certs/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt'],
      ['https://WWW.Microsoft.com:443/pkiops/certs/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt'],
      ['http://www.microsoft.com:443/pkiops/certs/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt'],
      [
        'http://www.microsoft.com/pkiops/certs/Microsoft%20Azure%20RSA%20TLS%20Issuing%20CA%2004%20-%20xsign.crt',
        'Microsoft Azure RSA TLS Issuing CA 04',
      ],
      [
        'http://cacerts.digicert.com/MicrosoftAzureRSATLSIssuingCA04-xsign.crt',
        'Microsoft Azure RSA TLS Issuing CA 04',
      ],
      ['http://cacerts.digicert.cn/MicrosoftTLSG2RSACAOCSP02.crt'],
      ['http://cacerts.geotrust.com/MicrosoftTLSG2RSACAOCSP02.crt'],
    ] as const) {
      assert.notEqual(fetchableAddress(address, name, []), null, address);
    }
  });

  test('may be no other', () => {
    for (const [name, address] of Object.entries(evilAddresses(authority))) {
      assert.equal(fetchableAddress(address, authority, []), null, name);
    }
  });

  test('may be below an address of the settings, with the authority’s name and nothing hidden', () => {
    const source = new URL('http://127.0.0.1:4000/pki/');
    const at = (address: string) => fetchableAddress(address, authority, [source]);
    assert.notEqual(at('http://127.0.0.1:4000/pki/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt'), null);
    for (const address of [
      'http://127.0.0.1:4001/pki/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt',
      'https://127.0.0.1:4000/pki/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt',
      'http://127.0.0.1:4000/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt',
      'http://127.0.0.1:4000/pki/../Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt',
      'http://user@127.0.0.1:4000/pki/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2002.crt',
      'http://127.0.0.1:4000/pki/Microsoft%20TLS%20G2%20RSA%20CA%20OCSP%2004.crt',
    ]) {
      assert.equal(at(address), null, address);
    }
  });
});

test('authorities that are looked for are Microsoft’s, of the hierarchies that there are and of later ones', () => {
  const sought = (name: string) => soughtAuthority(`C=US, O=Microsoft Corporation, CN=${name}`);
  for (const name of [
    'Microsoft Azure RSA TLS Issuing CA 03',
    'Microsoft TLS G2 RSA CA OCSP 16',
    'Microsoft TLS G3 RSA CA OCSP 02',
    'Microsoft RSA TLS CA 02',
    'Microsoft TLS RSA Root G2',
    'Microsoft RSA Root Certificate Authority 2017',
  ]) {
    assert.equal(sought(name), name);
  }
  for (const name of ['', 'Microsoft', 'Microsoft Azure RSA TLS Issuing CA 03, CN=x', 'x Microsoft TLS RSA Root G2']) {
    assert.equal(sought(name), null, name);
  }
  assert.equal(soughtAuthority('CN=Microsoft TLS RSA Root G2'), null);
  assert.equal(soughtAuthority('C=US, O=Evil, CN=Microsoft TLS RSA Root G2'), null);
});
