import assert from 'node:assert/strict';
import { test } from 'node:test';
import hawk from 'hawk';
import type { Authenticator } from '#access/authenticator.ts';
import { anApiWorld, aPool, aStaticPool, tokenOf } from '#test/api-world.ts';
import type { ApiWorld } from '#test/api-world.ts';

const pool = '/worker-pool/aa%2Fbb';
const worker = '/workers/aa%2Fbb/g/w';
const wm = 'worker-manager:';

const aReport = { workerGroup: 'g', workerId: 'w', kind: 'k', title: 't', description: 'd', extra: {} };
const aDeclaration = { expires: '2026-05-01T00:00:00Z', providerInfo: { staticSecret: 's'.repeat(44) } };
const aRenewal = { workerPoolId: 'aa/bb', workerGroup: 'g', workerId: 'w', secret: 's'.repeat(44) };

/** Every call that needs scopes: what it is, what it sends, and the scopes in words. */
const guarded: readonly [method: string, path: string, body: unknown, ...scopes: string[]][] = [
  ['GET', '/providers', undefined, `${wm}list-providers`],
  ['PUT', pool, aPool(), `${wm}manage-worker-pool:aa/bb`, `${wm}provider:cloud`],
  ['POST', pool, aPool(), `${wm}manage-worker-pool:aa/bb`, `${wm}provider:cloud`],
  ['DELETE', pool, undefined, `${wm}manage-worker-pool:aa/bb`],
  ['GET', `${pool}/launch-configs`, undefined, `${wm}get-worker-pool:aa/bb`],
  ['GET', `${pool}/stats`, undefined, `${wm}get-worker-pool:aa/bb`],
  ['GET', pool, undefined, `${wm}get-worker-pool:aa/bb`],
  ['GET', '/worker-pools', undefined, `${wm}list-worker-pools`],
  ['GET', '/worker-pools/stats', undefined, `${wm}list-worker-pools`],
  ['POST', '/worker-pool-errors/aa%2Fbb', aReport, 'assume:worker-pool:aa/bb', 'assume:worker-id:g/w'],
  ['GET', '/worker-pool-errors/stats', undefined, `${wm}list-worker-pool-errors:*`],
  ['GET', '/worker-pool-errors/stats?workerPoolId=aa/bb', undefined, `${wm}list-worker-pool-errors:aa/bb`],
  ['GET', '/worker-pool-errors/aa%2Fbb', undefined, `${wm}list-worker-pool-errors:aa/bb`],
  ['GET', '/workers/aa%2Fbb/g', undefined, `${wm}list-workers:aa/bb/g`],
  ['GET', worker, undefined, `${wm}get-worker:aa/bb/g/w`],
  ['PUT', worker, aDeclaration, `${wm}create-worker:aa/bb/g/w`],
  ['POST', worker, aDeclaration, `${wm}update-worker:aa/bb/g/w`],
  ['DELETE', worker, undefined, `${wm}remove-worker:aa/bb/g/w`],
  ['GET', `${worker}/should-terminate`, undefined, `${wm}should-worker-terminate:aa/bb/g/w`],
  ['GET', '/workers/aa%2Fbb', undefined, `${wm}list-workers:aa/bb`],
  ['POST', '/worker/reregister', aRenewal, `${wm}reregister-worker:aa/bb/g/w`],
  ['GET', '/provisioners/aa/worker-types/bb/workers', undefined, `${wm}list-workers:aa/bb`],
  ['GET', '/provisioners/aa/worker-types/bb/workers/g/w', undefined, `${wm}get-worker:aa/bb/g/w`],
  ['GET', '/workers/aa%2Fbb:/g', undefined, `${wm}list-workers:aa/bb/g`],
  ['GET', '/workers/aa%2Fbb:/g/w', undefined, `${wm}get-worker:aa/bb/g/w`],
  ['PUT', '/workers/aa%2Fbb:/g/w', aDeclaration, `${wm}create-worker:aa/bb/g/w`],
  ['POST', '/workers/aa%2Fbb:/g/w', aDeclaration, `${wm}update-worker:aa/bb/g/w`],
];

async function statusOf(world: ApiWorld, call: (typeof guarded)[number], as: string | null): Promise<number> {
  const [method, path, body] = call;
  return (await world.call(method, path, { as, ...(body === undefined ? {} : { body }) })).status;
}

