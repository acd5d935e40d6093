import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';

const answerWithinMs = 2000;

/** Thrown when another process, or this one, holds the lock. */
export class LockHeld extends Error {
  override readonly name = 'LockHeld';
  /** Who holds it; undefined when it does not say. */
  readonly pid: number | undefined;

  constructor(pid: number | undefined) {
    super(pid === undefined ? 'held by a process that does not answer' : `held by process ${pid}`);
    this.pid = pid;
  }
}

/** A lock that is held. */
export interface ProcessLock {
  release(): Promise<void>;
}

/**
 * Takes a lock that one process of this machine (of this network namespace) can hold at a time. The kernel gives it back
 * when the process ends, however it ends: it is a socket in Linux' abstract namespace, which has no file to be left
 * behind. `name` has at most 100 bytes. Does not keep the process alive.
 * @throws LockHeld when it is taken.
 */
export async function lockForProcess(name: string): Promise<ProcessLock> {
  const address = `\0${name}`;
  // A holder that ends while it is asked leaves the lock free: a further attempt finds out.
  for (let attempt = 1; attempt <= 10; attempt++) {
    const server = await listen(address);
    if (server !== undefined) {
      server.unref();
      return { release: () => close(server) };
    }
    const answer = await askHolder(address);
    if (answer !== 'nobody') {
      throw new LockHeld(/^\d+$/.test(answer) ? Number(answer) : undefined);
    }
  }
  throw new LockHeld(undefined);
}

/** Undefined when the address is in use. */
async function listen(address: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => {}); // Whoever asked has gone; nobody waits for the answer.
    socket.end(String(process.pid));
  });
  try {
    await once(server.listen(address), 'listening');
    return server;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      return undefined;
    }
    throw error;
  }
}

/** What the holder says of itself: its process id, or nothing when it is stopped; `nobody` when there is none any more. */
async function askHolder(address: string): Promise<string> {
  const socket = connect(address);
  socket.setTimeout(answerWithinMs, () => socket.destroy());
  let answer = '';
  try {
    for await (const chunk of socket) {
      answer += String(chunk);
    }
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE' ? '' : 'nobody';
  }
  return answer;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}
