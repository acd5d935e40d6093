import * as Hawk from 'hawk';
import type { Clock } from '#core/clock.ts';
import { requestJson } from '#lib/http-client.ts';

/** Credentials of a client of the API. */
export interface ClientCredentials {
  clientId: string;
  accessToken: string;
}

/** Calls the API as a client would: signed requests, JSON in and out. Paths are below `/api/worker-manager/v1`. */
export class ApiClient {
  readonly #baseUrl: string;
  readonly #key: { id: string; key: string; algorithm: 'sha256' };
  readonly #clock: Clock;

  constructor(rootUrl: string, credentials: ClientCredentials, clock: Clock) {
    this.#baseUrl = `${rootUrl}/api/worker-manager/v1`;
    this.#key = { id: credentials.clientId, key: credentials.accessToken, algorithm: 'sha256' };
    this.#clock = clock;
  }

  /** @throws {HttpError} for every answer but success. */
  async call(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const url = `${this.#baseUrl}${path}`;
    const timestamp = Math.floor(this.#clock.now().getTime() / 1000);
    const { header } = Hawk.client.header(url, method, { credentials: this.#key, timestamp });
    const answer = await requestJson({
      method,
      url,
      headers: { authorization: header },
      ...(body === undefined ? {} : { body }),
      clock: this.#clock,
      timeoutMs: 30_000,
    });
    return answer.body;
  }

  /** A URL that anyone may GET for so many seconds: what a curl needs. */
  signedUrl(path: string, seconds: number): string {
    const url = `${this.#baseUrl}${path}`;
    const bewit = Hawk.uri.getBewit(url, { credentials: this.#key, ttlSec: seconds, localtimeOffsetMsec: 0 });
    return `${url}?bewit=${bewit}`;
  }
}

/** A pool id, worker group or the like as one segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}
