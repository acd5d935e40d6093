import type { Caller } from './authentication.ts';
import type { Desk } from './desk.ts';
import type { NeededScopes } from './scopes.ts';

/** A call that has been matched to a route. */
export interface Call {
  /** A decoded parameter of the route. */
  param(name: string): string;
  query: URLSearchParams;
  /** The parsed JSON body; undefined without one. */
  body: unknown;
  desk: Desk;
}

/** One method of the API. */
export interface Route {
  /** As in the published reference. */
  name: string;
  verb: 'GET' | 'PUT' | 'POST';
  /** Parameters in angle brackets; `<taskQueueId>` also takes an unencoded slash. */
  path: string;
  /** Absent: public. */
  scopes?(call: Call): NeededScopes;
  answer(call: Call, caller: Caller): unknown;
}
