import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { runOn, startTestServer, urlOfDatabase } from './database-server.ts';
import type { TestServer } from './database-server.ts';

/** A database for one test, or for one file of them. */
export interface TestDatabase {
  /** For the store, and for the driver. */
  url: string;
}

/** A test's context, or `{ after }` of `node:test` for the whole file. */
interface Ending {
  after(run: () => Promise<void>): void;
}

let ownServer: Promise<TestServer & { stop(): Promise<void> }> | undefined;

/** Registered while the file is loaded, and so run at the very end of it. */
after(async () => {
  await (await ownServer)?.stop();
});

/**
 * Makes a database with the current schema and nothing in it, and drops it at the end of the test, whoever is still
 * connected. It is a clone on the server that `npm test` has started; a test file that is run by itself starts one.
 */
export async function testDatabase(t: Ending): Promise<TestDatabase> {
  const server = await findServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runOn(server.url, `create database ${name} template ${server.template}`);
  t.after(() => runOn(server.url, `drop database if exists ${name} with (force)`));
  return { url: urlOfDatabase(server.url, name) };
}

async function findServer(): Promise<TestServer> {
  const { TEST_DATABASE_URL: url, TEST_DATABASE_TEMPLATE: template } = process.env;
  if (url !== undefined && template !== undefined) {
    return { url, template };
  }
  ownServer ??= startTestServer(url);
  return ownServer;
}
