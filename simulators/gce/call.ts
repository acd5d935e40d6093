import type { JsonValue } from '#lib/json.ts';
import type { Cloud } from './cloud.ts';
import type { Mask } from './fields.ts';
import type { LimitName } from './rate-limit.ts';
import type { Shape } from './shape.ts';
import type { Zone } from './zone.ts';

/** One call to the API, as its route sees it. */
export interface Call {
  cloud: Cloud;
  /** The zone in the path. @throws Refusal when it is looked at, where there is no such zone. */
  readonly zone: Zone;
  /** Another part of the path, e.g. `instance`. */
  param: (name: string) => string;
  query: URLSearchParams;
  body: JsonValue | undefined;
  nowMs: number;
  /** E-mail of the caller. */
  user: string;
  /** What of the answer the caller wants; undefined for all. */
  mask: Mask | undefined;
  /** Notes for the logbook which instances the call is about. */
  note: (instanceIds: readonly string[]) => void;
}

/** A method of the API: has its effect and returns the JSON value of its answer. */
export interface Route {
  /** As in the discovery document, e.g. `instances.insert`. */
  action: string;
  method: 'GET' | 'POST' | 'DELETE';
  /** Below `/compute/v1/projects/{project}/`; a group `zone` names a zone. */
  path: RegExp;
  limit: LimitName;
  /** Its own query parameters. */
  parameters: readonly string[];
  /** What `fields` may select of the answer; where it is not given, anything. */
  answer?: Shape;
  /** How long the call is held before it is answered; milliseconds. */
  holdMs?(call: Call): number;
  /** @throws Refusal */
  run(call: Call): unknown;
}
