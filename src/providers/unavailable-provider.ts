import { ServiceError } from '#core/error.ts';
import type { LaunchOutcome, Refusal } from '#core/launch.ts';
import type { Fleet, Provider } from '#core/provider.ts';
import type { ProviderParts } from './module.ts';

/** The back-off scope that stands for everything a provider does. */
export const accountScope = 'account';

/**
 * The provider that stands in while set-up fails: of the same interface, with the parts that the real one will have, each of
 * which refuses with the reason. Questions about the cloud get no answer (they reject), never a wrong one.
 */
export function unavailableProvider(
  providerId: string,
  providerType: string,
  reason: string,
  parts: readonly (keyof ProviderParts)[],
): Provider {
  const refuse = (): never => {
    throw new ServiceError('unavailable', `provider ${providerId} is not set up: ${reason}`);
  };
  return {
    providerId,
    providerType,
    unavailable: reason,
    fleet: parts.includes('fleet') ? unavailableFleet(reason, refuse) : null,
    identity: parts.includes('identity') ? { identify: async () => refuse() } : null,
    enrolment: parts.includes('enrolment') ? { enrol: refuse, matches: refuse } : null,
  };
}

function unavailableFleet(reason: string, refuse: () => never): Fleet {
  const refusal: Refusal = {
    class: 'transient',
    code: 'ProviderSetupFailed',
    message: reason,
    scope: accountScope,
    retryAfterMs: null,
    requestId: null,
  };
  // Machines of an earlier attempt at the same order may exist: only the cloud can tell, and it was not asked.
  const unknown: LaunchOutcome = { kind: 'unknown', launched: [], refusal };
  return {
    maxPerOrder: 1,
    confirmsLater: false,
    scopes: () => [],
    place: refuse,
    launch: async () => unknown,
    recover: async () => unknown,
    observe: () => ({ [Symbol.asyncIterator]: () => ({ next: async () => refuse() }) }),
    inspect: async () => refuse(),
    terminate: async (_scope, workers) => workers.map((worker) => ({ worker, accepted: false, refusal })),
  };
}
