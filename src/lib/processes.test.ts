import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { processesIn } from './processes.ts';

test('processes are found by where they work and what they are called, and only while they live', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'processes-'));
  t.after(() => rm(directory, { recursive: true }));
  const child = spawn('sleep', ['60'], { cwd: directory });
  await once(child, 'spawn');
  assert.deepEqual(await processesIn(directory, 'sleep'), [child.pid]);
  assert.deepEqual(await processesIn(directory, 'node'), []);
  assert.deepEqual(await processesIn(tmpdir(), 'sleep').then((pids) => pids.filter((pid) => pid === child.pid)), []);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.deepEqual(await processesIn(directory, 'sleep'), []);
  assert.deepEqual(await processesIn(join(directory, 'absent'), 'sleep'), []);
});
