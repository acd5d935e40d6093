import type { JsonObject } from './json.ts';

/**
 * An intention to start machines, stored before the cloud is called. Its id is the cloud's idempotency token (EC2 ClientToken, GCE
 * requestId, root of Azure names), so what became of it can always be found out.
 */
export interface LaunchOrder {
  /** A UUID. */
  orderId: string;
  workerPoolId: string;
  providerId: string;
  launchConfigId: string;
  /** Where its workers will be observed (`Worker.scope`). */
  scope: string;
  /** The worker group its workers will have, when the launch config says so beforehand. */
  workerGroup: string;
  /** Machines asked for. */
  count: number;
  capacityPerInstance: number;
  placedAt: Date;
}

/** A launch order with everything a provider needs to send it: read fresh from pool and launch config at the moment of the call. */
export interface LaunchRequest {
  order: LaunchOrder;
  /** The launch config's content. */
  configuration: JsonObject;
  pool: { owner: string; description: string };
}

/** Why a cloud said no; each class has its own scope and pace of trying again (spec/design 5.8). */
export const refusalClasses = [
  /** No machines of this kind there now. */
  'capacity',
  /** An account limit is reached. */
  'quota',
  /** Too many calls. */
  'throttle',
  /** Not allowed or not known who we are. */
  'auth',
  /** The launch config itself cannot work; asking again changes nothing until it changes. */
  'configuration',
  /** The cloud or the way to it is broken for the moment. */
  'transient',
] as const;
export type RefusalClass = (typeof refusalClasses)[number];

/** A cloud's no, translated once at the edge. */
export interface Refusal {
  class: RefusalClass;
  /** The cloud's own code, e.g. `InsufficientInstanceCapacity`. */
  code: string;
  /** The cloud's own words, without secrets. */
  message: string;
  /** What else is refused as long as this is: one of the back-off scopes the provider names for launch configs. */
  scope: string;
  /** The cloud's own wish when to come again; null when it said nothing. */
  retryAfterMs: number | null;
  /** The cloud's id of the call, for a support case. */
  requestId: string | null;
  /** Kind of the error that people see, where the spec has one of its own; else `creation-error`. */
  kind?: string;
  /** Its title, where the spec has one of its own; else `Instance Creation Error`. */
  title?: string;
}

/** A machine that exists because of an order. */
export interface LaunchedWorker {
  workerGroup: string;
  workerId: string;
  providerData: JsonObject;
}

/**
 * What became of an order.
 * `settled`: known for sure; `launched` may be fewer than asked for, then `refusal` says why.
 * `unknown`: a call broke off; beside the machines in `launched`, which are known, others may exist. `Fleet.recover` finds out later.
 */
export type LaunchOutcome =
  | { kind: 'settled'; launched: readonly LaunchedWorker[]; refusal: Refusal | null }
  | { kind: 'unknown'; launched: readonly LaunchedWorker[]; refusal: Refusal };

/** What of an outcome is stored; an order of which not all is known stays open. */
export type StoredOutcome =
  | Extract<LaunchOutcome, { kind: 'settled' }>
  | Pick<Extract<LaunchOutcome, { kind: 'unknown' }>, 'kind' | 'launched'>;
