import type { Clock } from '#core/clock.ts';
import { CallGate } from '#providers/call-gate.ts';
import type { CallFailure } from '#providers/call-gate.ts';
import { launchCall } from '#providers/launch-call.ts';
import type { ProviderSurroundings } from '#providers/module.ts';
import type { Compute } from './compute.ts';
import { GoogleError, mayHaveHappened, readFailure } from './errors.ts';
import { callKinds } from './place.ts';
import type { CallKind } from './place.ts';
import type { GoogleSettings } from './settings.ts';

/** For one attempt. Google answers most calls within a second, a page of 500 in a few; the loops end a launch after a minute in all. */
const timeoutMs = 30_000;
/** A launch that has not been sent by then is better decided anew than left to the loops' time limit. */
const longestWaitMs: Readonly<Record<CallKind, number>> = { query: 30_000, get: 60_000, list: 60_000, opRead: 30_000 };

/**
 * The same calls, each kind at its own pace, repeated where that is worth it, and measured. Google counts calls per project, so that is what a
 * limit holds for (https://cloud.google.com/compute/docs/api-rate-limits).
 */
export function limitedCompute(
  compute: Compute,
  providerId: string,
  settings: Pick<GoogleSettings, 'limits' | 'throttleBackOffMs' | 'project'>,
  surroundings: Pick<ProviderSurroundings, 'clock' | 'random' | 'watch' | 'signal'>,
): Compute {
  const { project: scope, limits, throttleBackOffMs } = settings;
  const gateOf = (kind: CallKind): CallGate => {
    const times = { timeoutMs, longestWaitMs: longestWaitMs[kind] };
    const readInTime = (error: unknown): CallFailure => withWindow(readFailure(error), error, surroundings.clock);
    const gate = { providerId, scope, kind, limit: limits[kind], throttleBackOffMs, readFailure: readInTime };
    return new CallGate({ ...gate, ...times }, surroundings);
  };
  const gates = Object.fromEntries(callKinds.map((kind) => [kind, gateOf(kind)])) as Record<CallKind, CallGate>;
  return {
    serviceAccountEmail: (uniqueId, signal) =>
      gates.get.call('serviceAccounts.get', signal, (limited) => compute.serviceAccountEmail(uniqueId, limited)),

    insert: (zone, requestId, body, signal) =>
      launchCall(gates.query, 'instances.insert', signal, mayHaveHappened, (limited) =>
        compute.insert(zone, requestId, body, limited),
      ),

    bulkInsert: (zone, requestId, body, signal) =>
      launchCall(gates.query, 'instances.bulkInsert', signal, mayHaveHappened, (limited) =>
        compute.bulkInsert(zone, requestId, body, limited),
      ),

    deleteInstance: (zone, id, signal) =>
      gates.query.call('instances.delete', signal, (limited) => compute.deleteInstance(zone, id, limited)),

    instance: (zone, id, signal) =>
      gates.get.call('instances.get', signal, (limited) => compute.instance(zone, id, limited)),

    instances: (zone, query, signal) =>
      gates.list.call('instances.list', signal, (limited) => compute.instances(zone, query, limited)),

    allInstances: (query, signal) =>
      gates.list.call('instances.aggregatedList', signal, (limited) => compute.allInstances(query, limited)),

    operation: (zone, name, signal) =>
      gates.opRead.call('zoneOperations.get', signal, (limited) => compute.operation(zone, name, limited)),

    operations: (zone, query, signal) =>
      gates.opRead.call('zoneOperations.list', signal, (limited) => compute.operations(zone, query, limited)),
  };
}

/** Our clock may be before Google's. */
const windowMarginMs = 1000;

/**
 * A project that has used up its calls per minute gets new ones with the next full minute, and none before
 * (https://cloud.google.com/compute/api-quota): calls until then would be in vain. Other limits, as of bulkInserts under way at once, are
 * tried again sooner.
 */
function withWindow(failure: CallFailure, error: unknown, clock: Clock): CallFailure {
  const isWindow = failure.kind === 'throttled' && error instanceof GoogleError && /per minute/i.test(error.words);
  if (!isWindow || failure.retryAfterMs !== null) {
    return failure;
  }
  return { ...failure, retryAfterMs: 60_000 - (clock.now().getTime() % 60_000) + windowMarginMs };
}
