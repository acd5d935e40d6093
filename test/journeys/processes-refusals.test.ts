import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { processesIn } from '#lib/processes.ts';
import { loadConfig } from '#src/config.ts';
import { urlOfDatabase } from '#test/database-server.ts';
import { testDatabase } from '#test/database.ts';
import { aDirectory, endingOf, freePort, startProcess } from '#test/processes.ts';
import type { ProcessOptions } from '#test/processes.ts';

interface Ending {
  after(run: () => Promise<void>): void;
}

/** Settings that are right, of a service that needs no cloud. */
function goodSettings(databaseUrl: string, port: number): Record<string, unknown> {
  return {
    TASKCLUSTER_ROOT_URL: 'https://tc.example.com',
    TASKCLUSTER_CLIENT_ID: 'static/taskcluster/worker-manager',
    TASKCLUSTER_ACCESS_TOKEN: 'access-token-of-the-service-itself',
    HOST: '127.0.0.1',
    PORT: port,
    DATABASE_URL: databaseUrl,
    DB_CRYPTO_KEYS: [{ id: 'test', algo: 'aes-256', key: Buffer.alloc(32, 'test').toString('base64') }],
    LOCAL_CLIENTS: [],
    PROVIDERS: { 'static-demo': { providerType: 'static' } },
  };
}

/** A port that another program listens on. */
async function takenPort(t: Ending): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => void server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

/** What the program says, a line each, when it refuses to start: on stderr alone, and it ends with 1. */
async function refusal(t: Ending, options: ProcessOptions): Promise<string[]> {
  const started = await startProcess(t, options);
  const end = await started.ended;
  assert.deepEqual({ ...end, stdout: started.stdout }, { code: 1, signal: null, stdout: '' }, started.stderr);
  const lines = started.stderr.trimEnd().split('\n');
  const { length } = 'worker-manager: ';
  assert.ok(
    lines.every((line) => line.startsWith('worker-manager: ')),
    started.stderr,
  );
  return lines.map((line) => line.slice(length));
}

describe(
  'what is wrong with the settings is said in a line each, before anything is started',
  { concurrency: 2 },
  () => {
    const url = 'postgresql://nobody@127.0.0.1:1/nothing';
    const good = goodSettings(url, 1);
    const { TASKCLUSTER_ACCESS_TOKEN: _token, PROVIDERS: _providers, ...incomplete } = good;
    const cases: Readonly<Record<string, [settings: Record<string, unknown>, ...lines: RegExp[]]>> = {
      'what is missing': [incomplete, /^TASKCLUSTER_ACCESS_TOKEN is missing$/, /^PROVIDERS is missing$/],
      'provider types that do not exist, and bad provider settings': [
        {
          ...good,
          PROVIDERS: { p1: { providerType: 'vapour' }, p2: { providerType: 'aws', credentials: {} } },
        },
        /^provider "p1": providerType must be one of .*\baws\b.*\bstatic\b/,
        /^provider "p2": .*accessKeyId/,
        /^provider "p2": .*secretAccessKey/,
      ],
      'a log level that does not exist': [
        { ...good, LEVEL: 'root:info api:chatty' },
        /^LEVEL .*"api:chatty" names no log level; use one of err, warning, notice, info, debug$/,
      ],
      'a database that cannot be reached, without its password': [
        { ...good, DATABASE_URL: 'postgresql://nobody:hunter2@127.0.0.1:1/nothing' },
        /^the database at 127\.0\.0\.1:1\/nothing cannot be used: (?!.*hunter2).*ECONNREFUSED/,
      ],
    };
    for (const [name, [settings, ...lines]] of Object.entries(cases)) {
      test(name, async (test) => {
        const said = await refusal(endingOf(test), { settings });
        assert.equal(said.length, lines.length, said.join('\n'));
        for (const [index, line] of lines.entries()) assert.match(said[index] ?? '', line);
      });
    }

    // spec: api 10.1
    test('a settings file that is not there, is not YAML, or holds no mapping', async (test) => {
      const t = endingOf(test);
      const directory = await aDirectory(t);
      const missing = join(directory, 'missing.yml');
      assert.deepEqual(await refusal(t, { words: ['--config', missing] }), [
        `--config ${missing}: cannot be read: ENOENT: no such file or directory, open '${missing}'`,
      ]);
      const file = join(directory, 'broken.yml');
      await writeFile(file, 'a: [1');
      assert.throws(() => loadConfig(file, {}), /^ConfigError: --config .*broken\.yml: cannot be read: .+ at line 1/);
      await writeFile(file, '- a\n- b\n');
      assert.throws(() => loadConfig(file, {}), /broken\.yml: must hold a mapping of setting names to values$/);
    });

    // spec: api 10.1
    test('words and flags that mean nothing, whatever is configured', async (test) => {
      const t = endingOf(test);
      const help = '(npm start -- --help shows what there is)';
      assert.deepEqual(await refusal(t, { words: ['server', 'proviisoner'], settings: good }), [
        `there is no process proviisoner ${help}`,
      ]);
      const [said = '', ...more] = await refusal(t, { words: ['--conifg', 'a.yml'] });
      assert.ok(said.includes("'--conifg'") && said.endsWith(help), said);
      assert.deepEqual(more, []);
    });

    test('a deployment that forgot its root URL is not taken for a demonstration', async (test) => {
      const t = endingOf(test);
      const env = { TASKCLUSTER_CLIENT_ID: 'me', TASKCLUSTER_ACCESS_TOKEN: 'secret', PROVIDERS: '{}' };
      assert.deepEqual(await refusal(t, { env }), ['TASKCLUSTER_ROOT_URL is missing']);
      assert.equal((await refusal(t, { words: ['provisioner'] }))[0], 'TASKCLUSTER_ROOT_URL is missing');
    });
  },
);

