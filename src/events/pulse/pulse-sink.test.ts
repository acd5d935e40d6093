import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { inspect } from 'node:util';
import { exchangePrefix, exchanges } from '#contract/exchanges.ts';
import type { OutboxEntry } from '#core/events.ts';
import { SteppedClock } from '#lib/clock.ts';
import { PulseSink } from './pulse-sink.ts';
import { waiting, workerRunning } from './sample-events.ts';

const start = new Date('2026-03-04T12:00:00Z');
const never = new AbortController().signal;
const entries = waiting([workerRunning('i-1')]);

/** Something that listens where a broker should; `greet` is all it does for those who come. */
async function listener(t: TestContext, greet: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
    // Otherwise it would not notice that the other side hangs up.
    socket.resume();
    greet(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets, server };
}

function sinkAt(t: TestContext, port: number) {
  const clock = new SteppedClock(start);
  const unsendable: OutboxEntry[] = [];
  const sink = new PulseSink({
    address: { hostname: '127.0.0.1', port, username: 'user', password: 'hunter2', vhost: '/', isAmqps: false },
    exchangePrefix,
    exchanges: Object.keys(exchanges),
    clock,
    random: () => 1,
    watch: {
      onConnected: () => undefined,
      onDisconnected: () => undefined,
      onBlocked: () => undefined,
      onUnsendable: (entry) => unsendable.push(entry),
    },
  });
  t.after(() => sink.close());
  return { sink, clock, unsendable };
}

const hangUp = (socket: Socket): void => void socket.destroy();
const keepSilent = (): void => undefined;

describe('a Pulse sink without a broker', () => {
  test('says that nobody is there, and where', async (t) => {
    const { port, server } = await listener(t, hangUp);
    server.close();
    await once(server, 'close');
    const { sink } = sinkAt(t, port);
    const message = new RegExp(
      `the broker at 127.0.0.1, vhost /, cannot be used: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    await assert.rejects(sink.publish(entries, never), { message });
  });

  test('does not connect before there is something to send', async (t) => {
    const { port, sockets } = await listener(t, hangUp);
    const { sink } = sinkAt(t, port);
    await sink.publish([], never);
    await sink.close();
    assert.equal(sockets.length, 0);
  });

  test('comes back after 1 s, 2 s, 4 s … 30 s, and not before', async (t) => {
    const { port, sockets } = await listener(t, hangUp);
    const { sink, clock } = sinkAt(t, port);
    await assert.rejects(sink.publish(entries, never));
    for (const [index, waitMs] of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000].entries()) {
      const next = assert.rejects(sink.publish(entries, never));
      await clock.step(waitMs - 1);
      assert.equal(sockets.length, index + 1);
      await clock.step(1);
      await next;
      assert.equal(sockets.length, index + 2);
    }
  });

  test('gives up a connection that says nothing for 30 s', async (t) => {
    const { port, server, sockets } = await listener(t, keepSilent);
    const { sink, clock } = sinkAt(t, port);
    const publishing = assert.rejects(sink.publish(entries, never), /cannot be used: not done within 30000 ms/);
    await once(server, 'connection');
    const hungUp = once(sockets[0]!, 'close');
    await clock.step(30_000);
    await publishing;
    await hungUp;
  });

  test('tells the heartbeat why nothing can be sent, without another attempt and without waiting', async (t) => {
    const { port, sockets } = await listener(t, hangUp);
    const { sink } = sinkAt(t, port);
    await assert.rejects(sink.checkReady(never), /cannot be used/);
    await assert.rejects(sink.checkReady(never), /cannot be used/);
    assert.equal(sockets.length, 1);
  });

  test('stops at once when aborted, also while it waits for the next attempt', async (t) => {
    const { port } = await listener(t, hangUp);
    const { sink } = sinkAt(t, port);
    await assert.rejects(sink.publish(entries, never));
    const abort = new AbortController();
    const reason = new Error('the lease was lost');
    const publishing = assert.rejects(sink.publish(entries, abort.signal), reason);
    abort.abort(reason);
    await publishing;
    await assert.rejects(sink.publish(entries, abort.signal), reason);
  });

  test('ends while somebody waits, and sends nothing afterwards', async (t) => {
    const { port, server } = await listener(t, keepSilent);
    const { sink } = sinkAt(t, port);
    const publishing = assert.rejects(sink.publish(entries, never), /the sink is closed/);
    await once(server, 'connection');
    await sink.close();
    await publishing;
    await assert.rejects(sink.publish(entries, never), /the sink is closed/);
    await assert.rejects(sink.checkReady(never), /the sink is closed/);
    await sink.close();
  });

  test('never says its password', async (t) => {
    const { port } = await listener(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const { sink } = sinkAt(t, port);
    await assert.rejects(sink.publish(entries, never), (error) => {
      assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /hunter2/);
      return true;
    });
  });

  test('passes over an event that no routing key can carry, and tells of it', async (t) => {
    const { port, sockets } = await listener(t, hangUp);
    const { sink, unsendable } = sinkAt(t, port);
    const [misfit] = waiting([workerRunning('a.b')]);
    await sink.publish([misfit!], never);
    assert.deepEqual(unsendable, [misfit]);
    assert.equal(sockets.length, 0);
  });
});
