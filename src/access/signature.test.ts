import assert from 'node:assert/strict';
import { test } from 'node:test';
import Hawk from 'hawk';
import { payloadHash, payloadHashProblem } from './payload-hash.ts';
import { presentedSignature, signatureProblem } from './signature.ts';
import type { SignedRequest } from './signed-request.ts';

// The vectors of spec/api.md 3.2 and 3.5.
const key = 'test-key';
const signedAt = 1_700_000_000;
const now = new Date(signedAt * 1000);
const place = { host: 'tc.example.com', port: 443 };
const listPools: SignedRequest = {
  ...place,
  method: 'GET',
  resource: '/api/worker-manager/v1/worker-pools?limit=5',
  authorization:
    'Hawk id="test-client", ts="1700000000", nonce="abc123", mac="/J1w3PzEkOJ9aCwJ+BZPeYuFd7P+3DupmAekkAY1e8k="',
};
const bodyHash = 'qKG2AtsqLMhIdy7+OrxWG0bU8wTDncYSW0gmNukAKpI=';
const ext = 'eyJhdXRob3JpemVkU2NvcGVzIjpbImE6YiJdfQ==';
const reregister: SignedRequest = {
  ...place,
  method: 'POST',
  resource: '/api/worker-manager/v1/worker/reregister',
  authorization: `Hawk id="test-client", ts="1700000000", nonce="abc123", hash="${bodyHash}", ext="${ext}", mac="ZYrximk7qyX/6Vnv9sMztVwVRmdZv4YbEleJ0qj17s4="`,
  contentType: 'application/json; charset=utf-8',
  body: '{"a":1}',
};
const bewitText = 'test-client\\1700000060\\JgVkFpkxsC2ylTyA2SMI1UYKxe7b81IMQaJWiD1M4j0=\\';
const bewit = Buffer.from(bewitText).toString('base64url');
const signedUrl: SignedRequest = {
  ...place,
  method: 'GET',
  resource: `/api/worker-manager/v1/worker-pools?limit=5&bewit=${bewit}`,
};

async function problem(request: SignedRequest, at = now, withKey = key): Promise<string | undefined> {
  const presented = presentedSignature(request);
  if (presented.status === 'malformed') return presented.message;
  assert.ok(presented.status === 'present');
  return signatureProblem(request, presented.signature, withKey, at);
}

function later(seconds: number): Date {
  return new Date((signedAt + seconds) * 1000);
}

// spec: api 3.2, 3.5
test('signatures in header and URL verify as everywhere', async () => {
  for (const request of [listPools, reregister, signedUrl, { ...signedUrl, method: 'HEAD' }]) {
    assert.equal(await problem(request), undefined, request.resource);
  }
});

// spec: api 3.2
test('a signature says whom it names and what it carries', () => {
  assert.deepEqual(presentedSignature(reregister), {
    status: 'present',
    signature: { kind: 'header', id: 'test-client', time: '1700000000', ext, hash: bodyHash },
  });
  assert.deepEqual(presentedSignature(signedUrl), {
    status: 'present',
    signature: { kind: 'bewit', id: 'test-client', time: '1700000060' },
  });
  const { authorization: _, ...unsigned } = listPools;
  assert.deepEqual(presentedSignature(unsigned), { status: 'absent' });
});

// spec: api 3.2
test('a signature is good for nothing but the request that was signed', async () => {
  const others: SignedRequest[] = [
    { ...listPools, method: 'POST' },
    { ...listPools, resource: '/api/worker-manager/v1/worker-pools?limit=6' },
    { ...listPools, host: 'tc.example.org' },
    { ...listPools, port: 80 },
    { ...signedUrl, resource: signedUrl.resource.replace('limit=5', 'limit=6') },
    { ...signedUrl, host: 'other' },
  ];
  for (const request of others) assert.match((await problem(request)) ?? '', /does not match/);
  assert.match((await problem(listPools, now, 'other-key')) ?? '', /does not match/);
  assert.equal(await problem({ ...listPools, host: 'TC.EXAMPLE.com' }), undefined);
});

