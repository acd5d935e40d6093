import type { WorkerKey } from '#core/worker.ts';
import { createTemporaryCredentials } from './certificate.ts';
import type { Issuer, TemporaryCredentials } from './certificate.ts';

/** How long before their issue credentials start: a worker's clock may be behind. */
const backdatingMs = 15 * 60_000;

/** The client that a worker is (spec/api.md 4); the provider is the worker's own, not its pool's. */
function workerClientId(worker: WorkerKey & { readonly providerId: string }): string {
  const { providerId, workerPoolId, workerGroup, workerId } = worker;
  return `worker/${providerId}/${workerPoolId}/${workerGroup}/${workerId}`;
}

/** What a worker may do (spec/api.md 4): exactly these ten, in this order. */
export function workerScopes({ workerPoolId, workerGroup, workerId }: WorkerKey): readonly string[] {
  const worker = `${workerGroup}/${workerId}`;
  return [
    `assume:worker-type:${workerPoolId}`,
    `assume:worker-pool:${workerPoolId}`,
    `assume:worker-id:${worker}`,
    `queue:worker-id:${worker}`,
    `secrets:get:worker-type:${workerPoolId}`,
    `secrets:get:worker-pool:${workerPoolId}`,
    `queue:claim-work:${workerPoolId}`,
    `worker-manager:remove-worker:${workerPoolId}/${worker}`,
    `worker-manager:reregister-worker:${workerPoolId}/${worker}`,
    `worker-manager:should-worker-terminate:${workerPoolId}/${worker}`,
  ];
}

/**
 * The credentials of a registered worker (spec/api.md 4).
 * @param issuer this service's own permanent client
 * @param worker the worker as stored, never as a request says
 */
export function workerCredentials(
  issuer: Issuer,
  worker: WorkerKey & { readonly providerId: string },
  now: Date,
  expires: Date,
): TemporaryCredentials {
  return createTemporaryCredentials(issuer, {
    name: workerClientId(worker),
    scopes: workerScopes(worker),
    start: new Date(now.getTime() - backdatingMs),
    expiry: expires,
  });
}
