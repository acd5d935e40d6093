// spec: api 10.1
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/seed.ts';
import { ConfigError, loadConfig, readConfig } from './config.ts';

const enough = {
  TASKCLUSTER_ROOT_URL: 'https://tc.example.com/',
  TASKCLUSTER_CLIENT_ID: 'static/taskcluster/worker-manager',
  TASKCLUSTER_ACCESS_TOKEN: 'token',
  PROVIDERS: '{"static": {"providerType": "static"}}',
};

function problemsOf(settings: Record<string, unknown>): readonly string[] {
  try {
    readConfig(settings);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

test('what must be there is enough', () => {
  const config = readConfig(enough);
  assert.equal(config.rootUrl, 'https://tc.example.com');
  assert.deepEqual(new Set(Object.values(config.siblings)), new Set(['https://tc.example.com']));
  assert.equal(config.database, null);
  assert.equal(config.pulse, null);
  assert.equal(config.clients, null);
  assert.equal(config.listen.port, 8080);
  assert.deepEqual(config.providers, { static: { providerType: 'static' } });
});

test('everything that is wrong is said at once', () => {
  assert.deepEqual(problemsOf({ PORT: 'x', FORCE_SSL: 'yes', DATABASE_URL: 'postgres://db/x' }), [
    'TASKCLUSTER_ROOT_URL is missing',
    'TASKCLUSTER_CLIENT_ID is missing',
    'TASKCLUSTER_ACCESS_TOKEN is missing',
    'PORT must be a whole number from 0 to 65535',
    'FORCE_SSL must be true or false',
    'PROVIDERS is missing',
    'DB_CRYPTO_KEYS is needed with a database of your own: it keeps secrets sealed',
  ]);
});

// spec: api 10.3
test('what is wrong with the providers is said together with all else', () => {
  const providers = { aws: { providerType: 'aws', credentials: {} }, 'null-provider': {}, odd: 7 };
  assert.deepEqual(problemsOf({ ...enough, PORT: -1, PROVIDERS: providers, LEVEL: 'loud' }), [
    'PORT must be a whole number from 0 to 65535',
    'provider "aws": credentials.accessKeyId is missing',
    'provider "aws": credentials.secretAccessKey is missing',
    'provider "null-provider": this id is always there and cannot be configured',
    'provider "odd": its settings must be an object',
    'LEVEL "loud" names no log level; use one of err, warning, notice, info, debug',
  ]);
});

test('numbers are whole and within bounds, as numbers or as texts', () => {
  for (const value of ['x', '1.5', 1.5, true, [], '1e3', '0x10', 65_536, '99999999999999999999']) {
    assert.deepEqual(problemsOf({ ...enough, PORT: value }), ['PORT must be a whole number from 0 to 65535']);
  }
  for (const value of [8081, '8081', ' 8081 ']) assert.equal(readConfig({ ...enough, PORT: value }).listen.port, 8081);
  assert.match(problemsOf({ ...enough, KEEP_ALIVE_TIMEOUT_SECONDS: 0 })[0] ?? '', /from 1 to 86400$/);
  assert.match(problemsOf({ ...enough, WORKER_SCANNER_CONCURRENCY: -2 })[0] ?? '', /from 0 to 1000$/);
});

test('the address of a server that is of another kind is refused, and not quoted', () => {
  const settings = { DATABASE_URL: 'mysql://me:hunter2@db/x', SMTP_URL: 'me:hunter2@mail', MAIL_FROM: 'a@b.example' };
  const keys = [{ id: 'a', algo: 'aes-256', key: Buffer.alloc(32).toString('base64') }];
  assert.deepEqual(problemsOf({ ...enough, ...settings, DB_CRYPTO_KEYS: keys }), [
    'DATABASE_URL must be a URL that begins with postgresql:// or postgres://',
    'SMTP_URL must be a URL that begins with smtp:// or smtps://',
  ]);
});

test('reading and writing may go to two databases; one of the two alone is not enough', () => {
  const keys = [{ id: 'a', algo: 'aes-256', key: Buffer.alloc(32).toString('base64') }];
  const settings = { ...enough, DB_CRYPTO_KEYS: keys, WRITE_DB_URL: 'postgres://w/x' };
  assert.deepEqual(problemsOf(settings), ['READ_DB_URL is missing']);
  const { database } = readConfig({ ...settings, READ_DB_URL: 'postgres://r/x' });
  assert.deepEqual(database, { readUrl: 'postgres://r/x', writeUrl: 'postgres://w/x' });
  const both = readConfig({ ...settings, DATABASE_URL: 'postgres://d/x' });
  assert.deepEqual(both.database, { readUrl: 'postgres://d/x', writeUrl: 'postgres://w/x' });
});

// spec: api 3.1, W40
test('sibling services are called by their names in the cluster only where that is switched on', () => {
  const named = { ...enough, USE_KUBERNETES_DNS_SERVICE_DISCOVERY: 'true' };
  assert.deepEqual(readConfig(named).siblings, {
    auth: 'http://taskcluster-auth',
    notify: 'http://taskcluster-notify',
    queue: 'http://taskcluster-queue',
  });
  const own = { ...named, QUEUE_ROOT_URL: 'https://queue.example.com' };
  assert.equal(readConfig(own).siblings.queue, 'https://queue.example.com');
  const off = readConfig({ ...enough, USE_KUBERNETES_DNS_SERVICE_DISCOVERY: 'False' });
  assert.equal(off.siblings.auth, 'https://tc.example.com');
  assert.deepEqual(problemsOf({ ...enough, USE_KUBERNETES_DNS_SERVICE_DISCOVERY: '1' }), [
    'USE_KUBERNETES_DNS_SERVICE_DISCOVERY must be true or false',
  ]);
});

test('temporary credentials are refused: they cannot issue those of the workers', () => {
  assert.match(problemsOf({ ...enough, TASKCLUSTER_CERTIFICATE: '{}' })[0] ?? '', /^TASKCLUSTER_CERTIFICATE cannot/);
});

test('a local client is whole, and there once', () => {
  const client = { clientId: 'me', accessToken: 'x', scopes: ['a:*'] };
  const odd = [
    { ...client, accessToken: '' },
    { ...client, scopes: ['a', 7] },
    { ...client, scopes: ['ä'] },
  ];
  assert.deepEqual(problemsOf({ ...enough, LOCAL_CLIENTS: [client, ...odd, client] }), [
    ...[1, 2, 3].map((index) => `LOCAL_CLIENTS entry ${index}: must be {clientId, accessToken, scopes: [...]}`),
    'LOCAL_CLIENTS entry 4: has the clientId of an earlier one',
  ]);
});

// spec: api 9.3
test('where metrics are served is checked, too', () => {
  const server = { port: -1, ip: [7] };
  assert.deepEqual(problemsOf({ ...enough, PROMETHEUS_CONFIG: { prefix: '1-a', server } }), [
    'PROMETHEUS_CONFIG prefix must be letters, digits and "_", and not begin with a digit',
    'PROMETHEUS_CONFIG server.port must be a whole number from 0 to 65535',
    'PROMETHEUS_CONFIG server.ip must be a text',
  ]);
  const { metrics } = readConfig({ ...enough, PROMETHEUS_CONFIG: '{"server": {"ip": "0.0.0.0"}, "push": {}}' });
  assert.deepEqual(metrics, { prefix: '', server: { port: 9100, ip: '0.0.0.0' } });
});

test('an empty variable counts as unset', () => {
  assert.deepEqual(problemsOf({ ...enough, TASKCLUSTER_CLIENT_ID: '' }), ['TASKCLUSTER_CLIENT_ID is missing']);
});

test('a key that is no key is refused by its place', () => {
  const short = [{ id: 'a', algo: 'aes-256', key: 'c2hvcnQ=' }];
  assert.deepEqual(problemsOf({ ...enough, DB_CRYPTO_KEYS: short }), [
    'DB_CRYPTO_KEYS entry 0: must be {id, algo: "aes-256", key: base64 of 32 bytes}',
  ]);
});

test('of two keys with one id the later one is refused', () => {
  const key = { id: 'a', algo: 'aes-256', key: Buffer.alloc(32).toString('base64') };
  assert.deepEqual(problemsOf({ ...enough, DB_CRYPTO_KEYS: [key, key] }), [
    'DB_CRYPTO_KEYS entry 1: has the id of an earlier one',
  ]);
});

test('a log level that does not exist is refused', () => {
  for (const level of ['loud', 'root:info api:constructor']) {
    const [problem = '', ...more] = problemsOf({ ...enough, LEVEL: level });
    assert.match(problem, /^LEVEL ".+" names no log level; use one of err, warning, notice, info, debug$/);
    assert.deepEqual(more, []);
  }
  assert.deepEqual(problemsOf({ ...enough, LEVEL: 'root:notice api:debug' }), []);
});

// spec: api 10.2
test('the loop settings of the original are understood', () => {
  const { pace } = readConfig({
    ...enough,
    PROVISIONER_ITERATE_CONFIG: '{"waitTime": 500, "maxIterationTime": 9000}',
    WORKER_SCANNER_ITERATE_CONFIG: '{"waitTime": 700}',
    PACE: { leaseMs: 3000 },
  });
  assert.equal(pace.provisionEveryMs, 500);
  assert.equal(pace.timeSliceMs, 9000);
  assert.equal(pace.observeEveryMs, 700);
  assert.equal(pace.leaseMs, 3000);
  assert.match(problemsOf({ ...enough, PACE: { lease: 1 } })[0] ?? '', /^PACE lease: is no such/);
});

test('the environment goes before the file', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'wm-config-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'settings.yml');
  writeFileSync(file, 'PORT: 1234\nLEVEL: debug\nPROVIDERS:\n  a: {providerType: static}\n');
  const config = loadConfig(file, { ...enough, PROVIDERS: '', LEVEL: 'notice' });
  assert.equal(config.listen.port, 1234);
  assert.equal(config.level, 'notice');
  assert.deepEqual(Object.keys(config.providers), ['a']);
});

test('a file that cannot be read is one clear line', () => {
  assert.throws(
    () => loadConfig('/no/such/file.yml', {}),
    /^ConfigError: --config \/no\/such\/file.yml: cannot be read: ENOENT/,
  );
});

const names =
  `TASKCLUSTER_ROOT_URL TASKCLUSTER_CLIENT_ID TASKCLUSTER_ACCESS_TOKEN PROVIDERS DATABASE_URL READ_DB_URL WRITE_DB_URL
  DB_CRYPTO_KEYS DATA_DIRECTORY HOST PORT FORCE_SSL TRUST_PROXY KEEP_ALIVE_TIMEOUT_SECONDS LOCAL_CLIENTS ANONYMOUS_SCOPES PULSE_HOSTNAME
  PULSE_USERNAME PULSE_PASSWORD PULSE_VHOST PULSE_AMQPS PULSE_PORT SMTP_URL MAIL_FROM WORKER_SCANNER_CONCURRENCY PACE PROMETHEUS_CONFIG
  PROVISIONER_ITERATE_CONFIG WORKER_SCANNER_ITERATE_CONFIG USE_KUBERNETES_DNS_SERVICE_DISCOVERY QUEUE_ROOT_URL`.split(
    /\s+/,
  );
const secret = 'hush-hush';
/** A secret in every shape in which a setting may come. */
const withSecret = fc.constantFrom<unknown>(
  secret,
  `postgres://me:${secret}@db/x`,
  `http://me:${secret}@tc.example.com`,
  `{"a": "${secret}`,
  [secret],
  { a: { accessToken: secret, providerType: secret } },
  [{ clientId: 'me', accessToken: secret, scopes: 'all' }],
  [{ id: 'k', algo: 'aes-256', key: secret }],
);
const oddSetting = fc.oneof(
  withSecret,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('', 'true', '0', '-1', undefined),
);

test('whatever the settings, there is a config or a line for each problem, and none of them tells a secret', () => {
  const settings = fc.dictionary(fc.constantFrom(...names), oddSetting, { maxKeys: 12 });
  const property = fc.property(settings, (odd) => {
    for (const problem of problemsOf({ ...enough, ...odd })) {
      assert.doesNotMatch(problem, /\n/);
      assert.ok(problem.length > 5 && !problem.includes(secret), problem);
    }
  });
  fc.assert(property, { seed, numRuns: 500 });
});
