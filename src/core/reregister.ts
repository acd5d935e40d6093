import type { RefusalFace, RegistrationRefusal } from './register.ts';
import type { RegistrationSecrets } from './worker-store.ts';
import type { Worker } from './worker.ts';

/**
 * How long a replaced registration secret stays valid unless the new one is used: as long as a client repeats a call whose answer was lost (P-35,
 * spec/provisioning.md 11.1).
 */
export const previousSecretGraceMs = 15 * 60_000;

/** The one face of every refused secret (spec/api.md 1.21). */
export const secretRefusal: RefusalFace = {
  code: 'invalid-input',
  message: 'Could not generate credentials for this secret',
};

export type ReregistrationWhy = 'no-worker' | 'no-secret' | 'wrong-secret' | 'wrong-state' | 'expired';

export type ReregistrationVerdict =
  | { kind: 'may' }
  | { kind: 'refused'; refusal: RegistrationRefusal<ReregistrationWhy> };

/**
 * Whether a worker may renew its credentials (spec/api.md 1.21, in the order of its checks).
 * @param presented which of the stored secrets the presented one is, compared in constant time by the caller.
 */
export function mayReregister(
  worker: Worker | null,
  secrets: RegistrationSecrets,
  presented: 'current' | 'previous' | 'neither',
  now: Date,
): ReregistrationVerdict {
  const no = (why: ReregistrationWhy, detail: string, face: RefusalFace): ReregistrationVerdict => ({
    kind: 'refused',
    refusal: { why, detail, face },
  });
  if (worker === null) return no('no-worker', 'worker does not exist', secretRefusal);
  if (secrets.current === null) return no('no-secret', 'worker has not registered', secretRefusal);
  const { previousValidUntil } = secrets;
  const isInGrace = presented === 'previous' && previousValidUntil !== null && now < previousValidUntil;
  if (presented !== 'current' && !isInGrace) return no('wrong-secret', `${presented} secret`, secretRefusal);
  if (worker.state !== 'running') {
    return no('wrong-state', `is ${worker.state}`, { code: 'invalid-input', message: 'Worker is not running' });
  }
  if (worker.expires < now) {
    return no('expired', `expired at ${worker.expires.toISOString()}`, {
      code: 'invalid-input',
      message: 'Worker has expired',
    });
  }
  return { kind: 'may' };
}
