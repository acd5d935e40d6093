import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { exchangePrefix, exchanges } from '#contract/exchanges.ts';
import type { EventSink, OutboxEntry, WorkerEventPayload } from '#core/events.ts';
import { defaultPace } from '#core/pace.ts';
import type { Store } from '#core/store.ts';
import { silentLog, silentMetrics } from '#core/telemetry.ts';
import { FixedDemand } from '#demand/fixed/fixed-demand.ts';
import { systemClock } from '#lib/clock.ts';
import { deliverEvents } from '#loops/deliver.ts';
import type { LoopParts } from '#loops/parts.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { aPool, now, registered, requested } from '#test/conformance/store/samples.ts';
import { noRabbitmq, startRabbitmq } from '#test/rabbitmq.ts';
import type { TestBroker } from '#test/rabbitmq.ts';
import { boundQueue } from '#test/rabbitmq-queue.ts';
import type { Received } from '#test/rabbitmq-queue.ts';
import { PulseSink } from './pulse-sink.ts';

const workersAtOnce = 50;
/** Each of five times as many workers makes these moves: 1,000 in all. */
const life = ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped'];

describe('the outbox and RabbitMQ', { skip: noRabbitmq }, () => {
  let broker: TestBroker;
  before(async () => {
    broker = await startRabbitmq();
  });
  after(() => broker.stop());

  function aSink(t: TestContext): PulseSink {
    const sink = new PulseSink({
      address: { ...broker.address, isAmqps: false },
      exchangePrefix,
      exchanges: Object.keys(exchanges),
      clock: systemClock,
      random: () => 0,
      watch: {
        onConnected: () => undefined,
        onDisconnected: () => undefined,
        onBlocked: () => undefined,
        onUnsendable: (_entry, error) => assert.fail(String(error)),
      },
    });
    t.after(() => sink.close());
    return sink;
  }

  async function aQueue(sink: PulseSink) {
    await sink.checkReady(new AbortController().signal);
    return boundQueue(
      broker,
      Object.keys(exchanges).map((name) => exchangePrefix + name),
    );
  }

  // spec: E13, W2
  test('with a broker that is away from the start nothing is lost, and one sees how much waits and since when', async (t) => {
    const store = await openPostgresStore(t);
    const queue = await aQueue(aSink(t));
    await broker.kill();
    const sink = aSink(t);
    await aPool(store);
    await requested(store, 3);
    const told = await store.waitingEvents(100);
    await assert.rejects(deliver(store, sink), /the broker at 127\.0\.0\.1, vhost \/, cannot be used: .*ECONNREFUSED/);
    assert.deepEqual(await store.backlog(), { count: 6, oldest: now });
    assert.deepEqual(await store.waitingEvents(100), told);
    await broker.start();
    await deliver(store, sink);
    assert.deepEqual(await store.backlog(), { count: 0, oldest: null });
    const received = await queue.receive();
    assert.deepEqual(
      received.map(({ exchange, body }) => textOf(exchange, body)).toSorted(),
      told.map(({ event }) => textOf(exchangePrefix + event.exchange, event.payload)).toSorted(),
    );
  });

  test('a broker killed and restarted during 1,000 moves: every message arrives, in order for each worker', async (t) => {
    const store = await openPostgresStore(t);
    await aPool(store);
    const sink = aSink(t);
    const queue = await aQueue(sink);
    const sent = new Map<bigint, OutboxEntry>();
    let isToBeKilled = false;
    const killed = Promise.withResolvers<void>();
    const watched: EventSink = {
      publish: async (entries, signal) => {
        for (const entry of entries) sent.set(entry.sequence, entry);
        const publishing = sink.publish(entries, signal);
        // While messages are on their way to it.
        if (isToBeKilled) killed.resolve(broker.kill());
        await publishing;
      },
      close: () => sink.close(),
    };
    const moving = new AbortController();
    const delivering = keepDelivering(store, watched, moving.signal);
    await liveAndDie(store, 'before');
    isToBeKilled = true;
    await liveAndDie(store, 'at-the-end');
    await killed.promise;
    isToBeKilled = false;
    await liveAndDie(store, 'while-away');
    const { count } = await store.backlog();
    assert.ok(count >= 4 * workersAtOnce, `only ${count} wait`);
    const started = broker.start();
    await liveAndDie(store, 'while-starting');
    await started;
    await liveAndDie(store, 'after');
    moving.abort();
    const failures = await delivering;
    await deliver(store, watched);

    assert.ok(failures > 0, 'no delivery noticed that the broker was away');
    assert.equal((await store.backlog()).count, 0);
    const received = await queue.receive();
    assertComplete(received, [...sent.values()]);
    assertInOrder(received);
  });
});

async function deliver(store: Store, sink: EventSink): Promise<void> {
  await deliverEvents(loopParts(store), sink, new AbortController().signal);
}

/** Delivers again and again, as the engine does. @returns how often it failed. */
async function keepDelivering(store: Store, sink: EventSink, ended: AbortSignal): Promise<number> {
  let failures = 0;
  while (!ended.aborted) {
    await deliver(store, sink).catch(() => {
      failures += 1;
    });
    await systemClock.sleep(5);
  }
  return failures;
}

function loopParts(store: Store): LoopParts {
  return {
    store,
    providers: { get: () => undefined, list: () => [] },
    demand: new FixedDemand(systemClock),
    clock: systemClock,
    random: () => 0,
    pace: defaultPace,
    log: silentLog,
    metrics: silentMetrics,
    newOrderId: () => '',
    newErrorId: () => '',
  };
}

/** The whole lives of some workers, move by move, all at the same time. */
async function liveAndDie(store: Store, prefix: string): Promise<void> {
  const workers = await requested(store, workersAtOnce, { prefix });
  await Promise.all(workers.map((worker) => registered(store, worker)));
  for (const move of ['remove', 'stop'] as const) {
    await store.moveWorkers(
      workers.map((worker) => ({ worker, move, reason: 'sample' })),
      now,
    );
  }
}

function textOf(exchange: string, payload: unknown): string {
  return `${exchange} ${JSON.stringify(payload)}`;
}

function assertComplete(received: readonly Received[], sent: readonly OutboxEntry[]): void {
  const arrived = new Set(received.map(({ exchange, body }) => textOf(exchange, body)));
  const texts = sent.map(({ event }) => textOf(exchangePrefix + event.exchange, event.payload));
  assert.equal(sent.filter(({ event }) => life.includes(event.exchange)).length, 1000);
  assert.deepEqual(
    texts.filter((text) => !arrived.has(text)),
    [],
  );
  assert.equal(arrived.size, new Set(texts).size, 'something arrived that nobody sent');
}

/** In order is what arrives for the first time: repeats are for consumers to tolerate. */
function assertInOrder(received: readonly Received[]): void {
  const lives = new Map<string, Set<string>>();
  for (const { exchange, body } of received) {
    const { workerId } = body as Partial<WorkerEventPayload>;
    if (workerId === undefined) continue;
    const seen = lives.get(workerId) ?? new Set();
    lives.set(workerId, seen.add(exchange.slice(exchangePrefix.length)));
  }
  assert.equal(lives.size, 5 * workersAtOnce);
  for (const [workerId, seen] of lives) assert.deepEqual([...seen], life, workerId);
}
