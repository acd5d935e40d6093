import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateProblem, isCertificate } from './certificate.ts';
import { workerCredentials, workerScopes } from './worker-credentials.ts';

const issuer = { clientId: 'static/taskcluster/worker-manager', accessToken: 'secret-token' };
const worker = { providerId: 'aws', workerPoolId: 'aa/bb', workerGroup: 'us-west-2', workerId: 'i-1' };
const now = new Date('2026-01-02T03:04:05.678Z');
const expires = new Date('2026-02-01T03:04:05.678Z');

// What the service's own client must hold (spec/api.md 4).
const issuerScopes = [
  'auth:create-client:worker/*',
  'assume:worker-type:*',
  'assume:worker-pool:*',
  'assume:worker-id:*',
  'secrets:get:worker-type:*',
  'secrets:get:worker-pool:*',
  'queue:claim-work:*',
  'queue:worker-id:*',
  'worker-manager:remove-worker:*',
  'worker-manager:reregister-worker:*',
  'worker-manager:should-worker-terminate:*',
];

// spec: api 4, E46
test('a worker gets exactly ten scopes, in their order', () => {
  assert.deepEqual(workerScopes(worker), [
    'assume:worker-type:aa/bb',
    'assume:worker-pool:aa/bb',
    'assume:worker-id:us-west-2/i-1',
    'queue:worker-id:us-west-2/i-1',
    'secrets:get:worker-type:aa/bb',
    'secrets:get:worker-pool:aa/bb',
    'queue:claim-work:aa/bb',
    'worker-manager:remove-worker:aa/bb/us-west-2/i-1',
    'worker-manager:reregister-worker:aa/bb/us-west-2/i-1',
    'worker-manager:should-worker-terminate:aa/bb/us-west-2/i-1',
  ]);
});

// spec: api 4, E46
test('its credentials are named after it, start 15 minutes early, end when it must register again, and hold', () => {
  const credentials = workerCredentials(issuer, worker, now, expires);
  assert.equal(credentials.clientId, 'worker/aws/aa/bb/us-west-2/i-1');
  const certificate: unknown = JSON.parse(credentials.certificate);
  assert.ok(isCertificate(certificate));
  assert.equal(certificate.issuer, issuer.clientId);
  assert.equal(certificate.start, now.getTime() - 15 * 60_000);
  assert.equal(certificate.expiry, expires.getTime());
  assert.deepEqual(certificate.scopes, workerScopes(worker));
  assert.equal(
    certificateProblem(certificate, credentials.clientId, { ...issuer, scopes: issuerScopes }, now),
    undefined,
  );
});
