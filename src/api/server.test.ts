import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anApiWorld, aPool } from '#test/api-world.ts';
import { defaultApiSettings } from './parts.ts';

const pool = '/worker-pool/aa%2Fbb';

// spec: api 2.7, W41, E72
test('every answer carries the standing headers; CORS and cache headers only below the API prefix, 404s included', async (t) => {
  const world = await anApiWorld(t);
  const everywhere = {
    'x-content-type-options': 'nosniff',
    'content-security-policy': "report-uri /__cspreport__;default-src 'none';frame-ancestors 'none';",
  };
  const belowPrefix = {
    'access-control-allow-origin': '*',
    'access-control-max-age': '900',
    'access-control-allow-methods': 'OPTIONS,GET,HEAD,POST,PUT,DELETE,TRACE,CONNECT',
    'access-control-request-method': '*',
    'access-control-allow-headers': 'X-Requested-With,Content-Type,Authorization,Accept,Origin,Cache-Control',
    'cache-control': 'no-store, no-cache, must-revalidate',
  };
  for (const [method, path, isBelow] of [
    ['GET', '/ping', true],
    ['GET', '/nowhere', true],
    ['OPTIONS', '/ping', true],
    ['GET', '/worker-pools?nonsense=1', true],
    ['GET', '//__version__', false],
    ['GET', '//nowhere', false],
  ] as const) {
    const { headers } = await world.call(method, path, { as: null });
    for (const [name, value] of Object.entries(everywhere)) assert.equal(headers[name], value, `${path} ${name}`);
    for (const [name, value] of Object.entries(belowPrefix)) {
      assert.equal(headers[name], isBelow ? value : undefined, `${path} ${name}`);
    }
    assert.match(String(headers['x-for-request-id']), /^[\da-f-]{36}$/);
    assert.match(String(headers['x-for-trace-id']), /^[\da-f-]{36}$/);
    assert.equal(headers['x-powered-by'], undefined);
    assert.equal(headers['strict-transport-security'], undefined);
  }
});

// spec: api 2.7
test('a trace id is taken over from the caller', async (t) => {
  const world = await anApiWorld(t);
  const { headers } = await world.call('GET', '/ping', { headers: { 'x-taskcluster-trace-id': 'my trace' } });
  assert.equal(headers['x-for-trace-id'], 'my trace');
});

// spec: api 1.2, 2.7, E72
test('what is no route is a plain 404, whatever the verb', async (t) => {
  const world = await anApiWorld(t);
  for (const [method, path] of [
    ['GET', '/nowhere'],
    ['GET', '/Ping'],
    ['POST', '/ping'],
    ['PATCH', pool],
    ['PROPFIND', '/ping'],
    ['OPTIONS', '/nowhere'],
    ['GET', '//'],
    ['GET', '//api/worker-manager/v1'],
    ['GET', '//api/worker-manager/v2/ping'],
  ] as const) {
    const { status, body } = await world.call(method, path);
    assert.deepEqual([status, body], [404, { error: 'Not found' }], `${method} ${path}`);
  }
});

// spec: api 2.7
test('OPTIONS lists the verbs of a route and asks for no credentials', async (t) => {
  const world = await anApiWorld(t);
  const { status, headers, text } = await world.call('OPTIONS', pool, { as: null });
  assert.deepEqual(
    [status, headers['allow'], text],
    [200, 'DELETE, GET, HEAD, POST, PUT', 'DELETE, GET, HEAD, POST, PUT'],
  );
});

// spec: api 1.2
test('HEAD is answered like GET without a body, signed as what it is', async (t) => {
  const world = await anApiWorld(t);
  const get = await world.call('GET', '/worker-pools');
  const head = await world.call('HEAD', '/worker-pools');
  assert.deepEqual([head.status, head.text], [200, '']);
  assert.equal(head.headers['content-length'], get.headers['content-length']);
  assert.equal((await world.call('HEAD', pool)).status, 404);
  assert.equal((await world.call('HEAD', '/worker-pools', { as: null })).status, 403);
});

// spec: api 1.4
test('the process, its version and the parts it needs tell that they are there, below the prefix and at the root', async (t) => {
  const world = await anApiWorld(t);
  const ping = await world.call('GET', '/ping', { as: null });
  assert.equal(ping.body.alive, true);
  assert.ok(ping.body.uptime > 0);
  const version = { version: '1.2.3', commit: 'abc', source: 'https://example.com', build: '' };
  assert.deepEqual((await world.call('GET', '/__version__', { as: null })).body, version);
  assert.deepEqual((await world.call('GET', '/__lbheartbeat__', { as: null })).body, {});
  assert.deepEqual((await world.call('GET', '/__heartbeat__', { as: null })).body, {});
  assert.deepEqual((await world.call('POST', '//__version__/x', { as: null })).body, version);
  for (const path of ['//__heartbeat__', '//__lbheartbeat__', '//__lbheartbeat__/deep/er']) {
    assert.deepEqual((await world.call('DELETE', path, { as: null })).body, {});
  }
  assert.match((await world.call('GET', '//robots.txt')).text, /Disallow: \/\n/);
});

