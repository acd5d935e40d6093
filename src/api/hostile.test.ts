import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import type { Endpoint } from '#contract/endpoint.ts';
import { endpoints } from '#contract/routes.ts';
import { aLaunchConfig, anApiWorld, aPool, aStaticPool } from '#test/api-world.ts';
import type { Answer, ApiWorld } from '#test/api-world.ts';

/** Stands where secrets are sent; nothing may show it again. */
const secret = `hush${'h'.repeat(40)}`;
const runsPerEndpoint = 60;

const oddText = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '\ud800',
    '__proto__',
    'constructor',
    '../..',
    '%',
    "';--",
    'x'.repeat(300),
    '9'.repeat(50),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const oddValue = fc.oneof(
  oddText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, true, -1, 0, 1e300, 5e-324, [], {}, [[]], { a: null }),
  fc.constant(JSON.parse('['.repeat(150) + ']'.repeat(150))),
);

/** What is usual, and now and then something else. */
function mostly<T, U>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: other });
}

/** A valid object of which some members are odd, missing or too many. */
function nearly(members: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const mixed = Object.fromEntries(
    Object.entries(members).map(([name, valid]) => [
      name,
      fc.oneof(
        { weight: 25, arbitrary: valid },
        { weight: 1, arbitrary: oddValue },
        { weight: 1, arbitrary: fc.constant(undefined) },
      ),
    ]),
  );
  const exact = fc.record(mixed);
  const more = fc.tuple(exact, oddText, oddValue).map(([object, name, value]) => ({ ...object, [name]: value }));
  return mostly(exact, fc.oneof(more, oddValue));
}

const workerPoolId = fc.constantFrom('aa/cloud', 'aa/fixed', 'aa/none');
const workerGroup = fc.constantFrom('g', 'us-east1-a', 'none');
const workerId = fc.constantFrom('w', 'machine', 'none', 'new1', 'new2');
const providerId = fc.constantFrom('cloud', 'static', 'null-provider', 'nowhere');
const instant = fc.constantFrom(
  '2026-05-01T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '0000-01-01 00:00:00',
  '9999-12-31t23:59:59z',
);
const config = fc.oneof(
  fc.constantFrom(aPool()['config'], aStaticPool()['config'], { lifecycle: { reregistrationTimeout: 60 } }),
  nearly({
    minCapacity: fc.constantFrom(0, 1, 2 ** 40, 1e300),
    maxCapacity: fc.constantFrom(1, 10, 1e300),
    lifecycle: nearly({
      registrationTimeout: fc.constantFrom(1800, 1e300),
      queueInactivityTimeout: fc.constantFrom(7200, 1e300),
    }),
    launchConfigs: fc.array(
      fc.oneof(
        fc.constantFrom(aLaunchConfig(), aLaunchConfig({ workerManager: { launchConfigId: 'lc' } })),
        nearly({
          zone: oddText,
          region: oddText,
          workerConfig: oddValue,
          workerManager: nearly({ launchConfigId: oddText }),
        }),
      ),
      { maxLength: 3 },
    ),
  }),
);
const poolDefinition = nearly({
  providerId,
  description: fc.string(),
  owner: fc.constant('a@b.c'),
  emailOnError: fc.boolean(),
  config,
});
const declaration = nearly({
  expires: instant,
  capacity: fc.constantFrom(1, 7, 2 ** 31, 1e300),
  providerInfo: fc.oneof(
    fc.constant({ staticSecret: secret }),
    fc.constant(secret),
    oddText.map((name) => ({ [name]: secret })),
    fc.constant([{ staticSecret: [secret] }]),
  ),
});

/** Bodies by the name of their schema. */
const bodies: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'create-worker-pool-request': poolDefinition,
  'update-worker-pool-request': poolDefinition,
  'report-worker-error-request': nearly({
    workerGroup,
    workerId,
    kind: fc.string({ maxLength: 10 }),
    title: fc.string(),
    description: fc.string(),
    extra: nearly({ code: oddValue, nested: oddValue }),
  }),
  'create-worker-request': declaration,
  'register-worker-request': nearly({
    workerPoolId,
    providerId,
    workerGroup,
    workerId,
    workerIdentityProof: fc.constantFrom<unknown>(
      { staticSecret: secret },
      { token: 'I am machine' },
      { token: secret },
      { document: secret },
      { document: secret, signature: secret },
      { staticSecret: `${secret}!` },
      secret,
    ),
    systemBootTime: instant,
  }),
  'reregister-worker-request': nearly({ workerPoolId, workerGroup, workerId, secret: fc.constant(secret) }),
};

/** One part of a path, percent-encoded or just as odd as it is. */
const pathPiece = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .tuple(workerPoolId, workerGroup, workerId)
      .chain((names) => fc.constantFrom(...names))
      .map(encodeURIComponent),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      '.',
      '..',
      '%2e%2e',
      '%00',
      '%zz',
      '%',
      '%ff',
      ';',
      '&',
      'aa%2Fbb:',
      'a%252Fb',
      "'--",
      'x'.repeat(500),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii' }).map(encodeURIComponent) },
);

