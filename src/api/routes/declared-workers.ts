import { readDateTime } from '#contract/formats.ts';
import { ServiceError } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import type { Enrolment, Provider } from '#core/provider.ts';
import type { Handlers } from '#api/call.ts';
import { existingPool, existingWorker, nameOf, usableProvider } from '#api/lookup.ts';
import type { ApiParts } from '#api/parts.ts';
import { workerFull } from '#api/present.ts';

/** Takes workers that an operator declares, and what they change of them (spec/api.md 1.16, 1.17). */
export function declaredWorkerHandlers(parts: ApiParts): Pick<Handlers, 'createWorker' | 'updateWorker'> {
  const { store, providers, clock } = parts;
  return {
    async createWorker({ params: key, body }) {
      const pool = await existingPool(store, key.workerPoolId);
      const expires = expiryOf(body.expires);
      if (expires <= clock.now()) throw new ServiceError('invalid-input', 'expires must be in the future.');
      const { providerId } = pool;
      const enrolment = enrolmentOf(usableProvider(providers, providerId, 'not-found'));
      const { providerInfo, capacity = 1 } = body;
      refuseHuge(capacity);
      const providerData = enrolment.enrol(providerInfo, null);
      const isSame = (stored: JsonObject): boolean => enrolment.matches(providerInfo, stored);
      const worker = { key, providerId, capacity, expires, providerData };
      return workerFull(await store.declareWorker(worker, isSame, clock.now()));
    },

    async updateWorker({ params: key, body }) {
      const { providerId } = await existingPool(store, key.workerPoolId);
      const provider = usableProvider(providers, providerId, 'not-found');
      const worker = await existingWorker(store, key);
      const enrolment = enrolmentOf(provider);
      if (worker.providerId !== providerId) {
        throw new ServiceError('invalid-input', `Worker ${nameOf(key)} is not one of provider "${providerId}".`);
      }
      const { providerInfo, capacity } = body;
      refuseHuge(capacity);
      const change = {
        expires: expiryOf(body.expires),
        providerData: enrolment.enrol(providerInfo, worker.providerData),
        ...(capacity === undefined ? {} : { capacity }),
      };
      return workerFull(await store.updateDeclared(key, providerId, change, clock.now()));
    },
  };
}

/** @throws {ServiceError} `invalid-input` when workers of this provider are not declared by operators. */
function enrolmentOf({ enrolment, providerId }: Provider): Enrolment {
  if (enrolment !== null) return enrolment;
  throw new ServiceError('invalid-input', `Provider "${providerId}" does not take declared workers.`);
}

/** The schema has seen to its form. */
function expiryOf(text: string): Date {
  const expires = readDateTime(text);
  if (expires === undefined) throw new Error(`${text} is no instant`);
  return expires;
}

/** The database counts no further. */
const largestCapacity = 2_147_483_647;

function refuseHuge(capacity: number | undefined): void {
  if (capacity === undefined || capacity <= largestCapacity) return;
  throw new ServiceError('schema-violation', `data/capacity must be <= ${largestCapacity}`);
}
