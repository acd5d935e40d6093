import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessTokenOf, isSignatureRight, issueTemporaryCredentials } from './temporary-credentials.ts';

// The vector of spec/api.md 3.3.
const issuerToken = 'issuer-access-token-for-tests';
const unsigned = {
  version: 1,
  scopes: ['queue:claim-work:aa/bb', 'assume:worker-id:g/w'],
  start: 1_700_000_000_000,
  expiry: 1_700_003_600_000,
  seed: 'AAAAAAAAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBB',
};

test('access token and signature are those of the published vector', () => {
  assert.equal(accessTokenOf(unsigned.seed, issuerToken), 'HujFdvo7fBr4U4Fvr_Z6Ah4lWZZyB5IUR0IE0qBxwQ8');
  const named = { ...unsigned, issuer: 'static/taskcluster/worker-manager' };
  const name = 'worker/static/aa/bb/g/w';
  const signature = 'rUqMFIm/km6CDEp5bXe1JsdS48CsqPOx1RB0pQHbOso=';
  assert.ok(isSignatureRight({ ...named, signature }, name, issuerToken));
  assert.ok(!isSignatureRight({ ...named, signature }, 'worker/static/aa/bb/g/other', issuerToken));
  const unnamed = 'zKimxd7oWUa4WiWIIDkzNiqQsu3BeZr5F2C7/LOvuh0=';
  assert.ok(isSignatureRight({ ...unsigned, signature: unnamed }, 'any', issuerToken));
});

test('issued credentials carry a certificate that verifies and the token of its seed', () => {
  const issued = issueTemporaryCredentials({
    clientId: 'someone',
    scopes: ['a:b'],
    start: new Date(unsigned.start),
    expiry: new Date(unsigned.expiry),
    issuer: { clientId: 'issuer', accessToken: issuerToken },
  });
  const certificate = JSON.parse(issued.certificate);
  assert.equal(certificate.seed.length, 44);
  assert.ok(isSignatureRight(certificate, 'someone', issuerToken));
  assert.equal(issued.accessToken, accessTokenOf(certificate.seed, issuerToken));
});
