import type { RegisteredAgain, RegisteredWorker, WorkerRegistration, WorkerReregistration } from '#contract/shapes.ts';
import { credentialTerms } from '#core/credential-terms.ts';
import { proofRefusal } from '#core/register.ts';
import { previousSecretGraceMs, secretRefusal } from '#core/reregister.ts';
import { Admission } from '#api/admission.ts';
import type { Handlers } from '#api/call.ts';
import type { ApiParts } from '#api/parts.ts';
import {
  acceptRenewal,
  acceptWorker,
  grantOf,
  keyOf,
  measureStart,
  refused,
  registrationSecret,
} from '#api/registration.ts';

/** Gives workers their credentials, the first time and again (spec/api.md 1.20, 1.21). */
export function registrationHandlers(parts: ApiParts): Pick<Handlers, 'registerWorker' | 'reregisterWorker'> {
  const admission = new Admission(parts.settings.registrations);
  return {
    registerWorker: async ({ body, sourceIp, signal }) =>
      await admission.run(sourceIp, () => register(parts, body, signal)),

    async reregisterWorker({ body, authorize }) {
      const { workerPoolId, workerGroup, workerId } = body;
      await authorize({ workerPoolId, workerGroup, workerId });
      return await reregister(parts, body);
    },
  };
}

async function register(parts: ApiParts, body: WorkerRegistration, signal: AbortSignal): Promise<RegisteredWorker> {
  const registered =
    (await registerAsFound(parts, body, signal)) ??
    // Something has changed meanwhile. Most likely the worker called twice and the other call was faster: then this one is a repeat (W3).
    (await registerAsFound(parts, body, signal));
  if (registered !== null) return registered;
  const detail = 'its state changed while its proof was checked';
  throw refused(parts, body, { why: 'wrong-state', detail, face: proofRefusal });
}

/** @returns null when the worker is not any more as it was found before its proof was checked. */
async function registerAsFound(
  parts: ApiParts,
  body: WorkerRegistration,
  signal: AbortSignal,
): Promise<RegisteredWorker | null> {
  const { store, vault, clock } = parts;
  const { worker, pool, isRepeat, workerConfig } = await acceptWorker(parts, body, signal);
  const now = clock.now();
  const { expires, terminateAfter } = credentialTerms(worker, pool.config, now);
  const secret = registrationSecret();
  const grant = { isRepeat, terminateAfter, secret: vault.seal(secret) };
  if ((await store.register(keyOf(worker), grant, now)) === null) return null;
  if (!isRepeat) measureStart(parts, worker, body.systemBootTime, now);
  return { ...grantOf(parts, worker, now, expires, secret), workerConfig };
}

async function reregister(parts: ApiParts, body: WorkerReregistration): Promise<RegisteredAgain> {
  const { store, vault, clock } = parts;
  const now = clock.now();
  const { worker, pool, presented } = await acceptRenewal(parts, body, now);
  const { expires } = credentialTerms(worker, pool?.config ?? null, now);
  const secret = registrationSecret();
  const previousValidUntil = new Date(now.getTime() + previousSecretGraceMs);
  const grant = { terminateAfter: expires, secret: vault.seal(secret), previousValidUntil };
  if ((await store.reregister(keyOf(worker), presented, grant, now)) === null) {
    const detail = 'the secret was used by somebody else meanwhile';
    throw refused(parts, body, { why: 'wrong-secret', detail, face: secretRefusal });
  }
  return grantOf(parts, worker, now, expires, secret);
}
