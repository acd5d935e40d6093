import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#core/telemetry.ts';
import { startEmbeddedPostgres } from '#store/embedded-postgres.ts';
import { migrate } from '#store/migrate.ts';
import type { Config, CryptoKey } from './config.ts';
import { StartError } from './start-error.ts';

/** A database that is there, with the tables it needs, and the keys of what is sealed in it. */
export interface OpenDatabase {
  urls: { readUrl: string; writeUrl: string };
  cryptoKeys: readonly CryptoKey[];
}

/**
 * Opens the configured database or starts the embedded one, and brings its tables up to date.
 * @throws {StartError} in one line when it cannot be used.
 */
export async function openDatabase(
  config: Config,
  clock: Clock,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<OpenDatabase> {
  const urls = config.database ?? (await startEmbedded(config, clock, log, stack));
  await usingDatabase(urls.writeUrl, () => migrate(urls.writeUrl));
  const ownKeys = config.cryptoKeys.length === 0;
  return { urls, cryptoKeys: ownKeys ? [await keptKey(config.dataDirectory)] : config.cryptoKeys };
}

/**
 * Runs something that needs this database.
 * @throws {StartError} in one line, without the password, when it fails.
 */
export async function usingDatabase<T>(url: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new StartError(`the database ${placeOf(url)} cannot be used: ${whyOf(error)}`, { cause: error });
  }
}

async function startEmbedded(
  { dataDirectory }: Config,
  clock: Clock,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<OpenDatabase['urls']> {
  const child = log.child('db');
  try {
    const { url, stop } = await startEmbeddedPostgres({
      dataDirectory: join(dataDirectory, 'postgres'),
      clock,
      log: (line) => child.write('postgres', 'debug', { line }),
    });
    stack.defer(stop);
    return { readUrl: url, writeUrl: url };
  } catch (error) {
    throw new StartError(`the embedded database does not start: ${whyOf(error)}`, { cause: error });
  }
}

const keyBytes = 32;

/**
 * The key of an embedded database lies beside it: made at the first start, readable by us alone. The database that runs by now keeps all
 * other processes away.
 * @throws {StartError} when the file holds no key: a new one would open nothing that is sealed.
 */
async function keptKey(dataDirectory: string): Promise<CryptoKey> {
  const file = join(dataDirectory, 'seal-key');
  if (!existsSync(file)) {
    // Under its name it is whole, whenever we are killed.
    await writeFile(`${file}.new`, randomBytes(keyBytes).toString('base64'), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
  const key = Buffer.from(await readFile(file, 'utf8'), 'base64');
  if (key.length !== keyBytes) throw new StartError(`${file} holds no key: put the right one there again`);
  return { id: 'embedded', key };
}

/** Host, port and database of a URL: never its password. */
function placeOf(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return '(DATABASE_URL is no URL)';
  return `at ${parsed.host || parsed.searchParams.get('host') || 'localhost'}${parsed.pathname}`;
}

function whyOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(whyOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${whyOf(error.cause)}` : error.message;
}
