import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ServiceError } from '#core/error.ts';
import { anApiWorld, aPool } from '#test/api-world.ts';
import type { ApiWorld } from '#test/api-world.ts';
import { defaultApiSettings } from './parts.ts';

const pool = '/worker-pool/aa%2Fbb';

/** Sends bytes as they are and gives what comes back until the other side closes. */
async function sendRaw(world: ApiWorld, text: string): Promise<string> {
  const { hostname, port } = new URL(world.url);
  return await new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let received = '';
    socket.on('data', (data) => (received += data.toString()));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

// spec: api 2.3, E73
test('an error shows what was asked, in the envelope with its trailer', async (t) => {
  const world = await anApiWorld(t);
  const { status, body, headers } = await world.call('GET', pool);
  assert.equal(status, 404);
  assert.equal(headers['www-authenticate'], undefined);
  const time = '2026-03-04T05:06:07.890Z';
  assert.deepEqual(Object.keys(body), ['code', 'message', 'requestInfo']);
  assert.deepEqual(body.requestInfo, { method: 'workerPool', params: { workerPoolId: 'aa/bb' }, payload: {}, time });
  const trailer = `\n\n---\n\n* method:     workerPool\n* errorCode:  ResourceNotFound\n* statusCode: 404\n* time:       ${time}`;
  assert.ok(body.message.endsWith(trailer));
});

// spec: api 2.3, W16
test('a body must be JSON, say so, and be there', async (t) => {
  const world = await anApiWorld(t);
  const refuse = async (raw: string | undefined, type: string | undefined, shown: unknown): Promise<string> => {
    const headers = type === undefined ? {} : { 'content-type': type };
    const { status, body } = await world.call('PUT', pool, { ...(raw === undefined ? {} : { raw }), headers });
    assert.deepEqual([status, body.code], [400, 'MalformedPayload'], raw);
    assert.deepEqual(body.requestInfo.payload, shown);
    return body.message;
  };
  await refuse('{"a":', 'application/json', '{"a":');
  await refuse('null', 'application/json', null);
  await refuse('"text"', 'application/json', 'text');
  assert.match(await refuse('{}', 'text/plain', {}), /"text\/plain"/);
  assert.match(await refuse(undefined, undefined, {}), /null/);
  await refuse('', 'application/json', {});
  await refuse('{}', ';;;', {});
  const list = await world.call('PUT', pool, { raw: '[]' });
  assert.deepEqual([list.status, list.body.code], [400, 'InputValidationError']);
});

test('a body that is not read is not in the way', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool() });
  assert.equal(
    (await world.call('DELETE', pool, { raw: 'whatever', headers: { 'content-type': 'text/plain' } })).status,
    200,
  );
  assert.equal((await world.call('DELETE', pool, { raw: '{' })).status, 400);
});

// spec: api 2.3, 2.7, W16
test('a body of more than 10 MiB is too large, whether its length is told or not', async (t) => {
  const world = await anApiWorld(t);
  const raw = Buffer.alloc(11 * 1024 * 1024, 'x');
  for (const isChunked of [false, true]) {
    const { status, body } = await world.call('PUT', pool, { raw, isChunked });
    assert.deepEqual([status, body.code], [413, 'InputTooLarge']);
    assert.equal('payload' in body.requestInfo, false);
  }
});

// spec: W47
test('what cannot be stored is refused with its place', async (t) => {
  const world = await anApiWorld(t);
  const deep = JSON.parse('['.repeat(500) + ']'.repeat(500));
  for (const [special, place] of [
    [{ description: 'a\0b' }, /data\/description .*NUL/],
    [{ owner: 'a@b.c\0' }, /data\/owner .*NUL/],
    [{ config: { 'x\0': 1 } }, /data\/config .*NUL/],
    [{ config: { list: ['\ud800'] } }, /data\/config\/list\/0 .*surrogate/],
    [{ config: { deep } }, /nested/],
  ] as const) {
    const { status, body } = await world.call('PUT', pool, { body: aPool(special) });
    assert.deepEqual([status, body.code], [400, 'InputValidationError']);
    assert.match(body.message, place);
  }
  const huge = await world.call('PUT', pool, { raw: '{"config":{"a":1e999}}' });
  assert.equal(huge.body.code, 'InputValidationError');
});

