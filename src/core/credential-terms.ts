import type { JsonObject } from './json.ts';
import { defaultReregistrationTimeoutMs, lifecycleOf } from './pool.ts';
import { isDeclared } from './worker.ts';
import type { Worker } from './worker.ts';

/** The longest lifetime of worker credentials (spec/api.md 4). */
const longestLifetimeMs = 30 * 24 * 60 * 60_000;

/** Until when a worker's credentials are valid and, unless it was declared, when it must end unless renewed. */
export interface CredentialTerms {
  expires: Date;
  terminateAfter: Date | null;
}

/**
 * The terms of a registration or renewal now: for declared workers the pool's time-out (W9), for others the one they were started with.
 * @param poolConfig null when the pool is gone.
 */
export function credentialTerms(
  worker: Pick<Worker, 'terminateAfter' | 'reregistrationTimeoutMs'>,
  poolConfig: JsonObject | null,
  now: Date,
): CredentialTerms {
  const wishedMs = isDeclared(worker)
    ? lifecycleOf(poolConfig ?? {}).reregistrationTimeoutMs
    : worker.reregistrationTimeoutMs;
  // Stored definitions may hold a time-out that is negative or too long for credentials (W23).
  const lifetimeMs =
    wishedMs !== null && wishedMs > 0 ? Math.min(wishedMs, longestLifetimeMs) : defaultReregistrationTimeoutMs;
  const expires = new Date(now.getTime() + lifetimeMs);
  return { expires, terminateAfter: isDeclared(worker) ? null : expires };
}
