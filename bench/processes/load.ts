import * as Hawk from 'hawk';
import { serve } from '#bench/child.ts';
import { percentile } from '#bench/percentile.ts';
import { systemClock } from '#lib/clock.ts';
import { HttpConnection } from './http-connection.ts';

/** One request as the load will send it. */
export interface LoadRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With query. */
  path: string;
  body?: object;
  /** Absent: unsigned. */
  credentials?: LoadCredentials;
}

export interface LoadCredentials {
  clientId: string;
  accessToken: string;
  /** Of temporary credentials, as they were issued. */
  certificate?: string;
}

/** What came of the requests of one kind. */
export interface LoadResult {
  answers: number;
  /** Answers by status, where it was not 200. */
  failures: Record<string, number>;
  perSecond: number;
  /** From the moment a request was due to the last byte of its answer, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** A kind of request, and how long after one the next is due, in milliseconds. */
export interface Pace {
  name: string;
  everyMs: number;
}

/** Callers of an HTTP API, in a process of their own. */
export interface LoadCalls {
  /** Signs requests, to be sent under this name. */
  prepare(name: string, url: string, requests: readonly LoadRequest[]): Promise<void>;
  /** Sends each prepared request once, over so many connections, each answered before the next is sent. */
  once(name: string, connections: number): Promise<LoadResult>;
  /** The same in a circle, for so long. */
  during(name: string, connections: number, ms: number): Promise<LoadResult>;
  /** Sends requests of each kind at an even pace for so long, however long the answers take. */
  paced(kinds: readonly Pace[], ms: number): Promise<LoadResult[]>;
  /** `once` and `paced` at the same time, the paced ones as long as the others last. @returns the result of each. */
  onceBeside(name: string, connections: number, beside: Pace): Promise<LoadResult[]>;
}

const prepared = new Map<string, { url: URL; requests: readonly string[] }>();

/**
 * Open connections that nobody uses, by origin. They are kept from one call to the next, as callers of an API do: a server that is busy takes in
 * new ones slowly, one in each turn of its event loop.
 */
const kept = new Map<string, HttpConnection[]>();

function takeConnection(url: URL): HttpConnection {
  const free = kept.get(url.origin);
  let connection = free?.pop();
  while (connection?.isOpen === false) connection = free?.pop();
  return connection ?? new HttpConnection(url);
}

function giveConnection(url: URL, connection: HttpConnection): void {
  const free = kept.get(url.origin) ?? [];
  free.push(connection);
  kept.set(url.origin, free);
}

function textOf(url: URL, { method, path, body, credentials }: LoadRequest): string {
  const content = body === undefined ? '' : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${url.host}`];
  if (credentials !== undefined) lines.push(`authorization: ${signature(url, method, path, credentials)}`);
  if (body !== undefined) {
    lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(content)}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n${content}`;
}

function signature(url: URL, method: string, path: string, credentials: LoadCredentials): string {
  const { clientId, accessToken, certificate } = credentials;
  const ext =
    certificate === undefined
      ? {}
      : { ext: Buffer.from(JSON.stringify({ certificate: JSON.parse(certificate) as unknown })).toString('base64') };
  const key = { id: clientId, key: accessToken, algorithm: 'sha256' } as const;
  return Hawk.client.header(`${url.origin}${path}`, method, { credentials: key, ...ext }).header;
}

function requestsOf(name: string): { url: URL; requests: readonly string[] } {
  const found = prepared.get(name);
  if (found === undefined || found.requests.length === 0) throw new Error(`no requests ${name}`);
  return found;
}

/** Collects answers. */
class Tally {
  readonly #startedAt = performance.now();
  readonly #tookMs: number[] = [];
  readonly #failures = new Map<string, number>();

  note(status: number, dueAt: number): void {
    this.#tookMs.push(performance.now() - dueAt);
    if (status !== 200) this.#failures.set(String(status), (this.#failures.get(String(status)) ?? 0) + 1);
  }

  result(): LoadResult {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const sorted = this.#tookMs.toSorted((one, other) => one - other);
    return {
      answers: sorted.length,
      failures: Object.fromEntries(this.#failures),
      perSecond: sorted.length / seconds,
      p50Ms: percentile(sorted, 50),
      p99Ms: percentile(sorted, 99),
      maxMs: sorted.at(-1) ?? 0,
    };
  }
}

/** Sends what `next` gives over so many connections, back to back, until it gives no more. */
async function backToBack(url: URL, connections: number, next: () => string | undefined): Promise<LoadResult> {
  const tally = new Tally();
  const lane = async (): Promise<void> => {
    const connection = takeConnection(url);
    for (let request = next(); request !== undefined; request = next()) {
      const dueAt = performance.now();
      tally.note(await connection.send(request), dueAt);
    }
    giveConnection(url, connection);
  };
  await Promise.all(Array.from({ length: connections }, lane));
  return tally.result();
}

async function once(name: string, connections: number): Promise<LoadResult> {
  const { url, requests } = requestsOf(name);
  let position = 0;
  return await backToBack(url, connections, () => requests[position++]);
}

/**
 * Sends a kind of request at an even pace while `isOn`, each over a connection of its own if no other is free.
 * @param isOn asked with the time at which a request is due, in milliseconds since the start
 */
async function pace({ name, everyMs }: Pace, isOn: (dueMs: number) => boolean): Promise<LoadResult> {
  const { url, requests } = requestsOf(name);
  const tally = new Tally();
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  const send = async (request: string, dueAt: number): Promise<void> => {
    const connection = takeConnection(url);
    tally.note(await connection.send(request), dueAt);
    giveConnection(url, connection);
  };
  for (let sent = 0; ; sent += 1) {
    const dueMs = sent * everyMs;
    const dueAt = startedAt + dueMs;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await systemClock.sleep(waitMs);
    if (!isOn(dueMs)) break;
    const sending = send(requests[sent % requests.length] ?? '', dueAt).finally(() => underWay.delete(sending));
    underWay.add(sending);
  }
  await Promise.all(underWay);
  return tally.result();
}

const calls: LoadCalls = {
  prepare: (name, url, requests) => {
    const base = new URL(url);
    prepared.set(name, { url: base, requests: requests.map((request) => textOf(base, request)) });
    return Promise.resolve();
  },

  once,

  during: async (name, connections, ms) => {
    const { url, requests } = requestsOf(name);
    const endAt = performance.now() + ms;
    let position = 0;
    const next = (): string | undefined =>
      performance.now() < endAt ? requests[position++ % requests.length] : undefined;
    return await backToBack(url, connections, next);
  },

  paced: async (kinds, ms) => await Promise.all(kinds.map((kind) => pace(kind, (dueMs) => dueMs < ms))),

  async onceBeside(name, connections, other) {
    let isOn = true;
    const beside = pace(other, () => isOn);
    const result = await once(name, connections);
    isOn = false;
    return [result, await beside];
  },
};

serve(calls, () => Promise.resolve());