// spec: api 3.2, 3.5
test('a clock may be off by 15 minutes either way, and a signed URL ends on its second', async () => {
  for (const seconds of [900, -900]) assert.equal(await problem(listPools, later(seconds)), undefined);
  for (const seconds of [902, -902]) {
    assert.match((await problem(listPools, later(seconds))) ?? '', /15 minutes/);
  }
  assert.equal(await problem(signedUrl, later(58)), undefined);
  assert.match((await problem(signedUrl, later(61))) ?? '', /no longer valid/);
  assert.equal(await problem(signedUrl, later(-86_400)), undefined);
});

// spec: api 3.5
test('a signed URL is only good for reading', async () => {
  assert.match((await problem({ ...signedUrl, method: 'DELETE' })) ?? '', /only good for GET/);
});

test('a time that is no number is no time, not one for ever', async () => {
  const { artifacts } = Hawk.client.header('https://tc.example.com/x', 'GET', {
    credentials: { id: 'test-client', key, algorithm: 'sha256' },
    nonce: 'n',
  });
  const mac = Hawk.crypto.calculateMac('header', { id: '', key, algorithm: 'sha256' }, { ...artifacts, ts: 'x' });
  const authorization = `Hawk id="test-client", ts="x", nonce="n", mac="${mac}"`;
  assert.match((await problem({ ...place, method: 'GET', resource: '/x', authorization })) ?? '', /not a number/);
  const endless = Buffer.from('test-client\\never\\mac\\').toString('base64url');
  const resource = `/x?bewit=${endless}`;
  assert.match((await problem({ ...place, method: 'GET', resource })) ?? '', /not a number/);
});

test('what cannot be read is refused with a reason, whatever it is', async () => {
  const headers = [
    '',
    'Bearer x',
    'Hawk',
    'Hawk x',
    'Hawk id="a"',
    'Hawk id="a", id="b"',
    `Hawk id="${'x'.repeat(5000)}"`,
    'Hawk id="a", ts="1", nonce="", mac=""',
    'Hawk id="a\nb"',
  ];
  for (const authorization of headers) {
    assert.ok(((await problem({ ...listPools, authorization })) ?? '').length > 10, authorization);
  }
  const parts = [
    '',
    '!!!',
    Buffer.from('a\\b').toString('base64url'),
    Buffer.from('\\1700000060\\\\').toString('base64url'),
    '%00',
  ];
  for (const odd of parts) {
    const resource = `/x?bewit=${odd}`;
    assert.ok(((await problem({ ...place, method: 'GET', resource })) ?? '').length > 10, odd);
  }
});

// spec: api 2.4
test('only one signature per request', async () => {
  const { authorization = '' } = listPools;
  assert.match((await problem({ ...signedUrl, authorization })) ?? '', /signed twice/);
  const resource = `${signedUrl.resource}&bewit=${bewit}`;
  assert.match((await problem({ ...signedUrl, resource })) ?? '', /more than one/);
});

// spec: api 3.1
test('the hash of a body is that of the hawk package, over text or bytes', () => {
  assert.equal(payloadHash(reregister), bodyHash);
  assert.equal(payloadHash({ ...reregister, body: Buffer.from('{"a":1}') }), bodyHash);
  assert.equal(payloadHash({ contentType: 'Application/JSON', body: '{"a":1}' }), bodyHash);
  assert.equal(payloadHash({}), Hawk.crypto.calculatePayloadHash('', 'sha256', ''));
});

// spec: api 3.1, W16
test('a body that is not the signed one is found out, whatever the claimed hash looks like', () => {
  assert.equal(payloadHashProblem(reregister, bodyHash), undefined);
  for (const claimed of ['', 'x', bodyHash.toLowerCase(), `${bodyHash}=`]) {
    const text = payloadHashProblem(reregister, claimed) ?? '';
    assert.ok(text.includes(bodyHash) && text.includes(claimed));
  }
  assert.ok(payloadHashProblem({ ...reregister, body: '{"a":2}' }, bodyHash));
  assert.ok(payloadHashProblem({ ...reregister, contentType: 'text/plain' }, bodyHash));
});