// spec: W16
test('a percent-escape that means nothing is refused in the envelope', async (t) => {
  const world = await anApiWorld(t);
  for (const path of ['/worker-pool/a%zz', '/worker-pool/%', '/workers/%ff/g/w']) {
    const { status, body } = await world.call('GET', path);
    assert.deepEqual([status, body.code], [400, 'InvalidRequestArguments'], path);
    assert.equal(typeof body.requestInfo.params.workerPoolId, 'string');
  }
});

// spec: api 2.5, 2.6
test('problems of parameters and of the query are named, all of one kind at once', async (t) => {
  const world = await anApiWorld(t);
  const params = await world.call('GET', '/workers/nonsense/g.g/w.w');
  assert.match(params.body.message, /workerPoolId.*"nonsense"[^]*workerGroup.*"g\.g"[^]*workerId.*"w\.w"/);
  const query = await world.call('GET', '/worker-pools?limit=many&limits=1&continuationToken=a&continuationToken=b');
  assert.deepEqual([query.status, query.body.code], [400, 'InvalidRequestArguments']);
  assert.match(query.body.message, /limit.*"many".*\^\[0-9\]\+\$/);
  assert.match(query.body.message, /"limits" is not supported/);
  assert.match(query.body.message, /continuationToken.*once/);
  for (const odd of ['limit=', 'continuationToken=', 'limit[]=1', 'limit=%zz', '__proto__=1', 'constructor=1']) {
    assert.equal((await world.call('GET', `/worker-pools?${odd}`)).status, 400, odd);
  }
  assert.equal((await world.call('GET', '/worker-pools?limit=0007')).status, 200);
  assert.equal((await world.call('GET', `/worker-pools?limit=${'9'.repeat(400)}`)).status, 200);
  assert.equal(
    (await world.call('POST', '/worker/register?limit=1', { body: {} })).body.code,
    'InvalidRequestArguments',
  );
});

// spec: W16
test('a request without Host, or with one that makes no sense, is refused in the envelope', async (t) => {
  const world = await anApiWorld(t, { anonymous: ['*'] });
  for (const host of ['', 'Host: a b c\r\n', 'Host: [::1\r\n', 'Host: x:99999\r\n']) {
    const answer = await sendRaw(
      world,
      `GET /api/worker-manager/v1/worker-pools HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /, host);
    assert.match(answer, /"requestInfo"/);
  }
  const old = await sendRaw(world, 'GET /api/worker-manager/v1/ping HTTP/1.0\r\n\r\n');
  assert.match(old, /^HTTP\/1\.1 200 /);
});

// spec: W16
test('what is no HTTP is refused as the caller’s mistake', async (t) => {
  const world = await anApiWorld(t);
  assert.match(await sendRaw(world, 'NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 /);
  const long = `GET /api/worker-manager/v1/ping HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`;
  assert.match(await sendRaw(world, long), /^HTTP\/1\.1 431 /);
});

// spec: api 2.3, E73, W51
test('a defect is told under a number and nothing else; the log has the rest', async (t) => {
  const broken = { broker: () => Promise.reject(new Error('x')) };
  const world = await anApiWorld(t, { healthChecks: broken });
  world.parts.store.ping = () => Promise.resolve();
  world.parts.store.poolsPage = () => Promise.reject(new Error('the cause with a password'));
  const { status, body } = await world.call('GET', '/worker-pools');
  assert.deepEqual([status, body.code], [500, 'InternalServerError']);
  assert.doesNotMatch(JSON.stringify(body), /password|\.ts/);
  const [, incidentId] = /incidentId ([\da-f-]{36})/.exec(body.message) ?? [];
  const report = world.log.find(({ type }) => type === 'monitor.error');
  assert.equal(report?.fields['incidentId'], incidentId);
  assert.equal(report?.fields['method'], 'listWorkerPools');
  assert.match(String(report?.fields['stack']), /the cause with a password/);
});

// spec: W51
test('stack traces are shown only where somebody switched that on', async (t) => {
  const world = await anApiWorld(t, { settings: { ...defaultApiSettings, showsStackTraces: true } });
  world.parts.store.poolsPage = () => Promise.reject(new Error('the cause'));
  assert.match((await world.call('GET', '/worker-pools')).body.message, /the cause\n {4}at /);
});

// spec: api 2.3
test('a refusal of another room keeps its words', async (t) => {
  const world = await anApiWorld(t);
  world.parts.store.poolsPage = () => Promise.reject(new ServiceError('unavailable', 'The database is away.'));
  const { status, body } = await world.call('GET', '/worker-pools');
  assert.equal(status, 503);
  assert.match(body.message, /^The database is away\./);
});
