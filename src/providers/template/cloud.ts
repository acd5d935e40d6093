import type { Clock } from '#core/clock.ts';
import { ConnectionError, HttpError, requestJson } from '#lib/http-client.ts';
import { isJsonObject } from '#lib/json.ts';
import { CallError, callCodes } from '#providers/call-error.ts';
import type { TemplateSettings } from './settings.ts';

/** As much of one of the cloud's machines as is read. */
export interface CloudMachine {
  id: string;
  zone: string;
  /** The cloud's word for its state. */
  state: string;
  /** The id that the call gave that started it. */
  orderId: string | null;
  startedAt: Date;
}

/** One page of a list. */
export interface CloudPage {
  machines: readonly CloudMachine[];
  /** Null on the last page. */
  next: string | null;
}

/** What to start. */
export interface CloudOrder {
  orderId: string;
  count: number;
  zone: string;
  image: string;
  owner: string;
  userData: string;
}

/** A call that did not succeed. */
export class CloudError extends CallError {
  override readonly name = 'CloudError';
}

/**
 * The thin file in front of the cloud: each call is one request, our types in and out, one kind of error. Where there is an
 * official SDK, it is used here and nowhere else, is imported inside of `openCloud` only, and repeats nothing by itself.
 * Nothing here waits, limits or tries again: that is the call gate's (`fleet.ts`).
 */
export interface Cloud {
  start(order: CloudOrder, signal: AbortSignal): Promise<readonly CloudMachine[]>;
  list(query: { owner: string; page?: string } | { orderId: string }, signal: AbortSignal): Promise<CloudPage>;
  get(ids: readonly string[], signal: AbortSignal): Promise<readonly CloudMachine[]>;
  end(ids: readonly string[], signal: AbortSignal): Promise<void>;
}

/** The call gate has a time limit of its own; this one only catches a gate that is used without. */
const timeoutMs = 60_000;

export function openCloud(settings: Pick<TemplateSettings, 'endpoint' | 'apiToken'>, clock: Clock): Cloud {
  const call = async (
    method: 'GET' | 'POST' | 'DELETE',
    query: Readonly<Record<string, string>>,
    body: unknown,
    signal: AbortSignal,
  ): Promise<unknown> => {
    const url = new URL('/v1/machines', settings.endpoint);
    url.search = new URLSearchParams(query).toString();
    const headers = { authorization: `Bearer ${settings.apiToken}` };
    const content = body === undefined ? {} : { body };
    try {
      return (await requestJson({ method, url, headers, ...content, clock, timeoutMs, signal })).body;
    } catch (error) {
      signal.throwIfAborted();
      throw translated(error);
    }
  };
  return {
    start: async (order, signal) => pageOf(await call('POST', {}, order, signal)).machines,
    list: async (query, signal) => pageOf(await call('GET', query, undefined, signal)),
    get: async (ids, signal) => pageOf(await call('GET', { ids: ids.join(',') }, undefined, signal)).machines,
    end: async (ids, signal) => void (await call('DELETE', { ids: ids.join(',') }, undefined, signal)),
  };
}

function translated(error: unknown): unknown {
  if (error instanceof ConnectionError) {
    return new CloudError(error.code, error.message, { cause: error });
  }
  if (error instanceof HttpError) {
    const { code, message } = isJsonObject(error.body) ? error.body : {};
    const seconds = Number(error.headers.get('retry-after'));
    return new CloudError(
      typeof code === 'string' ? code : 'Unknown',
      typeof message === 'string' ? message : error.message,
      {
        status: error.status,
        cause: error,
        ...(seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
      },
    );
  }
  return error;
}

/** Answers are checked: one that lacks its list must not pass for an empty one. */
function pageOf(answer: unknown): CloudPage {
  const { machines, next } = isJsonObject(answer) ? answer : {};
  if (!Array.isArray(machines)) {
    throw new CloudError(callCodes.brokenAnswer, 'the answer has no list of machines');
  }
  return { machines: machines.map(machineOf), next: typeof next === 'string' ? next : null };
}

function machineOf(answer: unknown): CloudMachine {
  const { id, zone, state, orderId, startedAt } = isJsonObject(answer) ? answer : {};
  if (
    typeof id !== 'string' ||
    typeof zone !== 'string' ||
    typeof state !== 'string' ||
    typeof startedAt !== 'string'
  ) {
    throw new CloudError(callCodes.brokenAnswer, 'the answer has a machine without id, zone, state or start');
  }
  return { id, zone, state, orderId: typeof orderId === 'string' ? orderId : null, startedAt: new Date(startedAt) };
}