function pathOf(endpoint: Endpoint): fc.Arbitrary<string> {
  const parts = endpoint.route.split(/<\w+>/);
  const names = [...endpoint.route.matchAll(/<(\w+)>/g)].map(([, name]) => name);
  const valid: Readonly<Record<string, fc.Arbitrary<string>>> = { workerPoolId, workerGroup, workerId };
  const pieces = names.map((name) =>
    mostly((valid[name ?? ''] ?? fc.constantFrom('aa', 'cloud')).map(encodeURIComponent), pathPiece),
  );
  return fc.tuple(...pieces).map((values) => parts.map((part, index) => `${part}${values[index] ?? ''}`).join(''));
}

const queryValue = fc.oneof(
  fc.constantFrom(
    '1',
    '0',
    '1000',
    'true',
    'false',
    'running',
    'standalone',
    '',
    '%00',
    '%zz',
    'aa/cloud',
    'null',
    'W10.x',
  ),
  oddText.map((text) => encodeURIComponent(text.toWellFormed())),
);

function queryOf(endpoint: Endpoint): fc.Arbitrary<string> {
  const keys = fc.constantFrom(...Object.keys(endpoint.query), 'bewit', 'nonsense', '__proto__', 'limit[]');
  const pairs = fc.array(
    fc.tuple(keys, queryValue).map(([key, value]) => `${key}=${value}`),
    { minLength: 1, maxLength: 3 },
  );
  return mostly(
    fc.constant(''),
    pairs.map((list) => `?${list.join('&')}`),
  );
}

function rawOf(endpoint: Endpoint): fc.Arbitrary<string | Buffer | undefined> {
  const body = bodies[endpoint.input ?? ''] ?? fc.constant(undefined);
  const text = body.map((value) => (value === undefined ? undefined : JSON.stringify(value)));
  const single = endpoint.masks === undefined ? '"text"' : `"${secret}"`;
  return fc.oneof(
    { weight: 20, arbitrary: text },
    { weight: 1, arbitrary: text.map((whole) => whole?.slice(0, -1)) },
    { weight: 1, arbitrary: fc.uint8Array().map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constantFrom('null', '5', '[]', single, '{"__proto__":{"a":1}}', '{"a":1e999}') },
  );
}

/** Each answer is one of ours: JSON of the right shape, no defect, no secret. */
function checkAnswer(world: ApiWorld, answer: Answer, what: string): void {
  assert.ok(answer.status < 500 || answer.body.code === 'ProviderSetupFailed', `${what}\n${answer.text}`);
  assert.ok(!answer.text.includes('hush'), `${what}\n${answer.text}`);
  const isBodyless = answer.text === '';
  assert.ok(isBodyless || answer.body !== undefined, `${what}\n${answer.text}`);
  if (answer.status >= 400 && !isBodyless && answer.body.error !== 'Not found') {
    assert.deepEqual(Object.keys(answer.body), ['code', 'message', 'requestInfo'], what);
    assert.ok(answer.body.message.includes(`* statusCode: ${answer.status}\n`), what);
  }
  const log = JSON.stringify(world.log);
  world.log.length = 0;
  assert.ok(!log.includes('hush'), log);
  assert.ok(!/"monitor.error"|does not match its schema/.test(log), `${what}\n${log}`);
  for (const issued of [answer.body?.secret, answer.body?.credentials?.accessToken]) {
    assert.ok(typeof issued !== 'string' || !log.includes(issued), 'an issued secret is in the log');
  }
}

async function aPeopledWorld(t: TestContext): Promise<ApiWorld> {
  const world = await anApiWorld(t);
  await world.call('PUT', '/worker-pool/aa%2Fcloud', { body: aPool() });
  await world.call('PUT', '/worker-pool/aa%2Ffixed', { body: aStaticPool() });
  const providerInfo = { staticSecret: secret };
  await world.call('PUT', '/workers/aa%2Ffixed/g/w', { body: { expires: '2027-01-01T00:00:00Z', providerInfo } });
  await world.requestWorker('aa/cloud', { workerId: 'machine' });
  return world;
}

for (const [name, endpoint] of Object.entries<Endpoint>(endpoints)) {
  // spec: api 2.3, W15, W16, W43, W47, W50, E73
  test(`no request to ${name} brings forth a defect, an answer of the wrong shape, or a secret`, async (t) => {
    const world = await aPeopledWorld(t);
    const request = fc.tuple(
      pathOf(endpoint),
      queryOf(endpoint),
      rawOf(endpoint),
      mostly(fc.constant('root'), fc.constantFrom(null, 'stranger')),
      mostly(fc.constant(undefined), fc.constantFrom('text/plain', 'application/json;charset=x', ';')),
    );
    await fc.assert(
      fc.asyncProperty(request, async ([path, query, raw, as, type]) => {
        const headers = type === undefined ? {} : { headers: { 'content-type': type } };
        const options = { as, ...(raw === undefined ? {} : { raw }), ...headers };
        const answer = await world.call(endpoint.method.toUpperCase(), `${path}${query}`, options);
        checkAnswer(world, answer, `${endpoint.method} ${path}${query} ${String(raw).slice(0, 300)}`);
      }),
      { numRuns: runsPerEndpoint },
    );
  });
}