// spec: W39
test('the heartbeat says which part is away', async (t) => {
  const world = await anApiWorld(t, {
    healthChecks: { broker: () => Promise.reject(new Error('connection refused')) },
  });
  const { status, body } = await world.call('GET', '/__heartbeat__', { as: null });
  assert.equal(status, 503);
  assert.match(body.message, /broker/);
  assert.doesNotMatch(body.message, /database|refused/);
});

// spec: api 2.8
test('the published documents are served at their addresses', async (t) => {
  const world = await anApiWorld(t);
  const { references } = (await world.call('GET', '//references/manifest.json')).body;
  for (const path of references) assert.equal((await world.call('GET', `/${path}`)).status, 200, path);
  const api = (await world.call('GET', '//references/worker-manager/v1/api.json')).body;
  assert.equal(api.entries.length, 27);
  const schema = await world.call('GET', '//schemas/worker-manager/v1/worker-full.json');
  assert.equal(schema.body.$id, '/schemas/worker-manager/v1/worker-full.json#');
});

// spec: api 1.5, E68
test('providers are listed in the order of configuration, without the null provider, in pages by index', async (t) => {
  const world = await anApiWorld(t);
  world.broken.add('cloud');
  const all = [
    { providerId: 'static', providerType: 'static' },
    { providerId: 'cloud', providerType: 'google' },
    { providerId: 'cloud2', providerType: 'google' },
  ];
  const list = async (query: string): Promise<unknown> => (await world.call('GET', `/providers${query}`)).body;
  assert.deepEqual(await list(''), { providers: all });
  assert.deepEqual(await list('?limit=2'), { providers: all.slice(0, 2), continuationToken: '2' });
  assert.deepEqual(await list('?limit=2&continuationToken=2'), { providers: all.slice(2) });
  assert.deepEqual(await list('?limit=3'), { providers: all });
  assert.deepEqual(await list('?limit=0'), { providers: [] });
  assert.equal((await world.call('GET', '/providers?continuationToken=x')).status, 400);
});

// spec: api 2.2
test('an answer is indented JSON with a weak ETag, which saves sending it again', async (t) => {
  const world = await anApiWorld(t);
  const first = await world.call('GET', '/worker-pools');
  assert.equal(first.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(first.text, '{\n  "workerPools": []\n}');
  const etag = String(first.headers['etag']);
  assert.match(etag, /^W\/"/);
  for (const known of [etag, `"x", ${etag}`, '*', etag.slice(2)]) {
    const again = await world.call('GET', '/worker-pools', { headers: { 'if-none-match': known } });
    assert.deepEqual([again.status, again.text, again.headers['etag']], [304, '', etag], known);
  }
  const other = await world.call('GET', '/worker-pools', { headers: { 'if-none-match': '"x"' } });
  assert.equal(other.status, 200);
});

// spec: api 2.2
test('long answers are compressed for who takes that', async (t) => {
  const world = await anApiWorld(t);
  const accept = { headers: { 'accept-encoding': 'gzip, deflate' } };
  const short = await world.call('GET', '/worker-pools', accept);
  assert.equal(short.headers['content-encoding'], undefined);
  assert.equal(short.headers['vary'], 'Accept-Encoding');
  await world.call('PUT', pool, { body: aPool({ description: 'x'.repeat(2000) }) });
  const plain = await world.call('GET', pool);
  const zipped = await world.call('GET', pool, accept);
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(zipped.headers['content-encoding'], 'gzip');
  assert.deepEqual(zipped.body, plain.body);
  await world.call('PUT', '/worker-pool/aa%2Fcc', {
    body: aPool({ config: { minCapacity: 0, maxCapacity: 1, launchConfigs: [] }, description: 'y'.repeat(10_000) }),
  });
  assert.equal((await world.call('GET', '/worker-pools', accept)).body.workerPools[1].description.length, 10_000);
});

// spec: api 2.7
test('plain HTTP is redirected where TLS is forced', async (t) => {
  const world = await anApiWorld(t, { settings: { ...defaultApiSettings, forceSsl: true, trustProxy: true } });
  const plain = await world.call('GET', '/ping?x=1', { headers: { host: 'tc.example.com' } });
  assert.equal(plain.status, 301);
  assert.equal(plain.headers.location, 'https://tc.example.com/api/worker-manager/v1/ping?x=1');
  assert.equal((await world.call('POST', '/worker/register', { body: {} })).status, 308);
  const secure = await world.call('GET', '/ping', { headers: { 'x-forwarded-proto': 'https' } });
  assert.equal(secure.status, 200);
  assert.match(String(secure.headers['strict-transport-security']), /^max-age=\d+/);
});
