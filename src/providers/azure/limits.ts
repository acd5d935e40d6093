import { CallGate } from '#providers/call-gate.ts';
import { launchCall } from '#providers/launch-call.ts';
import type { ProviderSurroundings } from '#providers/module.ts';
import type { Arm, ArmAnswer, ArmRequest, CallKind } from './arm.ts';
import { mayHaveHappened, readFailure } from './errors.ts';
import { watchLimits } from './rate-limits.ts';
import type { AzureSettings } from './settings.ts';
import { SubscriptionBuckets } from './subscription-buckets.ts';

/** For one attempt. A page of a list can take Azure many seconds, while the loops end a launch after a minute in all. */
const timeoutMs: Readonly<Record<CallKind, number>> = {
  write: 30_000,
  delete: 30_000,
  get: 20_000,
  list: 60_000,
  opRead: 20_000,
};
/**
 * A launch that has not been sent by then is better decided anew than left to the loops' time limit. What goes on in the background has time for the
 * longest pause.
 */
const longestWaitMs: Readonly<Record<CallKind, number>> = {
  write: 40_000,
  delete: 150_000,
  get: 60_000,
  list: 60_000,
  opRead: 150_000,
};

/**
 * The same calls, paced, repeated where that is worth it, and measured. A call passes the subscription's bucket of its kind, which all share, and
 * then a gate of its resource provider and kind: what compute refuses stops no call to the network, and the reverse. One that makes something rejects
 * with `LaunchUncertain` when any of its attempts may have had its effect.
 */
export function limitedArm(
  arm: Arm,
  providerId: string,
  settings: Pick<AzureSettings, 'limits' | 'throttleBackOffMs' | 'subscriptionId'>,
  surroundings: Pick<ProviderSurroundings, 'clock' | 'random' | 'watch' | 'signal' | 'log' | 'metrics'>,
): Arm {
  const { limits, throttleBackOffMs, subscriptionId } = settings;
  const watched = watchLimits(arm, providerId, surroundings);
  const buckets = new SubscriptionBuckets(surroundings.clock, limits);
  const gates = new Map<string, CallGate>();
  const gateOf = ({ kind, url }: ArmRequest): CallGate => {
    const gateKind = `${familyOf(url)}/${kind}`;
    const times = { timeoutMs: timeoutMs[kind], longestWaitMs: longestWaitMs[kind] };
    const options = {
      providerId,
      scope: subscriptionId,
      kind: gateKind,
      limit: limits[kind],
      throttleBackOffMs,
      ...times,
    };
    const gate = gates.get(gateKind) ?? new CallGate({ ...options, readFailure }, surroundings);
    gates.set(gateKind, gate);
    return gate;
  };
  return {
    async send(request, signal) {
      signal.throwIfAborted();
      const { kind, operation, method } = request;
      await buckets.turn(kind, longestWaitMs[kind], signal);
      const attempt = async (limited: AbortSignal): Promise<ArmAnswer> => {
        try {
          return await watched.send(request, limited);
        } catch (error) {
          buckets.noteFailure(kind, error, throttleBackOffMs);
          throw error;
        }
      };
      const gate = gateOf(request);
      return method === 'PUT'
        ? launchCall(gate, operation, signal, mayHaveHappened, attempt)
        : gate.call(operation, signal, attempt);
    },
  };
}

/** The resource provider that a call goes to. */
function familyOf(url: string): string {
  return /\/providers\/Microsoft\.(\w+)/i.exec(url)?.[1]?.toLowerCase() ?? 'resources';
}
