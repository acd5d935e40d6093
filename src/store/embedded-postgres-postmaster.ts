import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Account } from '#lib/account.ts';
import type { Clock } from '#lib/clock.ts';
import { withDeadline } from '#lib/deadline.ts';
import { EmbeddedPostgresError, idsOf, postgresEnvironment } from './embedded-postgres-binaries.ts';
import { clusterPath } from './embedded-postgres-cluster.ts';

const run = promisify(execFile);

/** PostgreSQL's first process, the parent of all others. */
export interface Postmaster {
  /** Ends it and all connections, and resolves when it is gone. */
  end(): Promise<void>;
}

/** What to launch. */
export interface PostmasterOptions {
  postgres: string;
  /** As in `postgresql.conf`: `name=value`. */
  settings: readonly string[];
  cluster: string;
  account: Account | undefined;
  clock: Clock;
  log: (line: string) => void;
}

/** Longest of all takes the recovery after a crash, which replays what was written since the last checkpoint. */
const readyWithinMs = 300_000;

/** What a shutdown in good order may take; beyond it, the next start has to recover. */
const endsWithinMs = 8000;

/**
 * Starts PostgreSQL on the cluster and resolves when it takes connections. It ends with us, is not reached by a Ctrl-C
 * meant for us, and does not keep our process alive.
 * @throws EmbeddedPostgresError with its last words when it ends instead.
 */
export async function launchPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { cluster, account, clock, log } = options;
  const settings = options.settings.flatMap((setting) => ['-c', setting]);
  const [program, ...args] = await endingWithUs([options.postgres, '-D', clusterPath, ...settings], account);
  const child = spawn(program, args, {
    ...idsOf(account),
    cwd: cluster,
    env: postgresEnvironment,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const { ready, ended } = watch(child, log);
  let isToEnd = false;
  const end = (): Promise<void> => {
    isToEnd = true;
    return endPostmaster(child, ended, clock);
  };
  try {
    const endedEarly = ended.then((why) => {
      throw new EmbeddedPostgresError(`PostgreSQL does not start: ${why}`);
    });
    await withDeadline({ clock, limitMs: readyWithinMs }, () => Promise.race([ready, endedEarly]));
  } catch (error) {
    await end();
    throw error;
  }
  void ended.then(() => isToEnd || log('PostgreSQL has ended by itself'));
  letUsEnd(child);
  return { end };
}

/** The command behind util-linux' setpriv where there is one: it has the kernel end PostgreSQL in good order when we die. */
async function endingWithUs(
  command: readonly [string, ...string[]],
  account: Account | undefined,
): Promise<readonly [string, ...string[]]> {
  const prefix = ['/usr/bin/setpriv', '--pdeathsig', 'INT', '--'] as const;
  const [setpriv, ...args] = prefix;
  try {
    await run(setpriv, [...args, command[0], '--version'], { ...idsOf(account), cwd: '/', env: postgresEnvironment });
    return [...prefix, ...command];
  } catch {
    return command;
  }
}

/** `ready` when it takes connections, `ended` with its last words when it and all its children have ended. */
function watch(child: ChildProcess, log: (line: string) => void): { ready: Promise<void>; ended: Promise<string> } {
  const lastLines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  if (child.stderr !== null) {
    createInterface(child.stderr).on('line', (line) => {
      log(line);
      lastLines.push(line);
      lastLines.splice(0, lastLines.length - 10);
      if (line.includes('database system is ready to accept connections')) {
        ready.resolve();
      }
    });
  }
  child.once('error', (error) => ended.resolve(error.message));
  // 'close' and not 'exit', after which last words may still come.
  child.once('close', () => ended.resolve(lastLines.join('\n')));
  return { ready: ready.promise, ended: ended.promise };
}

async function endPostmaster(child: ChildProcess, ended: Promise<string>, clock: Clock): Promise<void> {
  holdUs(child);
  child.kill('SIGINT');
  try {
    await withDeadline({ clock, limitMs: endsWithinMs }, () => ended);
  } catch {
    child.kill('SIGQUIT');
    await ended;
  }
}

function letUsEnd(child: ChildProcess): void {
  child.unref();
  if (child.stderr instanceof Socket) {
    child.stderr.unref();
  }
}

function holdUs(child: ChildProcess): void {
  child.ref();
  if (child.stderr instanceof Socket) {
    child.stderr.ref();
  }
}
