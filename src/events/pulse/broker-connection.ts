import { connect } from 'amqplib';
import type { ChannelModel, ConfirmChannel, SocketOptions } from 'amqplib';
import type { Clock } from '#core/clock.ts';
import { whenAborted } from '#lib/abort.ts';
import { DeadlineExceeded, withDeadline } from '#lib/deadline.ts';
import { properties } from './envelope.ts';
import type { Envelope } from './envelope.ts';

/** Where the broker is and who we are there (spec/api.md 10.1, PULSE_…). */
export interface BrokerAddress {
  hostname: string;
  /** Absent: 5671 with TLS, 5672 without. */
  port?: number;
  username: string;
  password: string;
  vhost: string;
  /** TLS, with the certificates that Node trusts. */
  isAmqps: boolean;
}

/** Told what becomes of a connection. */
export interface ConnectionWatch {
  /** Once, when it cannot be used any more; null: we closed it. */
  onEnd(error: unknown): void;
  /** The broker takes no messages for a while, for this reason; null: it does again. */
  onBlocked(reason: string | null): void;
}

const connectLimitMs = 30_000;
/** A message takes the broker as long as its disk does. */
const confirmLimitMs = 30_000;
/** A broker that does not answer a farewell within this time is left without. */
const closeLimitMs = 2_000;
const heartbeatSeconds = 120;

/** One connection to the broker with one channel on which every message is confirmed. Of no use after its end. */
export class BrokerConnection {
  readonly #clock: Clock;
  readonly #watch: ConnectionWatch;
  readonly #model: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #dropSocket: () => void;
  readonly openedAt: Date;
  #hasEnded = false;
  /** Its signal is aborted, with the reason, while nothing can be sent. */
  #usable = new AbortController();

  private constructor(
    clock: Clock,
    watch: ConnectionWatch,
    [model, channel]: readonly [ChannelModel, ConfirmChannel],
    dropSocket: () => void,
  ) {
    this.#clock = clock;
    this.#watch = watch;
    this.#model = model;
    this.#channel = channel;
    this.#dropSocket = dropSocket;
    this.openedAt = clock.now();
    // An end that is an error comes as `error` first, which knows more. A channel closes with an error or with its connection.
    model.on('error', (error) => this.#end(error));
    model.on('close', (error) => this.#end(error ?? new Error('the broker closed the connection')));
    channel.on('error', (error) => this.#end(error));
    model.on('blocked', (reason) => this.#block(reason));
    model.on('unblocked', () => this.#unblock());
  }

  /**
   * Connects and makes sure that these exchanges exist, as durable topic exchanges.
   * @throws what is in the way: no broker, no answer within 30 s, wrong credentials or vhost, an exchange of another kind. Its text
   * names no password.
   */
  static async open(
    address: BrokerAddress,
    exchanges: readonly string[],
    watch: ConnectionWatch,
    { clock, signal }: { clock: Clock; signal: AbortSignal },
  ): Promise<BrokerConnection> {
    const socket = new AbortController();
    const dropSocket = (): void => socket.abort(new Error('the connection was dropped'));
    try {
      return await withDeadline({ clock, limitMs: connectLimitMs, signals: [signal] }, async (limit) => {
        whenAborted(limit, dropSocket);
        const model = await connectTo(address, socket.signal);
        // Until there is somebody to tell: an end shows in the calls below, too.
        model.on('error', () => undefined);
        const channel = await model.createConfirmChannel();
        channel.on('error', () => undefined);
        await Promise.all(exchanges.map((name) => channel.assertExchange(name, 'topic', { durable: true })));
        return new BrokerConnection(clock, watch, [model, channel], dropSocket);
      });
    } catch (error) {
      dropSocket();
      signal.throwIfAborted();
      const where = `the broker at ${address.hostname}, vhost ${address.vhost},`;
      throw new Error(`${where} cannot be used: ${reasonOf(error)}`, { cause: error });
    }
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** @throws the reason while nothing can be sent. */
  throwIfUnusable(): void {
    this.#usable.signal.throwIfAborted();
  }

  /**
   * Sends a message and resolves when the broker has confirmed it.
   * @throws when it refuses it, blocks us, does not confirm it within 30 s (then the connection is given up), or the connection ends: then
   * the message has arrived or not.
   */
  async publish({ exchange, routingKey, body }: Envelope, signal: AbortSignal): Promise<void> {
    const usable = this.#usable.signal;
    usable.throwIfAborted();
    const limits = { clock: this.#clock, limitMs: confirmLimitMs, signals: [signal, usable] };
    try {
      await withDeadline(limits, async () => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        this.#channel.publish(exchange, routingKey, body, properties, (error: unknown) => {
          if (error === null) resolve();
          else reject(error);
        });
        await promise;
      });
    } catch (error) {
      const isLate = error instanceof DeadlineExceeded && !signal.aborted;
      if (isLate) this.#end(new Error('the broker does not confirm messages'));
      usable.throwIfAborted();
      throw error;
    }
  }

  /** Takes leave of the broker, or leaves without when it does not answer. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    const limits = { clock: this.#clock, limitMs: closeLimitMs };
    const farewell = withDeadline(limits, () => this.#model.close());
    this.#end(null);
    await farewell.catch(() => undefined);
    this.#dropSocket();
  }

  #end(error: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#usable.abort(error ?? new Error('the connection is closed'));
    if (error !== null) this.#dropSocket();
    this.#watch.onEnd(error);
  }

  #block(reason: string): void {
    this.#usable.abort(new Error(`the broker takes no messages now: ${reason}`));
    this.#watch.onBlocked(reason);
  }

  #unblock(): void {
    if (this.#hasEnded) return;
    this.#usable = new AbortController();
    this.#watch.onBlocked(null);
  }
}

/** @param drop destroys the socket, connected or not: amqplib knows no other way to give up. */
async function connectTo(address: BrokerAddress, drop: AbortSignal): Promise<ChannelModel> {
  const { hostname, port, username, password, vhost, isAmqps } = address;
  const options: SocketOptions & { signal: AbortSignal } = {
    noDelay: true,
    clientProperties: { connection_name: 'taskcluster-worker-manager' },
    signal: drop,
  };
  // As an object, not as a URL: errors quote URLs.
  const target = {
    protocol: isAmqps ? 'amqps' : 'amqp',
    hostname,
    ...(port === undefined ? {} : { port }),
    username,
    password,
    vhost,
    frameMax: 0,
    heartbeat: heartbeatSeconds,
  };
  return connect(target, options);
}

/** A host with several addresses fails with one error for each, in an error without words. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
