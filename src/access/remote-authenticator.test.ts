import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { Clock } from '#core/clock.ts';
import { SteppedClock } from '#lib/clock.ts';
import { payloadHash } from './payload-hash.ts';
import { remoteAuthenticator } from './remote-authenticator.ts';
import type { RemoteAuthenticatorOptions } from './remote-authenticator.ts';
import type { SignedRequest } from './signed-request.ts';

const start = new Date('2026-01-02T03:04:05.000Z');
const timeoutMs = 1234;
/** What the authenticator gives all attempts together. */
const limitMs = 30_000;

/** Passes a wait between attempts at once, counting its time; a limit for an attempt, or for all of them, never comes. */
class HastyClock implements Clock {
  #now = start.getTime();
  readonly waits: number[] = [];

  now(): Date {
    return new Date(this.#now);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms === timeoutMs || ms === limitMs) {
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    }
    this.waits.push(ms);
    this.pass(ms);
    return Promise.resolve();
  }

  pass(ms: number): void {
    this.#now += ms;
  }
}

interface Question {
  method: string | undefined;
  url: string | undefined;
  headers: Record<string, unknown>;
  body: unknown;
}

interface Answer {
  status?: number;
  body: unknown;
}

/** An auth service that gives these answers, the last one again and again, and remembers what it was asked. */
async function authService(t: TestContext, ...answers: Answer[]) {
  const questions: Question[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      const { method, url, headers } = request;
      const answer = answers[Math.min(questions.length, answers.length - 1)] ?? { body: {} };
      questions.push({ method, url, headers, body: JSON.parse(text) });
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { questions, rootUrl: `http://127.0.0.1:${port}/` };
}

function authenticatorFor(rootUrl: string, more: Partial<RemoteAuthenticatorOptions> = {}) {
  const clock = new HastyClock();
  const options = { rootUrl, clock, random: () => 1, timeoutMs, ...more };
  return { clock, ...remoteAuthenticator(options) };
}

const request: SignedRequest = {
  method: 'POST',
  resource: '/api/worker-manager/v1/x?y=%2F',
  host: 'tc.example.com',
  port: 443,
  authorization: 'Hawk id="me", ts="1767323045", nonce="n", mac="m"',
  contentType: 'application/json',
  body: '{}',
  sourceIp: '10.0.0.1',
  traceId: 'trace-1',
};
const { authorization: _, ...unsigned } = request;
const expires = new Date(start.getTime() + 900_000).toISOString();
const success = { status: 'auth-success', scheme: 'hawk', clientId: 'me', scopes: ['a'], expires };
const noAuth = { status: 'no-auth', scheme: 'none', scopes: ['read:*'], expires };

// spec: api 2.7, 3.1
test('the auth service is asked with the signature data and the trace id, and no credentials', async (t) => {
  const auth = await authService(t, { body: success });
  const result = await authenticatorFor(auth.rootUrl).authenticate(request);
  assert.deepEqual(result, {
    status: 'success',
    clientId: 'me',
    scopes: ['a'],
    expires: new Date(expires),
  });
  const [question] = auth.questions;
  assert.ok(question);
  assert.deepEqual([question.method, question.url], ['POST', '/api/auth/v1/authenticate-hawk']);
  assert.equal(question.headers['x-taskcluster-trace-id'], 'trace-1');
  assert.equal(question.headers['authorization'], undefined);
  assert.deepEqual(question.body, {
    method: 'post',
    resource: request.resource,
    host: 'tc.example.com',
    port: 443,
    authorization: request.authorization,
    sourceIp: '10.0.0.1',
  });
});

// spec: api 2.4, 3.1
test('a refusal of the auth service is handed on in its words', async (t) => {
  const auth = await authService(t, { body: { status: 'auth-failed', message: 'bad luck' } });
  assert.deepEqual(await authenticatorFor(auth.rootUrl).authenticate(request), {
    status: 'failed',
    message: 'bad luck',
  });
});

// spec: api 3.1
test('a signed hash that the auth service reports is checked against the body', async (t) => {
  const good = payloadHash(request);
  const auth = await authService(t, { body: { ...success, hash: good } }, { body: { ...success, hash: 'short' } });
  const authenticator = authenticatorFor(auth.rootUrl);
  assert.equal((await authenticator.authenticate(request)).status, 'success');
  assert.equal((await authenticator.authenticate(request)).status, 'failed');
});

// spec: api 3.1
test('a signed request is asked about each time', async (t) => {
  const auth = await authService(t, { body: success }, { body: { status: 'auth-failed', message: 'gone' } });
  const authenticator = authenticatorFor(auth.rootUrl);
  assert.equal((await authenticator.authenticate(request)).status, 'success');
  assert.equal((await authenticator.authenticate(request)).status, 'failed');
});

// spec: api 3.1
test('scopes of anonymous callers are remembered for a while, never longer than they hold', async (t) => {
  const auth = await authService(t, { body: noAuth }, { body: { ...noAuth, scopes: [] } });
  const { clock, ...authenticator } = authenticatorFor(auth.rootUrl);
  const scopes = async (): Promise<readonly string[]> => {
    const result = await authenticator.authenticate(unsigned);
    assert.ok(result.status === 'anonymous');
    return result.scopes;
  };
  assert.deepEqual(await scopes(), ['read:*']);
  clock.pass(29_999);
  assert.deepEqual(await scopes(), ['read:*']);
  clock.pass(1);
  assert.deepEqual(await scopes(), []);

  const short = await authService(t, { body: { ...noAuth, expires: new Date(start.getTime() + 5).toISOString() } });
  const other = authenticatorFor(short.rootUrl);
  await other.authenticate(unsigned);
  other.clock.pass(5);
  await other.authenticate(unsigned);
  assert.equal(short.questions.length, 2);
});

test('what was remembered of anonymous callers is nobody else’s', async (t) => {
  const auth = await authService(t, { body: noAuth }, { body: success });
  const authenticator = authenticatorFor(auth.rootUrl);
  await authenticator.authenticate(unsigned);
  assert.equal((await authenticator.authenticate(request)).status, 'success');
  const bewit = Buffer.from('me\\1767323100\\mac\\').toString('base64url');
  const byUrl = { ...unsigned, method: 'GET', resource: `/x?bewit=${bewit}` };
  assert.equal((await authenticator.authenticate(byUrl)).status, 'success');
  assert.equal(auth.questions.length, 3);
});

// spec: api 2.4
test('a request that is signed twice is refused without asking', async (t) => {
  const auth = await authService(t, { body: success });
  const authenticator = authenticatorFor(auth.rootUrl);
  assert.equal((await authenticator.authenticate({ ...request, resource: '/x?bewit=abc' })).status, 'failed');
  assert.equal(auth.questions.length, 0);
});

// spec: api 3.1
test('an outage is sat out for five repeats, then it is an error and not a refusal', async (t) => {
  const auth = await authService(t, { status: 503, body: 'busy' }, { body: 'no json' }, { body: success });
  const patient = authenticatorFor(auth.rootUrl);
  assert.equal((await patient.authenticate(request)).status, 'success');
  assert.deepEqual(patient.clock.waits, [200, 400]);

  const signature = 'secret-of-the-caller';
  const down = await authService(t, { status: 500, body: { code: 'x', requestInfo: { payload: signature } } });
  const authorization = `Hawk id="me", ts="1767323045", nonce="n", mac="${signature}"`;
  await assert.rejects(authenticatorFor(down.rootUrl).authenticate({ ...request, authorization }), (error) => {
    assert.ok(error instanceof Error && /answered 500/.test(error.message));
    assert.equal(inspect(error, { depth: null }).includes(signature), false);
    return true;
  });
  assert.equal(down.questions.length, 6);
});

test('a request that the auth service cannot read is the caller’s mistake, and not repeated', async (t) => {
  const auth = await authService(t, { status: 400, body: { code: 'InputValidationError' } });
  const result = await authenticatorFor(auth.rootUrl).authenticate({ ...request, host: '[::1]' });
  assert.equal(result.status, 'failed');
  assert.equal(auth.questions.length, 1);
});

test('an answer that makes no sense is an error', async (t) => {
  const odd = [
    {},
    [],
    { status: 'maybe' },
    { ...success, scopes: 'a' },
    { ...success, clientId: 5 },
    { ...success, expires: 'later' },
    { ...success, expires: null },
    { status: 'auth-failed' },
  ];
  for (const body of odd) {
    const auth = await authService(t, { body });
    await assert.rejects(authenticatorFor(auth.rootUrl).authenticate(request), /auth service/, JSON.stringify(body));
  }
});

// spec: api 3.1
test('of many strangers at once the auth service is asked once', async (t) => {
  const auth = await authService(t, { body: noAuth });
  const authenticator = authenticatorFor(auth.rootUrl);
  const answers = await Promise.all(Array.from({ length: 20 }, () => authenticator.authenticate(unsigned)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set(['anonymous']));
  assert.equal(auth.questions.length, 1);
});

// spec: api 3.1
test('an auth service that hangs keeps a caller half a minute, repeats included, and then it is an error', async (t) => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new SteppedClock(start);
  const rootUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = remoteAuthenticator({ rootUrl, clock, random: () => 1 }).authenticate(request);
  const state = { isOver: false };
  const refused = assert.rejects(asked, /not done within 30000 ms|got no answer/).then(() => (state.isOver = true));
  await clock.step(29_000);
  assert.equal(state.isOver, false);
  await clock.step(1_000);
  await refused;
});
