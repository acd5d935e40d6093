import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#core/telemetry.ts';
import { systemClock } from '#lib/clock.ts';
import { migrate } from '#store/migrate.ts';
import { testDatabase } from '#test/database.ts';
import { aDirectory, endingOf } from '#test/processes.ts';
import { readConfig } from './config.ts';
import type { Config } from './config.ts';
import { openDatabase, usingDatabase } from './open-database.ts';
import { StartError } from './start-error.ts';

function config(settings: Record<string, unknown>): Config {
  return readConfig({
    TASKCLUSTER_ROOT_URL: 'https://tc.example.com',
    TASKCLUSTER_CLIENT_ID: 'me',
    TASKCLUSTER_ACCESS_TOKEN: 'token',
    PROVIDERS: {},
    ...settings,
  });
}

test('the embedded database is started beside its key, which is ours alone and is kept', async (test) => {
  const t = endingOf(test);
  const directory = await aDirectory(t);
  const settings = config({ DATA_DIRECTORY: directory });
  const keys: Buffer[] = [];
  for (let round = 0; round < 2; round += 1) {
    await using stack = new AsyncDisposableStack();
    const { urls, cryptoKeys } = await openDatabase(settings, systemClock, silentLog, stack);
    assert.equal(urls.readUrl, urls.writeUrl);
    await migrate(urls.writeUrl);
    keys.push(...cryptoKeys.map(({ key }) => key));
  }
  assert.equal(keys.length, 2);
  assert.equal(keys[0]!.length, 32);
  assert.deepEqual(keys[0], keys[1]);
  const file = join(directory, 'seal-key');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(await readFile(file, 'utf8'), keys[0]!.toString('base64'));

  await writeFile(file, '');
  await using stack = new AsyncDisposableStack();
  await assert.rejects(
    openDatabase(settings, systemClock, silentLog, stack),
    new StartError(`${file} holds no key: put the right one there again`),
  );
});

test('two starts at once on one data directory: one works, the other says who does', async (test) => {
  const t = endingOf(test);
  const settings = config({ DATA_DIRECTORY: await aDirectory(t) });
  await using stack = new AsyncDisposableStack();
  const starts = await Promise.allSettled([0, 1].map(() => openDatabase(settings, systemClock, silentLog, stack)));
  const refused = starts.filter((start) => start.status === 'rejected');
  assert.equal(refused.length, 1);
  assert.match(
    String(refused[0]!.reason),
    new RegExp(
      `^StartError: the embedded database does not start: the data directory .* is held by process ${process.pid}`,
    ),
  );
});

test('a database of one’s own keeps the configured keys', async (t) => {
  const { url } = await testDatabase(t);
  const key = Buffer.alloc(32, 'k');
  const settings = config({
    DATABASE_URL: url,
    DB_CRYPTO_KEYS: [{ id: 'a', algo: 'aes-256', key: key.toString('base64') }],
  });
  await using stack = new AsyncDisposableStack();
  const { urls, cryptoKeys } = await openDatabase(settings, systemClock, silentLog, stack);
  assert.deepEqual(urls, { readUrl: url, writeUrl: url });
  assert.deepEqual(cryptoKeys, [{ id: 'a', key }]);
});

test('a database that takes connections and then says nothing is given up', async (t) => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const url = `postgresql://nobody:hunter2@127.0.0.1:${port}/nothing`;
  await assert.rejects(
    usingDatabase(url, () => migrate(url, 100)),
    (error) => {
      assert.ok(error instanceof StartError);
      assert.match(error.message, new RegExp(`^the database at 127.0.0.1:${port}/nothing cannot be used: .*timeout`));
      assert.ok(!error.message.includes('hunter2'));
      return true;
    },
  );
});

test('where a database is can be told of every kind of URL, and causes are told too', async () => {
  const failing = async (): Promise<never> =>
    Promise.reject(new Error('no', { cause: new AggregateError([new Error('a'), new Error('b')]) }));
  const lines = {
    'postgresql://u:p@db.example.com/tc': 'the database at db.example.com/tc cannot be used: no: a; b',
    'postgresql:///tc?host=%2Frun%2Fpg&user=u': 'the database at /run/pg/tc cannot be used: no: a; b',
    'postgresql:///tc': 'the database at localhost/tc cannot be used: no: a; b',
    'not a url': 'the database (DATABASE_URL is no URL) cannot be used: no: a; b',
  };
  for (const [url, message] of Object.entries(lines)) {
    await assert.rejects(usingDatabase(url, failing), { name: 'StartError', message });
  }
});
