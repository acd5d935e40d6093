import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { LockHeld, lockForProcess } from './process-lock.ts';

const heldBy = (pid: number | undefined) => (error: unknown) => error instanceof LockHeld && error.pid === pid;

describe('a process lock', () => {
  test('is held by one at a time, and can be taken again after its release', async () => {
    const name = randomUUID();
    const lock = await lockForProcess(name);
    await assert.rejects(lockForProcess(name), heldBy(process.pid));
    const other = await lockForProcess(`${name}-other`);
    await lock.release();
    await (await lockForProcess(name)).release();
    await other.release();
  });

  test('is given back when its holder is killed', async () => {
    const { holder, name } = await aHolder();
    try {
      await assert.rejects(lockForProcess(name), heldBy(holder.pid));
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    await (await lockForProcess(name)).release();
  });

  test('is not waited for when its holder is stopped', async () => {
    const { holder, name } = await aHolder();
    try {
      holder.kill('SIGSTOP');
      await assert.rejects(lockForProcess(name), heldBy(undefined));
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
  });

  test('of many who try at once exactly one gets it', async () => {
    const name = randomUUID();
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lockForProcess(name)));
    const held = tries.filter((attempt) => attempt.status === 'fulfilled');
    assert.equal(held.length, 1);
    await held[0]?.value.release();
  });
});

async function aHolder() {
  const name = randomUUID();
  const module = import.meta.resolve('./process-lock.ts');
  const script = `await (await import('${module}')).lockForProcess('${name}'); console.log('held'); setInterval(() => {}, 1000)`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return { holder, name };
}
