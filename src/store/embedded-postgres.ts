import { chown, lstat, mkdir, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountInsteadOfRoot, canPass } from '#lib/account.ts';
import type { Account } from '#lib/account.ts';
import type { Clock } from '#lib/clock.ts';
import { LockHeld, lockForProcess } from '#lib/process-lock.ts';
import type { ProcessLock } from '#lib/process-lock.ts';
import { EmbeddedPostgresError, findBinaries } from './embedded-postgres-binaries.ts';
import { endOrphan, prepareCluster, superuser } from './embedded-postgres-cluster.ts';
import { launchPostmaster } from './embedded-postgres-postmaster.ts';

export { EmbeddedPostgresError };

/** Where the database lies and how it is run. */
export interface EmbeddedPostgresOptions {
  /** Made when absent; everything that lasts is in here. */
  dataDirectory: string;
  clock: Clock;
  /** False where the data is thrown away anyway (tests): faster, and corrupt after a power failure. Default true. */
  durable?: boolean;
  /** Default 100. */
  maxConnections?: number;
  /** Gets PostgreSQL's own log, a line at a time, and what is done about an earlier one left behind. */
  log?: (line: string) => void;
}

/** A running database of our own. */
export interface EmbeddedPostgres {
  /** As the driver takes it. */
  connection: { host: string; user: string; database: string };
  /** The same as a URL, for the driver and for libpq. */
  url: string;
  /** Ends all connections and the database, its data on disk; resolves when it is gone. May be called again. */
  stop: () => Promise<void>;
}

/**
 * Starts a PostgreSQL of our own on the data directory, with the binaries that npm brought: reached by a Unix socket in a
 * directory that is private to its account (the superuser's, without password), by no network. It is not ended by a
 * Ctrl-C meant for us; it ends with us when we are killed, and where that cannot be had (no setpriv), at the next start.
 * It does not keep our process alive.
 * @throws EmbeddedPostgresError naming what to do: another process uses the directory, no binaries for this machine, …
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { clock, durable: isDurable = true, maxConnections = 100, log = () => {} } = options;
  await mkdir(options.dataDirectory, { recursive: true, mode: 0o700 });
  const home = await realpath(options.dataDirectory);
  const identity = await identityOf(home);
  const lock = await lockDirectory(home, identity);
  let runDirectory: string | undefined;
  const tidyUp = async (): Promise<void> => {
    if (runDirectory !== undefined) {
      await rm(runDirectory, { recursive: true, force: true });
    }
    await lock.release();
  };
  try {
    const account = await findAccount();
    const cluster = join(home, 'cluster');
    await endOrphan(cluster, clock, log);
    const socketDirectory = (runDirectory = await makeRunDirectory(identity, account));
    const binaries = await findBinaries(account, socketDirectory);
    await prepareCluster(cluster, binaries, account, isDurable);
    const settings = settingsFor(socketDirectory, maxConnections, isDurable);
    const postmaster = await launchPostmaster({ postgres: binaries.postgres, settings, cluster, account, clock, log });
    const stop = async (): Promise<void> => {
      try {
        await postmaster.end();
      } finally {
        await tidyUp();
      }
    };
    let stopped: Promise<void> | undefined;
    return {
      connection: { host: socketDirectory, user: superuser, database: superuser },
      url: `postgresql:///${superuser}?host=${encodeURIComponent(socketDirectory)}&user=${superuser}`,
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await tidyUp();
    throw error;
  }
}

/** Of a directory, by whatever path it was reached. */
async function identityOf(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory);
  return `embedded-postgres-${dev.toString(36)}-${ino.toString(36)}`;
}

async function lockDirectory(home: string, identity: string): Promise<ProcessLock> {
  try {
    return await lockForProcess(identity);
  } catch (error) {
    if (error instanceof LockHeld) {
      throw new EmbeddedPostgresError(
        `the data directory ${home} is ${error.message}: stop that one, or give this one a data directory of its own`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** PostgreSQL refuses to run as root. */
async function findAccount(): Promise<Account | undefined> {
  try {
    return await accountInsteadOfRoot(['postgres', 'nobody']);
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'PostgreSQL does not run as root, and this machine has no account `postgres` or `nobody` to run it as: add one, ' +
        'start as another user, or set DATABASE_URL to a PostgreSQL 15 or later',
      { cause },
    );
  }
}

/** A socket's path has at most 107 bytes. */
const longestSocketPath = 100;

/**
 * Makes the directory of what lives as long as the database does: its socket above all. It cannot be in the data directory,
 * whose path may be too long, or shut to the account. Those that a killed process has left behind bear the data directory's
 * identity, and are removed.
 */
async function makeRunDirectory(identity: string, account: Account | undefined): Promise<string> {
  const places = [...new Set([tmpdir(), '/tmp', '/var/tmp'])];
  for (const place of places) {
    await removeLeftOvers(place, identity, account);
  }
  for (const place of places) {
    const prefix = join(place, `${identity}-`);
    const isShort = Buffer.byteLength(`${prefix}123456/.s.PGSQL.5432`) <= longestSocketPath;
    if (isShort && (await canPass(place, account).catch(() => false))) {
      const directory = await mkdtemp(prefix);
      if (account !== undefined) {
        await chown(directory, account.uid, account.gid);
      }
      return directory;
    }
  }
  throw new EmbeddedPostgresError(`there is no place for PostgreSQL's socket: tried ${places.join(', ')}`);
}

async function removeLeftOvers(place: string, identity: string, account: Account | undefined): Promise<void> {
  const names = await readdir(place).catch((): string[] => []);
  for (const name of names.filter((candidate) => candidate.startsWith(`${identity}-`))) {
    const path = join(place, name);
    const owner = (await lstat(path).catch(() => undefined))?.uid;
    if (owner === process.getuid?.() || owner === account?.uid) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

function settingsFor(socketDirectory: string, maxConnections: number, isDurable: boolean): string[] {
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${socketDirectory}`,
    `max_connections=${maxConnections}`,
    'timezone=UTC',
    'log_timezone=UTC',
    'log_checkpoints=off',
  ];
  return isDurable ? settings : [...settings, 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];
}