// spec: api 1.1, 2.4, 3.6, E55
test('each call needs its scopes, all of them, and nothing else', async (t) => {
  const clients = Object.fromEntries(
    guarded.flatMap(([, , , ...scopes], index) => [
      [`all${index}`, scopes],
      ...scopes.map((_, left) => [`not${index}-${left}`, scopes.toSpliced(left, 1)]),
    ]),
  );
  const world = await anApiWorld(t, { clients });
  for (const [index, call] of guarded.entries()) {
    const [method, path, , ...scopes] = call;
    assert.equal(await statusOf(world, call, null), 403, `${method} ${path} without credentials`);
    for (const left of scopes.keys()) {
      assert.equal(
        await statusOf(world, call, `not${index}-${left}`),
        403,
        `${method} ${path} without ${scopes[left]}`,
      );
    }
    const status = await statusOf(world, call, `all${index}`);
    assert.ok(status !== 401 && status !== 403, `${method} ${path} with all: ${status}`);
  }
});

// spec: api 3.6
test('everybody’s scopes are those of the anonymous', async (t) => {
  const world = await anApiWorld(t, { anonymous: [`${wm}list-*`], clients: { ann: [] } });
  assert.equal((await world.call('GET', '/worker-pools', { as: null })).status, 200);
  assert.equal((await world.call('GET', '/worker-pools', { as: 'ann' })).status, 200);
  assert.equal((await world.call('GET', pool, { as: null })).status, 403);
});

// spec: api 1.7
test('moving a pool needs the scope of the new provider only', async (t) => {
  const world = await anApiWorld(t, { clients: { ann: [`${wm}manage-worker-pool:aa/*`, `${wm}provider:static`] } });
  await world.call('PUT', pool, { body: aPool() });
  assert.equal((await world.call('POST', pool, { body: aStaticPool(), as: 'ann' })).status, 200);
  assert.equal((await world.call('POST', pool, { body: aPool(), as: 'ann' })).status, 403);
});

// spec: api 2.4, 3.6
test('a caller without a scope is told what it lacks and what is needed; a stranger only what is needed', async (t) => {
  const world = await anApiWorld(t, { clients: { ann: [`${wm}provider:cloud`] } });
  const refused = await world.call('PUT', pool, { body: aPool(), as: 'ann' });
  const { message } = refused.body;
  assert.match(message, /`ann`/);
  const required = JSON.stringify({ AllOf: [`${wm}manage-worker-pool:aa/bb`, `${wm}provider:cloud`] }, null, 2);
  assert.ok(message.includes(`\`\`\`\n${wm}manage-worker-pool:aa/bb\n\`\`\``), message);
  assert.ok(message.includes(`\`\`\`\n${required}\n\`\`\``), message);
  const stranger = (await world.call('GET', pool, { as: null })).body.message;
  assert.equal(stranger.split('```').length, 3);
  assert.ok(stranger.includes(`\`\`\`\n${wm}get-worker-pool:aa/bb\n\`\`\``));
});

// spec: api 2.1, 2.4, W42
test('credentials that are not good are refused before anything is said of the request', async (t) => {
  const world = await anApiWorld(t);
  const bad = [
    { clientId: 'root', accessToken: 'wrong' },
    { clientId: 'nobody', accessToken: 'x' },
  ];
  for (const as of bad) {
    for (const [method, path] of [
      ['GET', '/worker-pools?nonsense'],
      ['GET', '/workers/nonsense'],
      ['PUT', pool],
      ['POST', '/worker/reregister'],
      ['GET', '/worker-pool-errors/stats?nonsense=1'],
    ] as const) {
      const { status, body, headers } = await world.call(method, path, { as });
      assert.deepEqual([status, body.code, headers['www-authenticate']], [401, 'AuthenticationFailed', 'hawk'], path);
    }
  }
  assert.equal((await world.call('GET', '/ping', { as: bad[0]! })).status, 200);
});

// spec: api 2.1, W42
test('a stranger learns of wrong parameters only after the scopes, except where the scopes need them', async (t) => {
  const world = await anApiWorld(t);
  const expectations: [string, string, number][] = [
    ['GET', '/workers/nonsense', 403],
    ['GET', '/worker-pools?nonsense=1', 403],
    ['PUT', worker, 403],
    ['PUT', pool, 400],
    ['POST', pool, 400],
    ['POST', '/worker-pool-errors/aa%2Fbb', 400],
    ['POST', '/worker/reregister', 400],
    ['GET', '/worker-pool-errors/stats?workerPoolId=nonsense', 400],
  ];
  for (const [method, path, status] of expectations) {
    assert.equal((await world.call(method, path, { as: null })).status, status, path);
  }
  const broken = await world.call('DELETE', pool, { as: null, raw: '{' });
  assert.equal(broken.body.code, 'MalformedPayload');
});

