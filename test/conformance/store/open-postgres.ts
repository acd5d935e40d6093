import { after } from 'node:test';
import type { TestContext } from 'node:test';
import pg from 'pg';
import type { Clock } from '#core/clock.ts';
import type { Store } from '#core/store.ts';
import { openStore } from '#store/postgres.ts';
import { testDatabase } from '#test/database.ts';

/** A store on an empty PostgreSQL database, with what a test may want to look at behind it. */
export interface PostgresStore {
  store: Store;
  url: string;
  /** Names of the statements sent so far. */
  statements: string[];
}

/** Databases of this file that are empty again: emptying one is twenty times faster than making one. */
const free: string[] = [];
const endings: (() => Promise<void>)[] = [];

after(async () => {
  // A server that was started for this file alone is gone by now, and its databases with it.
  await Promise.allSettled(endings.map(async (end) => end()));
});

/** An empty database with the schema, for one test. */
export async function emptyDatabase(t: TestContext): Promise<string> {
  const ending = { after: (run: () => Promise<void>) => void endings.push(run) };
  const url = free.pop() ?? (await testDatabase(ending)).url;
  t.after(async () => {
    await emptyAll(url);
    free.push(url);
  });
  return url;
}

async function emptyAll(url: string): Promise<void> {
  await withClient(url, async (client) =>
    client.query(`do $$ declare name text; begin
      for name in select tablename from pg_tables where schemaname = 'public' and tablename <> 'migration' order by 1 loop
        execute format('delete from %I', name);
      end loop;
    end $$`),
  );
}

/** Does something on a connection of its own. */
export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function openPostgres(
  t: TestContext,
  options: Partial<Omit<Parameters<typeof openStore>[0], 'onStatement'>> = {},
): Promise<PostgresStore> {
  const url = await emptyDatabase(t);
  const statements: string[] = [];
  const store = await openStore({ url, ...options, onStatement: (name) => statements.push(name) });
  t.after(async () => store.close());
  return { store, url, statements };
}

/** The same, as conformance suites want it. */
export async function openPostgresStore(t: TestContext, options?: { clock?: Clock }): Promise<Store> {
  return (await openPostgres(t, options)).store;
}
