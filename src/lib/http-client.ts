import type { Clock } from './clock.ts';
import { DeadlineExceeded, withDeadline } from './deadline.ts';

/** The other side answered, but not with success (2xx). */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly headers: Headers;
  /** The answer's body as JSON when it is JSON, else as text. */
  readonly body: unknown;

  constructor(request: string, status: number, headers: Headers, body: string) {
    super(`${request} answered ${status}: ${excerpt(body)}`);
    this.status = status;
    this.headers = headers;
    this.body = parseOr(body, body);
  }
}

/** No answer: the other side could not be reached, broke off, took too long, or spoke something else than JSON. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  /** The system's word for it (`ECONNREFUSED`, `ENOTFOUND`, …), else `TIMEOUT`, `NOT_JSON` or `FAILED`. */
  readonly code: string;

  constructor(request: string, code: string, cause: unknown) {
    super(`${request} got no answer: ${code}`, { cause });
    this.code = code;
  }
}

/** One call. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string | URL;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON when given; the same bytes as `JSON.stringify` gives, so that they can be signed beforehand. */
  body?: unknown;
  clock: Clock;
  /** For the whole call, up to the last byte of the answer. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** A successful (2xx) answer. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** What the body holds as JSON; undefined when it is empty. */
  body: unknown;
}

/**
 * Sends JSON, gets JSON. Follows no redirect and repeats nothing. Errors name the method and the URL without its query,
 * which may hold a secret, and never a header.
 * @throws HttpError on any status but 2xx, ConnectionError without a proper answer, the signal's reason when aborted.
 */
export async function requestJson(request: HttpRequest): Promise<HttpAnswer> {
  const { clock, timeoutMs, signal } = request;
  const name = nameOf(request);
  const { response, text } = await connected(name, signal, () =>
    withDeadline({ clock, limitMs: timeoutMs, signals: [signal] }, (ended) => exchange(request, ended)),
  );
  if (!response.ok) {
    throw new HttpError(name, response.status, response.headers, text);
  }
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : parse(name, text) };
}

async function exchange(request: HttpRequest, signal: AbortSignal): Promise<{ response: Response; text: string }> {
  const headers = new Headers(request.headers);
  const init: RequestInit = { method: request.method, headers, signal, redirect: 'manual' };
  if (request.body !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(request.body);
  }
  const response = await fetch(request.url, init);
  return { response, text: await response.text() };
}

async function connected<T>(name: string, signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (signal?.aborted) {
      throw signal.reason;
    }
    throw new ConnectionError(name, error instanceof DeadlineExceeded ? 'TIMEOUT' : codeOf(error), error);
  }
}

/** The system's code lies below fetch's own error, or below that of several addresses tried. */
function codeOf(error: unknown): string {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if ('code' in inner && typeof inner.code === 'string') {
      return inner.code;
    }
  }
  return 'FAILED';
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ConnectionError(`${name} (${excerpt(text)})`, 'NOT_JSON', undefined);
  }
}

function parseOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

function nameOf({ method, url }: HttpRequest): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}

function excerpt(body: string): string {
  const line = body.replaceAll(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