// spec: api 3.4, E74
test('a caller may restrict itself to some of its scopes', async (t) => {
  const world = await anApiWorld(t, { clients: { ann: [`${wm}*`] } });
  const as = 'ann';
  for (const [authorizedScopes, status] of [
    [[`${wm}list-worker-pools`], 200],
    [[`${wm}list-*`], 200],
    [[`${wm}list-providers`], 403],
    [[], 403],
    [['queue:something'], 401],
  ] as const) {
    const answer = await world.call('GET', '/worker-pools', { as, authorizedScopes: [...authorizedScopes] });
    assert.equal(answer.status, status, authorizedScopes.join());
  }
});

// spec: api 3.5, 9.2, E75
test('a signed URL is good on any GET, for its time, and not beside a signature; the log masks it', async (t) => {
  const clients = { ann: [`${wm}*`] };
  const world = await anApiWorld(t, { clients });
  await world.call('PUT', pool, { body: aPool() });
  const credentials = { id: 'ann', key: tokenOf('ann'), algorithm: 'sha256' as const };
  const realNow = new Date(hawk.utils.now(0)).getTime();
  const localtimeOffsetMsec = world.clock.now().getTime() - realNow;
  const sign = (path: string): string => {
    const url = `${world.url}/api/worker-manager/v1${path}`;
    const bewit = hawk.client.getBewit(url, { credentials, ttlSec: 60, localtimeOffsetMsec });
    return `${path}${path.includes('?') ? '&' : '?'}bewit=${bewit}`;
  };
  for (const path of [pool, '/worker-pools?limit=1', '/worker-pool-errors/stats']) {
    assert.equal((await world.call('GET', sign(path), { as: null })).status, 200, path);
  }
  assert.equal((await world.call('GET', sign(pool), { as: 'ann' })).status, 401);
  const late = sign(pool);
  await world.clock.step(61_000);
  assert.equal((await world.call('GET', late, { as: null })).status, 401);
  const logged = world.log.filter(({ type }) => type === 'monitor.apiMethod').map(({ fields }) => fields['query']);
  assert.deepEqual(logged[2], { limit: '1', bewit: '...' });
});

// spec: api 2.4, 3.1, W16
test('a body that is not the one that was signed is refused', async (t) => {
  const world = await anApiWorld(t);
  const url = `${world.url}/api/worker-manager/v1${pool}`;
  const payload = JSON.stringify(aPool());
  const { header } = hawk.client.header(url, 'PUT', {
    credentials: { id: 'root', key: tokenOf('root'), algorithm: 'sha256' },
    timestamp: Math.floor(world.clock.now().getTime() / 1000),
    payload,
    contentType: 'application/json',
  });
  const headers = { authorization: header };
  const other = JSON.stringify(aPool({ description: 'another' }));
  assert.equal((await world.call('PUT', pool, { raw: other, headers })).status, 401);
  assert.equal((await world.call('PUT', pool, { raw: payload, headers })).status, 200);
});

// spec: api 2.1, 3.1
test('a caller is authenticated at most once for a request, and not at all for a public one', async (t) => {
  let asked = 0;
  const authenticator: Authenticator = {
    authenticate: async ({ traceId }) => {
      asked += 1;
      assert.equal(traceId, 'trace');
      return { status: 'success', clientId: 'ann', scopes: ['*'], expires: new Date(0) };
    },
  };
  const world = await anApiWorld(t, { authenticator });
  const headers = { 'x-taskcluster-trace-id': 'trace' };
  for (const [method, path, body, expected] of [
    ['PUT', pool, aPool(), 1],
    ['GET', pool, undefined, 1],
    ['GET', '/ping', undefined, 0],
    ['POST', '/worker/register', {}, 0],
    ['GET', '/nowhere', undefined, 0],
    ['OPTIONS', pool, undefined, 0],
  ] as const) {
    asked = 0;
    await world.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
    assert.equal(asked, expected, path);
  }
});

// spec: api 3.1
test('an auth service that cannot be asked is our trouble and not the caller’s', async (t) => {
  const authenticator: Authenticator = { authenticate: () => Promise.reject(new Error('no answer')) };
  const world = await anApiWorld(t, { authenticator });
  assert.equal((await world.call('GET', pool)).status, 500);
});
