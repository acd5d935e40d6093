import { ServiceError } from '#core/error.ts';
import type { WorkerStore } from '#core/worker-store.ts';
import type { Worker, WorkerKey } from '#core/worker.ts';
import { statement } from './database.ts';
import type { Database } from './database.ts';
import { checkStorable, jsonText } from './values.ts';
import { isWorker, keyValues, workerColumns, workerOf } from './worker-row.ts';
import type { WorkerRow } from './worker-row.ts';

const insertDeclared = statement(
  'workers.declare',
  `insert into worker as w (worker_pool_id, worker_group, worker_id, provider_id, scope, is_declared, state, capacity,
    created, expires, last_modified, last_checked, provider_data)
  values ($1, $2, $3, $4, '', true, 'running', $5, $6, $7, $6, $6, $8::jsonb)
  on conflict (worker_id, worker_pool_id, worker_group) do nothing returning ${workerColumns}`,
);
const updateDeclared = statement(
  'workers.update-declared',
  `update worker w set capacity = coalesce($5::integer, capacity), expires = $6, provider_data = $7::jsonb, last_modified = $8
  where ${isWorker} and provider_id = $4 and is_declared returning ${workerColumns}`,
);

type Declaration = Parameters<WorkerStore['declareWorker']>[0];

/** @param readWorker reads a worker as it is now. */
export function declaredWorkerStore(
  database: Database,
  readWorker: WorkerStore['worker'],
): Pick<WorkerStore, 'declareWorker' | 'updateDeclared'> {
  return {
    declareWorker: async (worker, isSame, now) => {
      const { key, providerId, capacity, expires, providerData } = worker;
      checkStorable(providerData, 'providerInfo');
      const values = [...keyValues(key), providerId, capacity, now, expires, jsonText(providerData)];
      const [inserted] = await database.rows<WorkerRow>(insertDeclared, values);
      if (inserted !== undefined) return workerOf(inserted);
      const stored = await readWorker(key);
      if (stored === null || !isSameDeclaration(stored, worker) || !isSame(stored.providerData)) throw differs(key);
      return stored;
    },

    updateDeclared: async (key, providerId, change, now) => {
      checkStorable(change.providerData, 'providerInfo');
      const [row] = await database.rows<WorkerRow>(updateDeclared, [
        ...keyValues(key),
        providerId,
        change.capacity ?? null,
        change.expires,
        jsonText(change.providerData),
        now,
      ]);
      if (row === undefined) {
        throw new ServiceError('not-found', `Worker ${nameOf(key)} of provider ${providerId} does not exist`);
      }
      return workerOf(row);
    },
  };
}

function isSameDeclaration(stored: Worker, { providerId, capacity, expires }: Declaration): boolean {
  return (
    stored.state === 'running' &&
    stored.providerId === providerId &&
    stored.capacity === capacity &&
    stored.expires.getTime() === expires.getTime()
  );
}

function nameOf({ workerPoolId, workerGroup, workerId }: WorkerKey): string {
  return `${workerPoolId}/${workerGroup}/${workerId}`;
}

function differs(key: WorkerKey): ServiceError {
  return new ServiceError('conflict', `Worker ${nameOf(key)} already exists and differs from this request`);
}
