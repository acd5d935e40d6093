import assert from 'node:assert/strict';
import { test } from 'node:test';
import Hawk from 'hawk';
import { SteppedClock } from '#lib/clock.ts';
import type { Authentication } from './authenticator.ts';
import { createTemporaryCredentials } from './certificate.ts';
import type { TemporaryCredentials } from './certificate.ts';
import { localAuthenticator } from './local-authenticator.ts';
import { payloadHash } from './payload-hash.ts';
import type { SignedRequest } from './signed-request.ts';

const start = new Date('2026-01-02T03:04:05.000Z');
const hourMs = 3_600_000;
const client = { clientId: 'me', accessToken: 'my-token', scopes: ['a:*', 'auth:create-client:me/*'] };
const leaving = { ...client, clientId: 'leaving', expires: new Date(start.getTime() + hourMs) };
const everybody = ['assume:anonymous', 'read:*'];

type Credentials = Partial<TemporaryCredentials> & { clientId: string; accessToken: string };

interface SigningOptions {
  authorizedScopes?: unknown;
  body?: string;
  at?: Date;
  ext?: string;
}

/** A request signed as official clients do it, by the client half of hawk. */
function signed(credentials: Credentials, options: SigningOptions = {}): SignedRequest {
  const { certificate } = credentials;
  const { authorizedScopes, body, at = start } = options;
  const members = {
    ...(certificate === undefined ? {} : { certificate: JSON.parse(certificate) as unknown }),
    ...(authorizedScopes === undefined ? {} : { authorizedScopes }),
  };
  const ext = options.ext ?? Buffer.from(JSON.stringify(members)).toString('base64');
  const contentType = 'application/json';
  const { header } = Hawk.client.header('http://h:80/x', 'POST', {
    credentials: { id: credentials.clientId, key: credentials.accessToken, algorithm: 'sha256' },
    timestamp: Math.floor(at.getTime() / 1000),
    ...(ext === 'e30=' ? {} : { ext }),
    ...(body === undefined ? {} : { hash: payloadHash({ contentType, body }) }),
  });
  return {
    method: 'POST',
    resource: '/x',
    host: 'h',
    port: 80,
    authorization: header,
    contentType,
    ...(body === undefined ? {} : { body }),
  };
}

function authenticate(request: SignedRequest, clock = new SteppedClock(start)): Promise<Authentication> {
  return localAuthenticator([client, leaving], ['read:*'], clock).authenticate(request);
}

async function refusal(request: SignedRequest, clock?: SteppedClock): Promise<string> {
  const result = await authenticate(request, clock);
  assert.equal(result.status, 'failed');
  return result.message;
}

const terms = {
  name: 'me/too',
  scopes: ['a:b'],
  start: new Date(start.getTime() - hourMs),
  expiry: new Date(start.getTime() + hourMs),
};

// spec: api 3.1
test('who gives no credentials is anonymous and has the scopes of everybody', async () => {
  const { authorization: _, ...unsigned } = signed(client);
  assert.deepEqual(await authenticate(unsigned), { status: 'anonymous', scopes: everybody });
});

// spec: api 3.3
test('a permanent client has its own scopes and those of everybody', async () => {
  assert.deepEqual(await authenticate(signed(client)), {
    status: 'success',
    clientId: 'me',
    scopes: [...client.scopes, ...everybody],
    expires: null,
  });
});

// spec: api 3.5
test('a signed URL is as good as a header', async () => {
  const bewit = Hawk.uri.getBewit('http://h:80/x?limit=5', {
    credentials: { id: 'me', key: 'my-token', algorithm: 'sha256' },
    ttlSec: 60,
    localtimeOffsetMsec: start.getTime() - Hawk.utils.now(0),
  });
  const request = { method: 'GET', resource: `/x?limit=5&bewit=${bewit}`, host: 'h', port: 80 };
  const clock = new SteppedClock(start);
  assert.equal((await authenticate(request, clock)).status, 'success');
  await clock.step(61_000);
  assert.equal((await authenticate(request, clock)).status, 'failed');
});

test('an unknown client and a wrong key look the same', async () => {
  const unknown = await refusal(signed({ clientId: 'nobody', accessToken: 'x' }));
  assert.equal(await refusal(signed({ clientId: 'me', accessToken: 'x' })), unknown);
  const byNobody = createTemporaryCredentials({ clientId: 'nobody', accessToken: 'x' }, terms);
  assert.equal(await refusal(signed(byNobody)), unknown);
});

test('a client is good until it expires', async () => {
  const clock = new SteppedClock(start);
  const result = await authenticate(signed(leaving), clock);
  assert.ok(result.status === 'success' && result.expires === leaving.expires);
  await clock.step(hourMs);
  assert.match(await refusal(signed(leaving, { at: clock.now() }), clock), /expired/);
  const temporary = createTemporaryCredentials(leaving, { ...terms, scopes: ['a:b'] });
  assert.match(await refusal(signed(temporary, { at: clock.now() }), clock), /expired/);
});

