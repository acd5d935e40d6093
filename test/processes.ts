import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../', import.meta.url);

interface Ending {
  after(run: () => Promise<void>): void;
}

/** The program, running by itself. */
export interface TestProcess {
  pid: number;
  /** What it has said so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when it has ended and all it said has been read. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves as soon as it has said this on stderr; rejects when it ends without. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

export interface ProcessOptions {
  /** After `node src/main.ts`. */
  words?: readonly string[];
  /** Goes to a settings file. */
  settings?: Readonly<Record<string, unknown>>;
  /** All of its environment besides PATH. */
  env?: Readonly<Record<string, string>>;
}

/** A test's end in which what was made last goes first. */
export function endingOf(t: Ending): Ending {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  return { after: (run) => stack.defer(run) };
}

/** Starts `node src/main.ts`; at the end of the test whatever is left of it is killed. */
export async function startProcess(t: Ending, options: ProcessOptions): Promise<TestProcess> {
  const { words = [], settings, env = {} } = options;
  const flags = settings === undefined ? [] : ['--config', await settingsFile(t, settings)];
  const child = spawn(process.execPath, ['src/main.ts', ...flags, ...words], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return watched(child, ended);
}

function watched(child: ChildProcess, ended: TestProcess['ended']): TestProcess {
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
    for (const listener of listeners) listener();
  });
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    ended,
    kill: (signal) => void child.kill(signal),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(stderr);
          if (found === null) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
        void ended.then(({ code, signal }) =>
          reject(new Error(`it ended (${code ?? signal}) without saying ${String(pattern)}:\n${stderr}${stdout}`)),
        );
      }),
  };
}

async function settingsFile(t: Ending, settings: Readonly<Record<string, unknown>>): Promise<string> {
  const file = join(await aDirectory(t), 'settings.yml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(settings));
  return file;
}

/** A directory of the test's own. */
export async function aDirectory(t: Ending): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'worker-manager-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
