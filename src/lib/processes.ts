import { readdir, readFile, stat } from 'node:fs/promises';

/**
 * Ids of the processes called `command` (as in `ps -o comm`) whose working directory is `directory`: those of the same
 * user, or all of them for root. None when there is no such directory. Linux only: reads `/proc`.
 */
export async function processesIn(directory: string, command: string): Promise<number[]> {
  const wanted = await stat(directory).catch(() => undefined);
  if (wanted === undefined) {
    return [];
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const matches = await Promise.all(
    pids.map(async (pid) => {
      // What ends while it is looked at, or belongs to another user, is none of ours.
      const cwd = await stat(`/proc/${pid}/cwd`).catch(() => undefined);
      return cwd?.dev === wanted.dev && cwd.ino === wanted.ino && (await commandOf(pid)) === command;
    }),
  );
  return pids.filter((_, index) => matches[index]).map(Number);
}

async function commandOf(pid: string): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined);
  return text?.trimEnd();
}
