import { startTestServer } from './database-server.ts';

let stop: (() => Promise<void>) | undefined;

/**
 * Called by node's test runner before all test files: starts the one database server that they share, or takes the one
 * that TEST_DATABASE_URL names (its role must be allowed to make databases). Test processes inherit the environment.
 */
export async function globalSetup(): Promise<void> {
  const server = await startTestServer(process.env['TEST_DATABASE_URL']);
  stop = () => server.stop();
  process.env['TEST_DATABASE_URL'] = server.url;
  process.env['TEST_DATABASE_TEMPLATE'] = server.template;
}

/** Called after all, also on Ctrl-C, and then more than once. */
export async function globalTeardown(): Promise<void> {
  const stopOnce = stop;
  stop = undefined;
  await stopOnce?.();
}
