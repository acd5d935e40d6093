import { randomBytes } from 'node:crypto';
import { workerCredentials } from '#access/worker-credentials.ts';
import { readDateTime } from '#contract/formats.ts';
import type { RegisteredAgain, WorkerRegistration, WorkerReregistration } from '#contract/shapes.ts';
import { ProofRejected, ProofUncheckable, ServiceError } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import type { Pool } from '#core/pool.ts';
import type { Identity } from '#core/provider.ts';
import { mayRegister, proofRefusal, uncheckableProof } from '#core/register.ts';
import type { RegistrationRefusal } from '#core/register.ts';
import { mayReregister } from '#core/reregister.ts';
import type { RegistrationSecrets, SealedSecret } from '#core/worker-store.ts';
import { isDeclared } from '#core/worker.ts';
import type { Worker, WorkerKey } from '#core/worker.ts';
import { isJsonObject } from '#lib/json.ts';
import type { SecretVault } from '#lib/secret-vault.ts';
import { slugid } from '#lib/slugid.ts';
import type { ApiParts } from './parts.ts';

/** What of its pool a registration depends on. */
type RegistrationPool = Pick<Pool, 'providerId' | 'previousProviderIds' | 'config'>;

/** A worker that may have credentials, and what they depend on. */
export interface AcceptedWorker {
  worker: Worker;
  pool: RegistrationPool;
  /** It is running already. */
  isRepeat: boolean;
  /** What it is told about how to work. */
  workerConfig: JsonObject;
}

/**
 * Decides whether whoever calls is the worker it says it is (spec/api.md 1.20). Why not is for the log and a counter; the caller learns from a refusal
 * only what its status says.
 * @throws {ServiceError} with the face of the refusal.
 */
export async function acceptWorker(
  parts: ApiParts,
  body: WorkerRegistration,
  signal: AbortSignal,
): Promise<AcceptedWorker> {
  const { workerConfig, ...facts } = await factsOf(parts, body);
  const verdict = mayRegister(facts, parts.clock.now());
  const refusal = verdict.kind === 'refused' ? verdict.refusal : null;
  if (refusal !== null && !isAboutState(refusal)) throw refused(parts, body, refusal);
  const { pool, worker, identity } = provable(facts);
  // The proof comes first: who cannot give one learns nothing of the worker's state, not even by how long the answer takes (P-57).
  await prove(parts, identity, worker, body, signal);
  if (verdict.kind === 'refused') throw refused(parts, body, verdict.refusal);
  const own = isDeclared(worker) ? pool.config['workerConfig'] : workerConfig;
  return { worker, pool, isRepeat: verdict.isRepeat, workerConfig: isJsonObject(own) ? own : {} };
}

/** What a proof is checked with: there, once the verdict speaks of nothing but the worker's state. */
function provable({ pool, worker, provider }: Omit<Awaited<ReturnType<typeof factsOf>>, 'workerConfig'>) {
  const identity = provider?.identity ?? null;
  if (pool === null || worker === null || identity === null) {
    throw new Error('a worker may register without pool, row or identity check');
  }
  return { pool, worker, identity };
}

/** Whether a refusal tells what became of a worker, which is only for the worker itself. */
function isAboutState({ why }: RegistrationRefusal): boolean {
  return why === 'wrong-state' || why === 'expired';
}

/** Everything that the decision is made of. */
async function factsOf({ store, providers }: ApiParts, body: WorkerRegistration) {
  const { workerPoolId, providerId, workerGroup } = body;
  const provider = providers.get(providerId);
  const known = await store.registrationView(keyOf(body));
  if (known !== null) return { ...known, provider, hasOpenOrder: false };
  const pool = await store.poolHead(workerPoolId);
  const hasOpenOrder = pool !== null && (await store.hasOpenOrder(workerPoolId, providerId, workerGroup));
  // An order that is not open may have been settled just now, after the first look at the worker.
  const settled = hasOpenOrder ? null : await store.registrationView(keyOf(body));
  return { ...nobody, pool, ...settled, provider, hasOpenOrder };
}

const nobody = {
  worker: null,
  pool: null,
  secrets: { current: null, previous: null, previousValidUntil: null },
  reregisteredAt: null,
  workerConfig: null,
};

