import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { exchangePrefix, exchanges } from '#contract/exchanges.ts';
import type { ServiceEvent } from '#core/events.ts';
import { SteppedClock, systemClock } from '#lib/clock.ts';
import { startRabbitmq, noRabbitmq } from '#test/rabbitmq.ts';
import type { TestBroker } from '#test/rabbitmq.ts';
import { boundQueue, withChannel } from '#test/rabbitmq-queue.ts';
import { tlsFront } from '#test/rabbitmq-tls.ts';
import { PulseSink } from './pulse-sink.ts';
import type { PulseParts } from './pulse-sink.ts';
import { sampleEvents, waiting, workerRunning, workerStopped } from './sample-events.ts';

const names = Object.keys(exchanges);
const fullNames = names.map((name) => exchangePrefix + name);
const never = new AbortController().signal;

// spec: api 8.1
describe('a Pulse sink and RabbitMQ', { skip: noRabbitmq }, () => {
  let broker: TestBroker;
  before(async () => {
    broker = await startRabbitmq();
  });
  after(() => broker.stop());

  function aSink(t: TestContext, other: Partial<PulseParts> = {}) {
    const told: [what: string, why?: unknown][] = [];
    const watch = {
      onConnected: () => void told.push(['connected']),
      onDisconnected: (error: unknown) => void told.push(['disconnected', error]),
      onBlocked: (reason: string | null) => void told.push(['blocked', reason]),
      onUnsendable: () => void told.push(['unsendable']),
    };
    const sink = new PulseSink({
      address: { ...broker.address, isAmqps: false },
      exchangePrefix,
      exchanges: names,
      clock: systemClock,
      random: () => 0,
      watch,
      ...other,
    });
    t.after(() => sink.close());
    return { sink, told };
  }

  async function workerIdsIn(queue: { receive(): Promise<{ body: unknown }[]> }): Promise<string[]> {
    return (await queue.receive()).map(({ body }) => (body as { workerId: string }).workerId);
  }

  function numbered(count: number): ServiceEvent[] {
    return Array.from({ length: count }, (_, index) => workerRunning(`i-${index}`));
  }

  test('makes the ten durable topic exchanges, and can do so again', async (t) => {
    for (let round = 0; round < 2; round++) {
      const { sink } = aSink(t);
      await sink.checkReady(never);
      await sink.close();
    }
    const listed = await broker.control('list_exchanges', 'name', 'type', 'durable', 'auto_delete', 'internal');
    const ours = listed.split('\n').filter((line) => line.startsWith(exchangePrefix));
    const expected = fullNames.map((name) => [name, 'topic', 'true', 'false', 'false'].join('\t'));
    assert.deepEqual(ours.toSorted(), expected.toSorted());
  });

  test('every message arrives at its exchange with its exact key, body and properties', async (t) => {
    const { sink } = aSink(t);
    await sink.checkReady(never);
    const queue = await boundQueue(broker, fullNames);
    const events = sampleEvents.map(({ event }) => event);
    await sink.publish(waiting(events), never);
    const received = await queue.receive();
    assert.deepEqual(
      received.map(({ exchange, routingKey, body }) => ({ exchange, routingKey, body })),
      sampleEvents.map(({ event, routingKey }) => ({
        exchange: exchangePrefix + event.exchange,
        routingKey,
        body: event.payload,
      })),
    );
    for (const { properties } of received) {
      assert.equal(properties.deliveryMode, 2);
      assert.equal(properties.contentType, 'application/json');
      assert.equal(properties.contentEncoding, 'utf-8');
      assert.deepEqual({ ...properties.headers }, { CC: [] });
    }
  });

  test('publishes asked for at the same time follow one another', async (t) => {
    const { sink } = aSink(t);
    await sink.checkReady(never);
    const queue = await boundQueue(broker, fullNames);
    const entries = waiting(numbered(300));
    await Promise.all([
      sink.publish(entries.slice(0, 100), never),
      sink.publish(entries.slice(100, 200), never),
      sink.publish(entries.slice(200), never),
    ]);
    assert.deepEqual(
      await workerIdsIn(queue),
      numbered(300).map(({ payload }) => 'workerId' in payload && payload.workerId),
    );
  });

  test('a refused message is a failed publish, and nothing of its order key overtakes it', async (t) => {
    const { sink, told } = aSink(t);
    await sink.checkReady(never);
    const full = await boundQueue(broker, [`${exchangePrefix}worker-running`], {
      maxLength: 1,
      overflow: 'reject-publish',
    });
    t.after(() => withChannel(broker, (channel) => channel.deleteQueue(full.name)).then(() => undefined));
    const free = await boundQueue(broker, [`${exchangePrefix}worker-stopped`]);
    await sink.publish(waiting([workerRunning('i-0')]), never);
    const events = [workerRunning('i-1'), workerStopped('i-1')];
    await assert.rejects(sink.publish(waiting(events), never), /message nacked/);
    assert.deepEqual(await workerIdsIn(free), []);
    await sink.publish(waiting([workerStopped('i-2')]), never);
    assert.deepEqual(await workerIdsIn(free), ['i-2']);
    assert.deepEqual(await workerIdsIn(full), ['i-0']);
    await sink.publish(waiting(events), never);
    assert.deepEqual(await workerIdsIn(full), ['i-1']);
    assert.deepEqual(await workerIdsIn(free), ['i-1']);
    assert.deepEqual(told, [['connected']]);
  });

  test('a channel that the broker closes is a failed publish that says why, and the next one mends it', async (t) => {
    const { sink, told } = aSink(t);
    await sink.checkReady(never);
    await withChannel(broker, (channel) => channel.deleteExchange(`${exchangePrefix}worker-running`));
    await assert.rejects(sink.publish(waiting(numbered(3)), never), /NOT_FOUND - no exchange .*worker-running/);
    await assert.rejects(sink.checkReady(never), /NOT_FOUND/);
    await sink.publish(waiting(numbered(3)), never);
    assert.deepEqual(
      told.map(([what]) => what),
      ['connected', 'disconnected', 'connected'],
    );
    assert.match(inspect(told[1]?.[1]), /NOT_FOUND/);
  });

  test('a connection that an operator closes is said, and replaced', async (t) => {
    const { sink, told } = aSink(t);
    await sink.publish(waiting(numbered(1)), never);
    await broker.control('close_all_connections', 'spring cleaning');
    await sink.publish(waiting(numbered(1)), never).catch(() => sink.publish(waiting(numbered(1)), never));
    assert.deepEqual(
      told.map(([what]) => what),
      ['connected', 'disconnected', 'connected'],
    );
    assert.match(String(told[1]?.[1]), /CONNECTION_FORCED - spring cleaning/);
  });

  test('an exchange of another kind is said, and that nothing can be sent', async (t) => {
    const name = 'exchange/elsewhere/v1/worker-running';
    await withChannel(broker, (channel) => channel.assertExchange(name, 'fanout', { durable: true }));
    const { sink } = aSink(t, { exchangePrefix: 'exchange/elsewhere/v1/' });
    await assert.rejects(sink.checkReady(never), /PRECONDITION_FAILED - inequivalent arg 'type'/);
  });

  test('wrong credentials and a wrong vhost are said, without the password', async (t) => {
    const wrong = { password: 'hunter2', isAmqps: false };
    const { sink } = aSink(t, { address: { ...broker.address, ...wrong } });
    await assert.rejects(sink.publish(waiting(numbered(1)), never), (error) => {
      assert.match(String(error), /ACCESS_REFUSED|ACCESS-REFUSED/);
      assert.doesNotMatch(inspect(error, { depth: 10, showHidden: true }), /hunter2/);
      return true;
    });
    const { sink: lost } = aSink(t, { address: { ...broker.address, vhost: 'no/such', isAmqps: false } });
    await assert.rejects(lost.checkReady(never), /vhost no\/such, cannot be used/);
  });

  test('with TLS, a broker must show a certificate that Node trusts, for its name', async (t) => {
    const front = await tlsFront(broker);
    t.after(() => front.stop());
    const address = { ...broker.address, hostname: 'localhost', port: front.port, isAmqps: true };
    const { sink: wary } = aSink(t, { address });
    await assert.rejects(wary.checkReady(never), /self-signed certificate/);
    assert.deepEqual(front.servernames, []);

    const trusted = getCACertificates('default');
    setDefaultCACertificates([...trusted, front.certificate]);
    t.after(() => setDefaultCACertificates(trusted));
    const { sink } = aSink(t, { address });
    await sink.publish(waiting(numbered(3)), never);
    assert.deepEqual(front.servernames, ['localhost']);
    await sink.close();
    const { sink: misled } = aSink(t, { address: { ...address, hostname: '127.0.0.1' } });
    await assert.rejects(misled.checkReady(never), /does not match certificate/);
  });

  test('a connection is replaced after an hour, between two publishes', async (t) => {
    const clock = new SteppedClock(new Date('2026-03-04T12:00:00Z'));
    const { sink, told } = aSink(t, { clock });
    await sink.publish(waiting(numbered(1)), never);
    await clock.step(3_599_000);
    await sink.publish(waiting(numbered(1)), never);
    assert.deepEqual(told, [['connected']]);
    await clock.step(1_000);
    await sink.publish(waiting(numbered(1)), never);
    assert.deepEqual(told, [['connected'], ['disconnected', null], ['connected']]);
  });

  test('a broker that blocks publishers is noticed, said, and used again when it has recovered', async (t) => {
    const { sink, told } = aSink(t);
    await sink.checkReady(never);
    const queue = await boundQueue(broker, fullNames);
    await sink.publish(waiting(numbered(1)), never);
    await broker.control('set_vm_memory_high_watermark', '0');
    t.after(() => broker.control('set_vm_memory_high_watermark', '0.4').then(() => undefined));
    await assert.rejects(sink.publish(waiting(numbered(2)), never), /the broker takes no messages now: .*memory/);
    await assert.rejects(sink.checkReady(never), /the broker takes no messages now/);
    assert.deepEqual(told, [['connected'], ['blocked', 'low on memory']]);
    await broker.control('set_vm_memory_high_watermark', '0.4');
    await ready(sink);
    await sink.publish(waiting(numbered(2)), never);
    assert.deepEqual(told.at(-1), ['blocked', null]);
    assert.deepEqual(new Set(await workerIdsIn(queue)), new Set(['i-0', 'i-1']));
  });

  test('a broker that hangs is given up after 30 s without a confirmation, and found again', async (t) => {
    const clock = new SteppedClock(new Date('2026-03-04T12:00:00Z'));
    const { sink, told } = aSink(t, { clock });
    await sink.checkReady(never);
    broker.pause();
    t.after(() => broker.resume());
    const abort = new AbortController();
    const aborted = assert.rejects(sink.publish(waiting(numbered(1)), abort.signal), /enough/);
    abort.abort(new Error('enough'));
    await aborted;
    const publishing = assert.rejects(sink.publish(waiting(numbered(1)), never), /does not confirm/);
    await clock.step(30_000);
    await publishing;
    assert.deepEqual(
      told.map(([what]) => what),
      ['connected', 'disconnected'],
    );
    broker.resume();
    const again = sink.publish(waiting(numbered(1)), never);
    await clock.step(1_000);
    await again;
  });

  test('a sink whose broker hangs ends all the same', async (t) => {
    const clock = new SteppedClock(new Date('2026-03-04T12:00:00Z'));
    const { sink, told } = aSink(t, { clock });
    await sink.checkReady(never);
    broker.pause();
    t.after(() => broker.resume());
    const closing = sink.close();
    await clock.step(2_000);
    await closing;
    assert.deepEqual(told, [['connected'], ['disconnected', null]]);
  });

  test('the end waits for what is under way', async (t) => {
    const { sink } = aSink(t);
    await sink.checkReady(never);
    const queue = await boundQueue(broker, fullNames);
    const publishing = sink.publish(waiting(numbered(200)), never);
    await sink.close();
    await publishing;
    assert.equal((await queue.receive()).length, 200);
  });
});

/** Resolves when the broker takes messages again. */
async function ready(sink: PulseSink): Promise<void> {
  while (
    !(await sink.checkReady(never).then(
      () => true,
      () => false,
    ))
  ) {
    await systemClock.sleep(10);
  }
}
