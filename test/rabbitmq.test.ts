import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noRabbitmq, startRabbitmq } from './rabbitmq.ts';

describe('a broker for tests', { skip: noRabbitmq, concurrency: true }, () => {
  test('takes connections, and is gone with everything that belongs to it when it is stopped', async () => {
    const broker = await startRabbitmq();
    const { port } = broker.address;
    assert.equal(await isListening(port), true);
    const [home] = await homesOf(port);
    assert.ok(home !== undefined && home !== homedir() && existsSync(home));
    await broker.stop();
    assert.equal(await isListening(port), false);
    await allGone(port);
    assert.equal(existsSync(home), false);
  });

  const noSetpriv = existsSync('/usr/bin/setpriv') ? false : 'needs setpriv of util-linux, which is not installed here';
  test('does not outlive the process that started it, however that ends', { skip: noSetpriv }, async () => {
    const script = "console.log((await (await import('#test/rabbitmq.ts')).startRabbitmq()).address.port)";
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line]: string[] = await once(createInterface(starter.stdout), 'line');
    const port = Number(line);
    const homes = await homesOf(port);
    assert.ok(homes.length > 0);
    starter.kill('SIGKILL');
    await allGone(port);
    await Promise.all(homes.map((home) => rm(home, { recursive: true, force: true })));
  });
});

/** The home directories of all running processes that belong to the broker on this port. */
async function homesOf(port: number): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    // What ends while it is looked at, or belongs to another user, is none of ours.
    pids.map(async (pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')),
  );
  return environments
    .map((environment) => environment.split('\0'))
    .filter((variables) => variables.includes(`RABBITMQ_NODE_PORT=${port}`))
    .flatMap((variables) => variables.find((variable) => variable.startsWith('HOME='))?.slice('HOME='.length) ?? []);
}

/** Its small companions end by themselves when they miss it. */
async function allGone(port: number): Promise<void> {
  while ((await homesOf(port)).length > 0) await sleep(20);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
