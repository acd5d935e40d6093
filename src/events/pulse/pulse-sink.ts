import type { Clock, Random } from '#core/clock.ts';
import type { EventSink, OutboxEntry } from '#core/events.ts';
import { whenAborted } from '#lib/abort.ts';
import { withDeadline } from '#lib/deadline.ts';
import { backOffMs } from '#lib/retry.ts';
import { BrokerConnection } from './broker-connection.ts';
import type { BrokerAddress } from './broker-connection.ts';
import { envelopeOf } from './envelope.ts';
import type { Envelope } from './envelope.ts';

/** Told what happens between us and the broker, for logs, metrics and people (spec/api.md 9.2). */
export interface PulseWatch {
  onConnected(): void;
  /** A connection that was used has ended; null: by our own wish. */
  onDisconnected(error: unknown): void;
  /** The broker takes no messages for a while, for this reason; null: it does again. */
  onBlocked(reason: string | null): void;
  /** No routing key can carry this event, today or ever: it is passed over, so that the others get through. */
  onUnsendable(entry: OutboxEntry, error: unknown): void;
}

/** What the sink works with. */
export interface PulseParts {
  address: BrokerAddress;
  /** What the names of all exchanges begin with. */
  exchangePrefix: string;
  /** The exchanges to be there, without the prefix. */
  exchanges: readonly string[];
  /** Whether messages about pools name their pool in the routing key (W33). Absent: no. */
  namesPools?: boolean;
  clock: Clock;
  random: Random;
  watch: PulseWatch;
}

/** A broker that was restarted is found soon, one that is away is not besieged. */
const reconnect = { firstDelayMs: 1_000, maxDelayMs: 30_000 };
/** A long-lived connection stays with the node it once found: a new one goes where the broker's name points by now. */
const recycleAfterMs = 3_600_000;
/** How long messages under way may still be confirmed at the end. */
const drainLimitMs = 3_000;

/**
 * Sends events to a RabbitMQ broker, connecting when there is something to send. An entry is sent only after the one before it with the
 * same order key was confirmed: whatever is lost, refused or repeated, what arrives for the first time arrives in order.
 */
export class PulseSink implements EventSink {
  readonly #parts: PulseParts;
  #connection: BrokerConnection | null = null;
  #opening: Promise<BrokerConnection> | null = null;
  /** The newest publish, which waits for those before it. */
  #last: Promise<void> = Promise.resolve();
  readonly #closed = new AbortController();
  /** Attempts and connections in a row that failed, what was wrong with the last, and until when none is made. */
  #failures = 0;
  #lastFailure: unknown = null;
  #restUntilMs = 0;

  constructor(parts: PulseParts) {
    this.#parts = parts;
  }

  async publish(entries: readonly OutboxEntry[], signal: AbortSignal): Promise<void> {
    const turn = this.#last.then(() => this.#publish(entries, signal));
    this.#last = turn.catch(() => undefined);
    await unlessAborted(turn, signal);
  }

  /**
   * Connects if need be, which makes the exchanges: for the start, before anybody binds to them, and for the heartbeat.
   * @throws why no message could be sent now. Does not wait for a next attempt.
   */
  async checkReady(signal: AbortSignal): Promise<void> {
    if (this.#restMs() > 0) throw this.#lastFailure;
    (await this.#connected(signal)).throwIfUnusable();
  }

  async close(): Promise<void> {
    if (this.#opening === null) {
      const limits = { clock: this.#parts.clock, limitMs: drainLimitMs };
      await withDeadline(limits, () => this.#last).catch(() => undefined);
    }
    this.#closed.abort(new Error('the sink is closed'));
    await this.#opening?.catch(() => undefined);
    await this.#connection?.close();
  }

  async #publish(entries: readonly OutboxEntry[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const queues = this.#queues(entries);
    if (queues.length === 0) return;
    await this.#recycle();
    const connection = await this.#connected(signal);
    const failed = new AbortController();
    try {
      await Promise.all(
        queues.map(async (queue) => {
          for (const envelope of queue) {
            failed.signal.throwIfAborted();
            await connection.publish(envelope, signal);
          }
        }),
      );
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  }

  /** What is to be sent, in one queue for each order key. */
  #queues(entries: readonly OutboxEntry[]): Envelope[][] {
    const queues = new Map<string, Envelope[]>();
    for (const entry of entries) {
      const envelope = this.#envelopeOf(entry);
      if (envelope === null) continue;
      const queue = queues.get(entry.orderKey);
      if (queue === undefined) queues.set(entry.orderKey, [envelope]);
      else queue.push(envelope);
    }
    return [...queues.values()];
  }

  #envelopeOf(entry: OutboxEntry): Envelope | null {
    const { exchangePrefix, namesPools = false, watch } = this.#parts;
    try {
      return envelopeOf(entry.event, { exchangePrefix, namesPools });
    } catch (error) {
      watch.onUnsendable(entry, error);
      return null;
    }
  }

  /** The connection, opened if need be, and not before the rest after a failure is over. */
  async #connected(signal: AbortSignal): Promise<BrokerConnection> {
    this.#closed.signal.throwIfAborted();
    if (this.#connection !== null && !this.#connection.hasEnded) return this.#connection;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return await unlessAborted(this.#opening, signal);
  }

  async #recycle(): Promise<void> {
    const connection = this.#connection;
    if (connection !== null && this.#now() - connection.openedAt.getTime() >= recycleAfterMs) await connection.close();
  }

  async #open(): Promise<BrokerConnection> {
    const { address, exchangePrefix, exchanges, clock, watch } = this.#parts;
    const { signal } = this.#closed;
    await clock.sleep(this.#restMs(), signal);
    const names = exchanges.map((name) => exchangePrefix + name);
    const connectionWatch = {
      onEnd: (error: unknown) => this.#ended(error),
      onBlocked: (reason: string | null) => watch.onBlocked(reason),
    };
    try {
      this.#connection = await BrokerConnection.open(address, names, connectionWatch, { clock, signal });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
    watch.onConnected();
    return this.#connection;
  }

  #ended(error: unknown): void {
    const openedMs = this.#connection?.openedAt.getTime() ?? 0;
    if (this.#now() - openedMs > reconnect.maxDelayMs) this.#failures = 0;
    if (error !== null) this.#fail(error);
    this.#parts.watch.onDisconnected(error);
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    this.#lastFailure = error;
    this.#restUntilMs = this.#now() + backOffMs(this.#failures, reconnect, this.#parts.random);
  }

  #restMs(): number {
    return Math.max(0, this.#restUntilMs - this.#now());
  }

  #now(): number {
    return this.#parts.clock.now().getTime();
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const ignoreAbort = whenAborted(signal, () => reject(signal.reason));
  try {
    return await Promise.race([work, aborted]);
  } finally {
    ignoreAbort();
  }
}
