import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import { SignJWT } from 'jose';
import { ProofRejected } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import { aWorker } from '#test/conformance/provider/fixtures.ts';
import { googleIdentity } from './identity.ts';

const now = new Date('2026-03-01T12:00:00Z');
const nowSeconds = now.getTime() / 1000;
const never = new AbortController().signal;
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const keys = {
  asked: [] as string[],
  find: async (keyId: string): Promise<KeyObject | null> => {
    keys.asked.push(keyId);
    return keyId === 'key-1' ? createPublicKey(privateKey) : null;
  },
};
const expected = { rootUrl: 'https://tc.example.com', project: 'tc-workers', workerServiceAccountId: '1122' };
const identity = googleIdentity(keys, expected);
const worker = aWorker({
  workerGroup: 'us-west1-b',
  workerId: '5550000111122223333',
  created: now,
  providerData: { launchTime: '2026-03-01T11:58:00.000Z' },
});

/** The payload as Google's page shows it, for `format=full`. */
const machine = {
  instance_creation_timestamp: nowSeconds - 120,
  instance_id: '5550000111122223333',
  instance_name: 'proj-pool-1',
  project_id: 'tc-workers',
  project_number: 123,
  zone: 'us-west1-b',
};
const claims = {
  iss: 'https://accounts.google.com',
  iat: nowSeconds - 10,
  exp: nowSeconds + 3590,
  aud: 'https://tc.example.com',
  sub: '1122',
  azp: '1122',
  google: { compute_engine: machine },
};

const signed = (payload: object, header: object = {}): Promise<string> =>
  new SignJWT({ ...payload }).setProtectedHeader({ alg: 'RS256', kid: 'key-1', ...header }).sign(privateKey);

const identify = async (payload: object, who = worker): Promise<void> =>
  identity.identify({ token: await signed(payload) }, who, now, never);

// spec: provisioning 7.8, P-36, W35
describe('the identity of an instance', () => {
  test('is proven by its token, of either issuer, within five minutes of Google’s clock', async () => {
    await identify(claims);
    await identify({ ...claims, iss: 'accounts.google.com' });
    await identify({ ...claims, iat: nowSeconds + 299, exp: nowSeconds + 3900 });
    await identify({ ...claims, iat: nowSeconds - 3890, exp: nowSeconds - 290 });
  });

  test('is not proven by a token of the standard format: a refusal, no failure', async () => {
    const { google: _google, ...standard } = claims;
    await assert.rejects(identify(standard), ProofRejected);
    await assert.rejects(identify({ ...claims, google: {} }), ProofRejected);
    await assert.rejects(identify({ ...claims, google: null }), ProofRejected);
  });

  test('needs the creation to be the launch’s, told by what was recorded, or else by the worker’s own beginning', async () => {
    const createdAt = (seconds: number) => ({
      ...claims,
      google: { compute_engine: { ...machine, instance_creation_timestamp: nowSeconds + seconds } },
    });
    await identify(createdAt(-120 - 299));
    await assert.rejects(identify(createdAt(-120 - 301)), /not say that the instance was created by the launch/);
    await assert.rejects(identify(createdAt(301)), ProofRejected);
    const unrecorded = { ...worker, providerData: {} };
    await identify(createdAt(-299), unrecorded);
    await assert.rejects(identify(createdAt(-301), unrecorded), ProofRejected);
  });

  test('is asked of no key before the algorithm is the right one', async () => {
    keys.asked.length = 0;
    const [, payload] = (await signed(claims)).split('.');
    for (const alg of ['none', 'HS256', 'RS512', 'ES256']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'key-1' })).toString('base64url');
      await assert.rejects(
        identity.identify({ token: `${header}.${payload}.AAAA` }, worker, now, never),
        ProofRejected,
      );
    }
    assert.deepEqual(keys.asked, []);
  });

  test('cannot be told when the keys cannot be had: that is no refusal', async () => {
    const out = googleIdentity({ find: () => Promise.reject(new Error('out of reach')) }, expected);
    await assert.rejects(out.identify({ token: await signed(claims) }, worker, now, never), /out of reach/);
  });

  test('is not proven by anything that is no token', async () => {
    const proofs: JsonObject[] = [{}, { token: 5 }, { token: '' }, { token: 'a.b.c' }, { token: '..' }, { token: ' ' }];
    for (const proof of proofs) {
      await assert.rejects(identity.identify(proof, worker, now, never), ProofRejected, JSON.stringify(proof));
    }
  });
});