describe(
  'what cannot be had at the start is said in one line, and what was started by then is ended',
  { concurrency: 2 },
  () => {
    test('a database that does not exist', async (test) => {
      const t = endingOf(test);
      const { url } = await testDatabase(t);
      const settings = goodSettings(urlOfDatabase(url, 'no_such_database'), await freePort());
      const [said = '', ...more] = await refusal(t, { settings });
      assert.match(
        said,
        /^the database at .*\/no_such_database cannot be used: database "no_such_database" does not exist$/,
      );
      assert.deepEqual(more, []);
    });

    test('a database for reading that cannot be reached', async (test) => {
      const t = endingOf(test);
      const { url } = await testDatabase(t);
      const { DATABASE_URL: _url, ...settings } = goodSettings(url, await freePort());
      const urls = { WRITE_DB_URL: url, READ_DB_URL: 'postgresql://nobody:hunter2@127.0.0.1:1/nothing' };
      const [said = '', ...more] = await refusal(t, { settings: { ...settings, ...urls } });
      assert.match(said, /^the database at 127\.0\.0\.1:1\/nothing cannot be used: (?!.*hunter2).*reached/);
      assert.deepEqual(more, []);
    });

    test('a port that is taken: the embedded database is not left behind', async (test) => {
      const t = endingOf(test);
      const directory = await aDirectory(t);
      const port = await takenPort(t);
      const { DATABASE_URL: _url, DB_CRYPTO_KEYS: _keys, ...settings } = goodSettings('', port);
      const said = await refusal(t, { settings: { ...settings, DATA_DIRECTORY: directory } });
      assert.deepEqual(said, [`port ${port} of 127.0.0.1 is taken by another program; set PORT`]);
      assert.deepEqual(await processesIn(join(directory, 'postgres', 'cluster'), 'postgres'), []);
    });

    test('a port for metrics that is taken', async (test) => {
      const t = endingOf(test);
      const { url } = await testDatabase(t);
      const [port, listen] = [await takenPort(t), await freePort()];
      const settings = { ...goodSettings(url, listen), PROMETHEUS_CONFIG: { server: { port, ip: '127.0.0.1' } } };
      const said = await refusal(t, { settings });
      assert.deepEqual(said, [`port ${port} of 127.0.0.1 is taken by another program; set PROMETHEUS_CONFIG`]);
    });
  },
);
