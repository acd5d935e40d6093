import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';

const folder = new URL('./migrations/', import.meta.url);

/** Any number that no other program takes as its advisory lock in this database. */
const lockKey = 7_263_541_208;

const oldestServer = 150_000;

/**
 * Brings the database to the schema of this program: applies the files of `migrations/` that it has not seen, in order, each in a transaction.
 * Any number of processes may start at once: one does it, the others wait and find it done.
 * @throws {Error} saying what to do when the server is too old or not UTF-8, or which migration failed; or when it does not answer in time.
 */
export async function migrate(url: string, connectTimeoutMs = 10_000): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'worker-manager migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // A lost connection also fails the query under way; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkServer(client);
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    await applyAll(client);
  } finally {
    // Ends the lock with the session.
    await client.end();
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number; release: string; encoding: string }>(
    `select current_setting('server_version_num')::integer as version, current_setting('server_version') as release,
      current_setting('server_encoding') as encoding`,
  );
  const [server] = rows;
  if (server === undefined || server.version < oldestServer) {
    throw new Error(`PostgreSQL 15 or newer is needed; this server is ${server?.release ?? 'unknown'}`);
  }
  if (server.encoding !== 'UTF8') {
    throw new Error(`the database must be encoded in UTF8; this one is ${server.encoding}`);
  }
}

async function applyAll(client: pg.Client): Promise<void> {
  await client.query(
    'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
  );
  const { rows } = await client.query<{ name: string }>('select name from migration');
  const applied = new Set(rows.map((row) => row.name));
  const files = await readdir(folder);
  for (const name of files.filter((file) => file.endsWith('.sql')).toSorted()) {
    if (!applied.has(name)) await apply(client, name);
  }
}

async function apply(client: pg.Client, name: string): Promise<void> {
  const text = await readFile(new URL(name, folder), 'utf8');
  try {
    await client.query('begin');
    await client.query(text);
    await client.query('insert into migration (name) values ($1)', [name]);
    await client.query('commit');
  } catch (error) {
    throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
