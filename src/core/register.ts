import type { ErrorCode } from './error.ts';
import type { Pool } from './pool.ts';
import type { Provider } from './provider.ts';
import { isDeclared } from './worker.ts';
import type { Worker } from './worker.ts';

/** What a refused caller sees. */
export interface RefusalFace {
  code: ErrorCode;
  message: string;
}

/** A no to a worker: `why` and `detail` for logs and counters, `face` for the caller. */
export interface RegistrationRefusal<Why extends string = string> {
  why: Why;
  detail: string;
  face: RefusalFace;
}

export type RegistrationWhy =
  | 'no-pool'
  | 'no-provider'
  | 'provider-unavailable'
  | 'other-pool'
  | 'no-worker'
  | 'not-yet-known'
  | 'expired'
  | 'other-provider'
  | 'no-identity'
  | 'wrong-state';

export type RegistrationVerdict =
  | {
      kind: 'may';
      /** It runs already: only its secret is replaced. */
      isRepeat: boolean;
    }
  | { kind: 'refused'; refusal: RegistrationRefusal<RegistrationWhy> };

/** Everything a registration is judged by, apart from the proof. */
export interface RegistrationFacts {
  pool: Pick<Pool, 'providerId' | 'previousProviderIds'> | null;
  /** The provider named by the caller, when it is configured. */
  provider: Pick<Provider, 'providerId' | 'unavailable' | 'identity'> | undefined;
  worker: Worker | null;
  reregisteredAt: Date | null;
  /** Whether the machine may belong to an order whose outcome is not stored yet; looked up only when there is no worker (P-54). */
  hasOpenOrder: boolean;
}

/**
 * How long after its first registration a worker may register again with a valid proof: a client whose answer was lost repeats the call for up to
 * 15 minutes with growing pauses, nearly all of it in the first five (P-34). After that a proof that was copied is worth nothing.
 */
export const repeatWindowMs = 5 * 60_000;

/**
 * The one face of every refusal that has to do with who the caller is: a bad proof, an expired worker, a second registration look alike, so
 * that a stranger learns nothing (design.md 5.13, P-57). The API shows it for a rejected proof too.
 */
export const proofRefusal: RefusalFace = { code: 'invalid-input', message: 'Worker identity could not be verified' };

/** What is said while nothing can be said about proofs: a client tries again by itself. */
export const uncheckableProof: RefusalFace = {
  code: 'unavailable',
  message: 'Worker identity cannot be verified at the moment',
};

/**
 * Whether a worker may register, should its proof be valid (spec/api.md 1.20, in the order of its checks; but what became of the worker comes last).
 */
export function mayRegister(facts: RegistrationFacts, now: Date): RegistrationVerdict {
  const { pool, provider, worker } = facts;
  if (pool === null) return notFound('no-pool', 'Worker pool does not exist');
  if (provider === undefined) return notFound('no-provider', 'Provider does not exist');
  const { providerId, unavailable } = provider;
  if (unavailable !== null)
    return later('provider-unavailable', unavailable, `Provider ${providerId} is not available now`);
  if (pool.providerId !== providerId && !pool.previousProviderIds.includes(providerId)) {
    const message = `Worker pool is not associated with provider ${providerId}`;
    return refused('other-pool', message, { code: 'invalid-input', message });
  }
  if (worker === null) {
    return facts.hasOpenOrder
      ? later('not-yet-known', 'an order of its pool is open', 'Worker is not known yet')
      : notFound('no-worker', 'Worker does not exist');
  }
  return judge(worker, facts, now);
}

function judge(worker: Worker, facts: RegistrationFacts, now: Date): RegistrationVerdict {
  if (worker.providerId !== facts.provider?.providerId) {
    return unproven('other-provider', `belongs to provider ${worker.providerId}`);
  }
  if (facts.provider.identity === null) return unproven('no-identity', 'its provider has no registration');
  // From here on it is about the worker's state, of which only those are told who can prove that they are the worker.
  if (worker.expires < now) return unproven('expired', `expired at ${worker.expires.toISOString()}`);
  if (worker.state === 'requested') return { kind: 'may', isRepeat: false };
  if (worker.state === 'running' && (isDeclared(worker) || isRepeat(worker, facts, now))) {
    return { kind: 'may', isRepeat: true };
  }
  return unproven('wrong-state', `is ${worker.state}`);
}

function isRepeat({ registeredAt }: Worker, { reregisteredAt }: RegistrationFacts, now: Date): boolean {
  return registeredAt !== null && reregisteredAt === null && now.getTime() - registeredAt.getTime() <= repeatWindowMs;
}

function refused(why: RegistrationWhy, detail: string, face: RefusalFace): RegistrationVerdict {
  return { kind: 'refused', refusal: { why, detail, face } };
}

function notFound(why: RegistrationWhy, message: string): RegistrationVerdict {
  return refused(why, message, { code: 'not-found', message });
}

/** A refusal after which a client tries again by itself (5xx). */
function later(why: RegistrationWhy, detail: string, message: string): RegistrationVerdict {
  return refused(why, detail, { code: 'unavailable', message });
}

function unproven(why: RegistrationWhy, detail: string): RegistrationVerdict {
  return refused(why, detail, proofRefusal);
}
