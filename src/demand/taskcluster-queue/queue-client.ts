import * as Hawk from 'hawk';
import type { Clock, Random } from '#core/clock.ts';
import { ServiceError } from '#core/error.ts';
import { ConnectionError, HttpError, requestJson } from '#lib/http-client.ts';
import { retry } from '#lib/retry.ts';
import type { RetryVerdict } from '#lib/retry.ts';

export interface QueueClientOptions {
  /** Root URL of the deployment whose queue is asked. */
  rootUrl: string;
  credentials: { clientId: string; accessToken: string };
  clock: Clock;
  random: Random;
  /** For one attempt. */
  timeoutMs?: number;
  /** Told of every attempt that failed, for metrics. */
  onFailure?: (error: unknown) => void;
}

/** The back-off that Taskcluster's own clients use, cut to fit a provisioning turn (spec/api.md 2.3). */
const backOff = { attempts: 4, firstDelayMs: 200, maxDelayMs: 5_000 };

/** Sends signed GET requests to the queue; retries what may pass (no answer, 5xx, 429) and gives up in words. */
export class QueueClient {
  readonly #options: QueueClientOptions;

  constructor(options: QueueClientOptions) {
    this.#options = options;
  }

  /**
   * The JSON answer of `GET /api/queue/v1<path>`; null on 404.
   * @throws {ServiceError} `unavailable` when the queue does not answer properly; the signal's reason when aborted.
   */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    const { clock, random } = this.#options;
    try {
      return await retry({ ...backOff, clock, random, signal, classify }, () => this.#attempt(path, signal));
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof HttpError && error.status === 404) return null;
      const why = error instanceof Error ? error.message : String(error);
      throw new ServiceError('unavailable', `the queue gives no answer: ${why}`, { cause: error });
    }
  }

  async #attempt(path: string, signal: AbortSignal): Promise<unknown> {
    const { rootUrl, credentials, clock, timeoutMs = 10_000, onFailure } = this.#options;
    const url = `${rootUrl}/api/queue/v1${path}`;
    const { header } = Hawk.client.header(url, 'GET', {
      credentials: { id: credentials.clientId, key: credentials.accessToken, algorithm: 'sha256' },
      timestamp: Math.floor(clock.now().getTime() / 1000),
    });
    const headers = { authorization: header };
    try {
      const { body } = await requestJson({ method: 'GET', url, headers, clock, timeoutMs, signal });
      return body;
    } catch (error) {
      onFailure?.(error);
      throw error;
    }
  }
}

function classify(error: unknown): RetryVerdict {
  if (error instanceof ConnectionError) return 'retry';
  if (error instanceof HttpError && (error.status >= 500 || error.status === 429)) return 'retry';
  return 'stop';
}
