import { randomBytes } from 'node:crypto';
import { glob, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '#lib/clock.ts';
import { processesIn } from '#lib/processes.ts';
import { startEmbeddedPostgres } from '#store/embedded-postgres.ts';
import { migrate } from '#store/migrate.ts';

/** A PostgreSQL server on which tests have databases. */
export interface TestServer {
  /** A database of the server from which others are made; the role may make databases. */
  url: string;
  /** The name of a database with the current schema and nothing in it, to be cloned. Nobody connects to it. */
  template: string;
}

/** The server at `url`, or else an embedded one that forgets everything; with a template of its own, gone after `stop`. */
export async function startTestServer(url: string | undefined): Promise<TestServer & { stop(): Promise<void> }> {
  return url === undefined ? startEmbeddedServer() : useServer(url);
}

const directoryPrefix = join(tmpdir(), 'test-database-');

async function startEmbeddedServer(): Promise<TestServer & { stop(): Promise<void> }> {
  await removeLeftOvers();
  const dataDirectory = await mkdtemp(directoryPrefix);
  const stopAll: (() => Promise<void>)[] = [() => rm(dataDirectory, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let next = stopAll.pop(); next !== undefined; next = stopAll.pop()) {
      await next();
    }
  };
  try {
    const postgres = await startEmbeddedPostgres({
      dataDirectory,
      clock: systemClock,
      durable: false,
      maxConnections: 500,
    });
    stopAll.push(() => postgres.stop());
    return { url: postgres.url, template: await makeTemplate(postgres.url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs that were killed could not tidy up: their servers have ended with them, and their directories are an hour old or more. */
async function removeLeftOvers(): Promise<void> {
  const hourAgo = Date.now() - 3_600_000;
  for await (const directory of glob(`${directoryPrefix}*`)) {
    const made = await stat(directory).catch(() => undefined);
    const isInUse = (await processesIn(join(directory, 'cluster'), 'postgres')).length > 0;
    if (made !== undefined && made.mtimeMs < hourAgo && made.uid === process.getuid?.() && !isInUse) {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

async function useServer(url: string): Promise<TestServer & { stop(): Promise<void> }> {
  const template = await makeTemplate(url);
  return { url, template, stop: () => runOn(url, `drop database if exists ${template}`) };
}

async function makeTemplate(url: string): Promise<string> {
  const template = `test_template_${randomBytes(6).toString('hex')}`;
  await runOn(url, `create database ${template} encoding 'UTF8' locale 'C' template template0`);
  try {
    await migrate(urlOfDatabase(url, template));
    return template;
  } catch (error) {
    await runOn(url, `drop database ${template}`);
    throw error;
  }
}

/** The URL of another database of the same server. */
export function urlOfDatabase(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}

/** Runs one statement outside of any transaction, on a connection of its own. */
export async function runOn(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
