import type { Cloud } from './cloud.ts';
import type { Operation } from './operation.ts';
import { keyOf } from './resource-id.ts';

/** One call to the API, as its handler sees it. */
export interface Call {
  cloud: Cloud;
  action: string;
  /** The resource group in its path, or the empty text. */
  group: string;
  /** The names in its path, behind subscription and group. */
  names: readonly string[];
  /** `http://host:port`, as the caller wrote it. */
  origin: string;
  /** Path as it was written. */
  path: string;
  query: URLSearchParams;
  /** The JSON that was sent, or undefined. */
  body: unknown;
  nowMs: number;
  /** Notes for the logbook which resources the call is about. */
  note: (names: readonly string[]) => void;
}

export interface Answer {
  status: number;
  /** Sent as JSON; nothing where it is undefined. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}

/** Has its effect and answers. @throws Refusal */
export type Handler = (call: Call) => Answer;

/** An order to make something: from a request, or from a deployment. */
export interface Order {
  cloud: Cloud;
  /** The call that it is, for faults. */
  action: string;
  group: string;
  name: string;
  body: unknown;
}

/** What came of an order. */
export interface Made<T> {
  resource: T;
  /** Null where there was nothing to do. */
  operation: Operation | null;
  isNew: boolean;
}

export function orderOf(call: Call): Order {
  const { cloud, action, group, body } = call;
  return { cloud, action, group, name: nameIn(call), body };
}

/** The last name in the path. */
export function nameIn({ names }: Call): string {
  return names.at(-1) ?? '';
}

/** The key of the resource that the call names. */
export function keyIn(call: Call, type: string): string {
  const { cloud, group } = call;
  return keyOf(`/subscriptions/${cloud.subscriptionId}/resourceGroups/${group}/providers/${type}/${nameIn(call)}`);
}