// spec: api 3.3
test('named temporary credentials act under their name with the scopes of their certificate', async () => {
  assert.deepEqual(await authenticate(signed(createTemporaryCredentials(client, terms))), {
    status: 'success',
    clientId: 'me/too',
    scopes: ['a:b', ...everybody],
    expires: terms.expiry,
  });
});

// spec: api 3.3
test('unnamed temporary credentials act as their issuer with the scopes of their certificate, and end with it', async () => {
  const { name: _, ...unnamed } = { ...terms, expiry: new Date(start.getTime() + 2 * hourMs) };
  assert.deepEqual(await authenticate(signed(createTemporaryCredentials(leaving, unnamed))), {
    status: 'success',
    clientId: 'leaving',
    scopes: ['a:b', ...everybody],
    expires: leaving.expires,
  });
});

// spec: api 3.3
test('temporary credentials get nobody further than their issuer, and issue none themselves', async () => {
  const greedy = createTemporaryCredentials(client, { ...terms, scopes: ['b'] });
  assert.match(await refusal(signed(greedy)), /scopes that its issuer/);
  const misnamed = createTemporaryCredentials(client, { ...terms, name: 'boss' });
  assert.match(await refusal(signed(misnamed)), /name that its issuer/);
  const first = createTemporaryCredentials(client, terms);
  const second = createTemporaryCredentials(first, { ...terms, name: 'me/three' });
  assert.match(await refusal(signed(second)), /does not match/);
});

// spec: api 3.3
test('a certificate that was widened is refused', async () => {
  const credentials = createTemporaryCredentials(client, terms);
  const certificate = credentials.certificate.replace('a:b', 'a:*');
  assert.match(await refusal(signed({ ...credentials, certificate })), /not signed/);
});

// spec: api 3.4, E74
test('a caller may restrict itself, to what it has', async () => {
  const restricted = await authenticate(signed(client, { authorizedScopes: ['a:b', 'read:x'] }));
  assert.ok(restricted.status === 'success');
  assert.deepEqual(restricted.scopes, ['a:b', 'read:x', ...everybody]);
  const starred = await authenticate(signed(client, { authorizedScopes: ['a:*'] }));
  assert.equal(starred.status, 'success');
  assert.match(await refusal(signed(client, { authorizedScopes: ['b'] })), /scope that its client does not have: b/);
  const temporary = createTemporaryCredentials(client, terms);
  const both = await authenticate(signed(temporary, { authorizedScopes: ['a:b'] }));
  assert.equal(both.status, 'success');
  assert.match(await refusal(signed(temporary, { authorizedScopes: ['a:c'] })), /does not have: a:c/);
});

// spec: api 3.2
test('an ext that is not what it should be is refused', async () => {
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
  const odd = [
    'x',
    encoded(5),
    encoded(null),
    encoded({ authorizedScopes: 'a' }),
    encoded({ authorizedScopes: ['ä'] }),
    encoded({ certificate: {} }),
    encoded({ certificate: null }),
  ];
  for (const ext of odd) assert.match(await refusal(signed(client, { ext })), /right form/, ext);
});

// spec: api 3.1
test('a body that was signed must arrive as it was signed', async () => {
  const request = signed(client, { body: '{"a":1}' });
  assert.equal((await authenticate(request)).status, 'success');
  assert.match(await refusal({ ...request, body: '{"a":2}' }), /not the one that was signed/);
  const { body: _, ...emptied } = request;
  assert.match(await refusal(emptied), /not the one that was signed/);
});

// spec: api 2.4
test('a second signature is not looked at, it is refused', async () => {
  assert.match(await refusal({ ...signed(client), resource: '/x?bewit=abc' }), /signed twice/);
});

test('clients that make no sense are refused at the start', () => {
  const clock = new SteppedClock(start);
  assert.throws(() => localAuthenticator([client, client], [], clock), /same clientId/);
  assert.throws(() => localAuthenticator([{ ...client, accessToken: '' }], [], clock), /no access token/);
});

// The client has no types.
const clientModule: string = 'taskcluster-client';
const { createTemporaryCredentials: issuedByOfficialClient } = (await import(clientModule)) as {
  createTemporaryCredentials: (options: {
    clientId?: string;
    scopes: readonly string[];
    start: Date;
    expiry: Date;
    credentials: { clientId: string; accessToken: string };
  }) => Omit<TemporaryCredentials, 'clientId'> & { clientId?: string };
};

// spec: api 3.3
test('temporary credentials of the official client are good here', async () => {
  const options = { scopes: ['a:b', 'a:c'], start: terms.start, expiry: terms.expiry, credentials: client };
  for (const name of [{}, { clientId: 'me/too' }]) {
    const credentials = { clientId: 'me', ...issuedByOfficialClient({ ...options, ...name }) };
    const result = await authenticate(signed(credentials));
    assert.ok(result.status === 'success', JSON.stringify(result));
    assert.deepEqual(result.scopes, ['a:b', 'a:c', ...everybody]);
  }
});
