import { randomUUID } from 'node:crypto';
import type { JsonValue } from '#lib/json.ts';
import { draw } from '#simulators/range.ts';
import type { Call, Route } from './call.ts';
import type { Cloud } from './cloud.ts';
import { errorOf, type CallFault, type CallPlace } from './faults.ts';
import { masked, parseFields } from './fields.ts';
import type { Tokens } from './oauth.ts';
import { Refusal, refusalJson } from './refusal.ts';
import { regionOf } from './region.ts';
import { refuseUnknownParameters, routeOf, type Parts } from './routes.ts';

/** A call as it comes in. */
export interface ApiRequest {
  method: string;
  /** Path and query. */
  url: string;
  authorization: string | undefined;
  body: string;
}

/** What a call gets: an HTTP answer after some time, or a broken connection, or nothing at all. */
export type Outcome =
  | { kind: 'answer'; status: number; body: string; afterMs: number; headers?: Readonly<Record<string, string>> }
  /** To be answered when it was held that long. */
  | { kind: 'held'; forMs: number; resume: () => Outcome }
  | { kind: 'reset' | 'hang' };

/** What the logbook will say of a call; filled as the call goes on. */
export interface Trace extends CallPlace {
  instanceIds: string[];
}

/** Thrown where a fault keeps a call from being answered. */
class Silence extends Error {
  readonly kind: 'reset' | 'hang';

  constructor(kind: 'reset' | 'hang') {
    super(kind);
    this.kind = kind;
  }
}

/**
 * Answers one call to the API. It has its effect now, all at once; what the caller gets comes later, so that a caller
 * who dies meanwhile leaves behind what was done.
 */
export function answerCall(request: ApiRequest, cloud: Cloud, tokens: Tokens): Outcome {
  const trace: Trace = { action: 'unknown', region: 'global', zone: undefined, instanceIds: [] };
  return answered(trace, cloud, () => {
    const { pathname, searchParams: query } = new URL(request.url, 'http://simulator');
    const { route, parts } = routeOf(request.method, pathname);
    const { zone, project = '' } = parts;
    Object.assign(trace, { action: route.action, zone, region: zone === undefined ? 'global' : regionOf(zone) });
    const user = tokens.callerOf(request.authorization);
    refuseUnknownParameters(query, route);
    const delayMs = suffer(cloud.faults.strikeCall(trace, 'before'));
    cloud.checkProject(project);
    cloud.sweep();
    cloud.limit(route.limit, trace.region);
    const callNow = (): Call => callOf(request, route, parts, { cloud, user, query, trace });
    const call = callNow();
    const forMs = route.holdMs?.(call) ?? 0;
    return forMs === 0
      ? finished(route, call, trace, delayMs)
      : { kind: 'held', forMs, resume: () => answered(trace, cloud, () => finished(route, callNow(), trace, delayMs)) };
  });
}

/**
 * What comes of a part of a call, refusals and silence too; written down, unless it is only held.
 *
 * @param bodyOf the body of an error answer.
 */
export function answered(trace: Trace, cloud: Cloud, run: () => Outcome, bodyOf = refusalJson): Outcome {
  const log = (outcome: string): void => {
    const { action, region, instanceIds } = trace;
    cloud.logbook.add({ at: cloud.clock.now(), action, region, outcome, requestId: randomUUID(), instanceIds });
  };
  try {
    const outcome = run();
    if (outcome.kind === 'answer') {
      log('ok');
    }
    return outcome;
  } catch (error) {
    if (error instanceof Silence) {
      log(error.kind);
      return { kind: error.kind };
    }
    if (error instanceof Refusal) {
      log(error.reason);
      return { kind: 'answer', status: error.status, body: bodyOf(error), afterMs: latencyOf(cloud) };
    }
    throw error;
  }
}

/** Runs the route, now. @throws Refusal, Silence */
function finished(route: Route, call: Call, trace: Trace, delayMs: number): Outcome {
  const { cloud } = call;
  const answer = route.run(call);
  const lateMs = suffer(cloud.faults.strikeCall(trace, 'after'));
  const body = JSON.stringify(masked(answer, call.mask ?? null));
  return { kind: 'answer', status: 200, body, afterMs: latencyOf(cloud) + delayMs + lateMs };
}

export function latencyOf({ faults, random }: Cloud): number {
  return draw(faults.dials.latencyMs, random);
}

/** Lets a fault have its way. @returns how late the answer will be. @throws Refusal or Silence where it will be another one, or none. */
export function suffer(fault: CallFault | undefined): number {
  if (fault?.kind === 'error') {
    const { reason, message, status } = errorOf(fault);
    throw new Refusal(status, reason, message);
  }
  if (fault?.kind === 'reset' || fault?.kind === 'hang') {
    throw new Silence(fault.kind);
  }
  return fault?.delayMs ?? 0;
}

function callOf(
  { body }: ApiRequest,
  { answer = 'any' }: Route,
  parts: Parts,
  { cloud, user, query, trace }: { cloud: Cloud; user: string; query: URLSearchParams; trace: Trace },
): Call {
  const fields = query.get('fields');
  return {
    cloud,
    get zone() {
      return cloud.zone(parts['zone'] ?? '');
    },
    param: (name) => parts[name] ?? '',
    query,
    body: body === '' ? undefined : parseBody(body),
    nowMs: cloud.nowMs,
    user,
    mask: fields === null || fields === '' ? undefined : parseFields(fields, answer),
    note: (ids) => void trace.instanceIds.push(...ids),
  };
}

function parseBody(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new Refusal(400, 'parseError', 'Parse Error');
  }
}