async function prove(
  parts: ApiParts,
  identity: Identity,
  worker: Worker,
  body: WorkerRegistration,
  signal: AbortSignal,
): Promise<void> {
  try {
    await identity.identify({ ...body.workerIdentityProof }, worker, parts.clock.now(), signal);
  } catch (error) {
    if (error instanceof ProofRejected)
      throw refused(parts, body, { why: 'proof', detail: error.message, face: proofRefusal });
    if (error instanceof ProofUncheckable)
      throw refused(parts, body, { why: 'proof-uncheckable', detail: error.message, face: uncheckableProof });
    throw error;
  }
}

/**
 * Decides whether a worker may renew its credentials with the secret it presents (spec/api.md 1.21).
 * @throws {ServiceError} with the face of the refusal.
 */
export async function acceptRenewal(
  parts: ApiParts,
  body: WorkerReregistration,
  now: Date,
): Promise<{ worker: Worker; pool: RegistrationPool | null; presented: SealedSecret }> {
  const { worker, pool, secrets } = (await parts.store.registrationView(keyOf(body))) ?? nobody;
  const which = presentedSecret(parts.vault, secrets, body.secret);
  const verdict = mayReregister(worker, secrets, which, now);
  if (verdict.kind === 'refused') throw refused(parts, body, verdict.refusal);
  const presented = which === 'current' ? secrets.current : secrets.previous;
  if (worker === null || presented === null) throw new Error('a worker may register again without row or secret');
  return { worker, pool, presented };
}

/** Which of a worker's secrets this is. Both are compared, whatever the first comparison says. */
function presentedSecret(
  vault: SecretVault,
  { current, previous }: RegistrationSecrets,
  candidate: string,
): 'current' | 'previous' | 'neither' {
  const isCurrent = current !== null && vault.matches(current, candidate);
  const isPrevious = previous !== null && vault.matches(previous, candidate);
  if (isCurrent) return 'current';
  return isPrevious ? 'previous' : 'neither';
}

/** Notes a refusal. @returns what the caller sees of it. */
export function refused(
  { log, metrics }: ApiParts,
  { workerPoolId, workerGroup, workerId, ...body }: WorkerKey & { providerId?: string },
  { why, detail, face }: RegistrationRefusal,
): ServiceError {
  const { providerId = '' } = body;
  metrics.count('worker_manager_registrations_refused_total', { reason: why });
  const level = face.code === 'not-found' ? 'debug' : 'warning';
  const worker = { workerPoolId, providerId, workerGroup, workerId };
  log.write('registration-error-warning', level, { v: 1, message: why, error: detail, ...worker });
  return new ServiceError(face.code, face.message);
}

/** A fresh secret to register again with: two slugids (spec/api.md 0.1). */
export function registrationSecret(): string {
  const entropy = randomBytes(32);
  return `${slugid(entropy.subarray(0, 16))}${slugid(entropy.subarray(16))}`;
}

/** What a registered worker goes away with, made from the stored row (spec/api.md 4). */
export function grantOf(parts: ApiParts, worker: Worker, now: Date, expires: Date, secret: string): RegisteredAgain {
  const credentials = workerCredentials(parts.credentials, worker, now, expires);
  return { expires: expires.toISOString(), credentials, secret };
}

/** Notes how long machine and system took to start, when the worker knows and clocks agree (spec/api.md 9.3). */
export function measureStart(
  { metrics }: ApiParts,
  { workerPoolId, providerId, workerGroup, created }: Worker,
  systemBootTime: string | undefined,
  now: Date,
): void {
  const booted = systemBootTime === undefined ? undefined : readDateTime(systemBootTime);
  if (booted === undefined) return;
  const labels = { workerPoolId, providerId, workerGroup };
  const note = (name: string, from: Date, to: Date): void => {
    const seconds = (to.getTime() - from.getTime()) / 1000;
    if (seconds >= 0) metrics.observe(name, labels, seconds);
  };
  note('worker_manager_worker_provision_seconds', created, booted);
  note('worker_manager_worker_startup_seconds', booted, now);
}

export function keyOf({ workerPoolId, workerGroup, workerId }: WorkerKey): WorkerKey {
  return { workerPoolId, workerGroup, workerId };
}
