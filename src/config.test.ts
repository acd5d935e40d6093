// spec: api 10.1
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
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
  assert.equal(config.queueRootUrl, 'https://tc.example.com');
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
    'PORT must be a whole number',
    'FORCE_SSL must be true or false',
    'PROVIDERS is missing',
    'DB_CRYPTO_KEYS is needed with a database of your own: it keeps secrets sealed',
  ]);
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
