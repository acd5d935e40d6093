import pg from 'pg';
import type { Clock } from '#core/clock.ts';
import { connectionSettings } from './database.ts';

/** The channel on which it is announced that tasks became due. */
export const wakeChannel = 'worker_manager_wake';

const reconnectAfterMs = 1_000;

export interface WakeListenerOptions {
  url: string;
  clock: Clock;
  /** Told of a lost connection and of each failed try to get it back. */
  onError: (error: unknown) => void;
}

/**
 * Listens on one connection of its own, for any number of callbacks. A connection that is lost is made again, as often as it takes; everybody is
 * called then, since something may have been missed.
 */
export class WakeListener {
  readonly #options: WakeListenerOptions;
  readonly #callbacks = new Set<() => void>();
  #connection: LastingConnection | undefined;

  constructor(options: WakeListenerOptions) {
    this.#options = options;
  }

  /**
   * Calls back from now on. @returns a function that ends it.
   * @throws when the first connection cannot be made.
   */
  async listen(callback: () => void): Promise<() => Promise<void>> {
    // A callback may be given twice; each time is ended by itself.
    const own = (): void => callback();
    this.#callbacks.add(own);
    const connection = (this.#connection ??= new LastingConnection(this.#options, () => this.#callAll()));
    const end = async (): Promise<void> => {
      this.#callbacks.delete(own);
      if (this.#callbacks.size === 0) await this.close();
    };
    try {
      await connection.isMade;
    } catch (error) {
      await end();
      throw error;
    }
    return end;
  }

  /** Ends the connection; nobody is called any more. */
  async close(): Promise<void> {
    this.#callbacks.clear();
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.end();
  }

  #callAll(): void {
    for (const callback of this.#callbacks) callback();
  }
}

/** A listening connection that comes back when it is lost, until it is ended. */
class LastingConnection {
  readonly #options: WakeListenerOptions;
  readonly #onWake: () => void;
  readonly #ending = new AbortController();
  #client: pg.Client | undefined;
  /** Resolves when it listens for the first time; rejects when that failed. */
  readonly isMade: Promise<void>;

  constructor(options: WakeListenerOptions, onWake: () => void) {
    this.#options = options;
    this.#onWake = onWake;
    this.isMade = this.#connect();
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(connectionSettings(this.#options.url));
    client.on('error', this.#options.onError);
    client.on('notification', this.#onWake);
    await client.connect();
    await client.query(`listen ${wakeChannel}`);
    if (this.#ending.signal.aborted) {
      await client.end();
      return;
    }
    this.#client = client;
    client.once('end', () => {
      if (!this.#ending.signal.aborted) void this.#reconnect();
    });
  }

  async #reconnect(): Promise<void> {
    this.#client = undefined;
    while (!this.#ending.signal.aborted) {
      if (await this.#isMadeAgain()) {
        this.#onWake();
        return;
      }
    }
  }

  async #isMadeAgain(): Promise<boolean> {
    const { clock, onError } = this.#options;
    try {
      await clock.sleep(reconnectAfterMs, this.#ending.signal);
      await this.#connect();
      return true;
    } catch (error) {
      if (!this.#ending.signal.aborted) onError(error);
      return false;
    }
  }
}
