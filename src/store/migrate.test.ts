import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { withClient } from '#test/conformance/store/open-postgres.ts';
import { testDatabase } from '#test/database.ts';
import { migrate } from './migrate.ts';
import { openStore } from './postgres.ts';

/** A database without anything in it, not even the schema. */
async function bareDatabase(t: Parameters<typeof testDatabase>[0]): Promise<string> {
  const { url } = await testDatabase(t);
  await withClient(url, async (client) => client.query('drop schema public cascade; create schema public'));
  return url;
}

const migrationFiles = async (): Promise<string[]> =>
  (await readdir(new URL('migrations/', import.meta.url))).toSorted();

const applied = async (url: string): Promise<unknown[]> =>
  withClient(url, async (client) => (await client.query('select name, applied_at from migration order by name')).rows);

test('any number of processes may migrate at once; each migration is applied once, in order', async (t) => {
  const url = await bareDatabase(t);
  await Promise.all(Array.from({ length: 6 }, async () => migrate(url)));
  const files = await migrationFiles();
  const first = await applied(url);
  assert.deepEqual(
    first.map((row) => (row as { name: string }).name),
    files,
  );
  await migrate(url);
  assert.deepEqual(await applied(url), first);
  const store = await openStore({ url });
  assert.deepEqual(await store.poolIds(), []);
  await store.close();
});

test('a migration that fails leaves nothing of itself behind and says which it is', async (t) => {
  const url = await bareDatabase(t);
  await withClient(url, async (client) => client.query('create table worker_count (something integer)'));
  await assert.rejects(migrate(url), /migration 0002-workers\.sql failed: relation "worker_count" already exists/);
  const tables = await withClient(url, async (client) =>
    client.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public' order by 1`),
  );
  assert.deepEqual(
    tables.rows.map(({ name }) => name),
    ['audit', 'launch_config', 'migration', 'worker_count', 'worker_pool'],
  );
  await withClient(url, async (client) => client.query('drop table worker_count'));
  await migrate(url);
  assert.equal((await applied(url)).length, (await migrationFiles()).length);
});

test('a database that is not UTF-8 is refused before anything is made in it', async (t) => {
  const { url } = await testDatabase(t);
  const other = new URL(url);
  other.pathname += '_latin';
  const name = other.pathname.slice(1);
  await withClient(url, async (client) => {
    await client.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
    try {
      await assert.rejects(migrate(other.href), /must be encoded in UTF8; this one is LATIN1/);
    } finally {
      await client.query(`drop database ${name} with (force)`);
    }
  });
});
