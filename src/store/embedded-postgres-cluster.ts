import { execFile } from 'node:child_process';
import { chown, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from '#lib/account.ts';
import type { Clock } from '#lib/clock.ts';
import { processesIn } from '#lib/processes.ts';
import { EmbeddedPostgresError, idsOf, postgresEnvironment } from './embedded-postgres-binaries.ts';
import type { PostgresBinaries } from './embedded-postgres-binaries.ts';

const run = promisify(execFile);

/**
 * How PostgreSQL is told where its cluster lies: it is started there. By its own path it could often not get there, as
 * its account may not pass through the directories above (a checkout in root's home).
 */
export const clusterPath = '/proc/self/cwd';

/** The one database role. */
export const superuser = 'postgres';

/** Makes the cluster at `cluster` unless there is one, and sees that it is the account's and fits the binaries. */
export async function prepareCluster(
  cluster: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  isDurable: boolean,
): Promise<void> {
  const major = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (major === undefined) {
    await makeCluster(cluster, binaries, account, isDurable);
  } else if (major.trim() !== binaries.major) {
    throw new EmbeddedPostgresError(
      `${cluster} was made by PostgreSQL ${major.trim()}, which is not the embedded ${binaries.major}: carry its data over ` +
        'with pg_dump of that version, or choose another data directory',
    );
  } else if (account !== undefined && (await stat(cluster)).uid !== account.uid) {
    await giveTo(cluster, account);
  }
}

/** In a folder aside that becomes the cluster when it is whole, so that no crash leaves half of one. */
async function makeCluster(
  cluster: string,
  binaries: PostgresBinaries,
  account: Account | undefined,
  isDurable: boolean,
): Promise<void> {
  const unfinished = `${cluster}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (account !== undefined) {
    await chown(unfinished, account.uid, account.gid);
  }
  // Everybody who gets to the socket, in its private directory, is trusted: there is no password to keep.
  const options = ['--encoding=UTF8', '--locale=C', '--auth=trust', `--username=${superuser}`];
  await run(binaries.initdb, ['-D', clusterPath, ...options, ...(isDurable ? [] : ['--no-sync'])], {
    ...idsOf(account),
    cwd: unfinished,
    env: postgresEnvironment,
  }).catch((error: Error) => {
    throw new EmbeddedPostgresError(`no database could be made in ${cluster}: ${error.message}`, { cause: error });
  });
  await rename(unfinished, cluster);
}

/** PostgreSQL wants its files to be its own: they are not when they were copied by root, or the account has changed. */
async function giveTo(cluster: string, account: Account): Promise<void> {
  for (const entry of await readdir(cluster, { recursive: true, withFileTypes: true })) {
    await chown(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
  await chown(cluster, account.uid, account.gid);
}

/** Longer than the checkpoint of a shutdown takes, shorter than the patience of whoever restarts us. */
const orphanEndsWithinMs = 20_000;

/**
 * Ends the PostgreSQL that a killed process of ours has left running on the cluster: cleanly, and at once if that takes too
 * long, which loses nothing either. The caller holds the lock, so it has no owner any more.
 * @throws EmbeddedPostgresError when it does not end.
 */
export async function endOrphan(cluster: string, clock: Clock, log: (line: string) => void): Promise<void> {
  const orphans = await processesIn(cluster, 'postgres');
  if (orphans.length > 0) {
    log(`ending the PostgreSQL that an earlier process has left behind (${orphans.join(', ')})`);
    const isGone =
      (await isGoneAfter('SIGINT', cluster, clock, orphanEndsWithinMs)) ||
      (await isGoneAfter('SIGQUIT', cluster, clock, orphanEndsWithinMs));
    if (!isGone) {
      throw new EmbeddedPostgresError(`an earlier PostgreSQL on ${cluster} does not end: ${orphans.join(', ')}`);
    }
  }
  // What is left of its pid file could name a process that has got the same number since, and PostgreSQL would not start.
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

async function isGoneAfter(signal: 'SIGINT' | 'SIGQUIT', cluster: string, clock: Clock, ms: number): Promise<boolean> {
  const endsAt = clock.now().getTime() + ms;
  await signalPostmaster(cluster, signal);
  while ((await processesIn(cluster, 'postgres')).length > 0) {
    if (clock.now().getTime() > endsAt) {
      return false;
    }
    await clock.sleep(10);
  }
  return true;
}

/** Its children end with it, also when it was killed and only they are left; signals would mean other things to them. */
async function signalPostmaster(cluster: string, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  const pidFile = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(pidFile.split('\n')[0]);
  if ((await processesIn(cluster, 'postgres')).includes(pid)) {
    process.kill(pid, signal);
  }
}
