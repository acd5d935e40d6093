import { workerEvent } from '#core/worker-events.ts';
import { moves } from '#core/worker.ts';
import type { JsonObject } from '#core/json.ts';
import type { Moved, SealedSecret, WorkerStore } from '#core/worker-store.ts';
import { prepared } from './database.ts';
import type { Database } from './database.ts';
import { countRegistration } from './launch-records.ts';
import { mayMove } from './moves.ts';
import { announce, workerOrderKey } from './outbox.ts';
import type { SqlValue } from './values.ts';
import { isWorker, keyValues, workerColumns, workerOf } from './worker-row.ts';
import type { WorkerRow } from './worker-row.ts';

const registered = moves.register.to;

const selectView = prepared(
  'registration.view',
  `select ${workerColumns}, w.secret_kid as "secretKid", w.secret_hash as "secretHash",
    w.previous_secret_kid as "previousSecretKid", w.previous_secret_hash as "previousSecretHash",
    w.previous_secret_until as "previousSecretUntil", w.reregistered_at as "reregisteredAt",
    (
      select lc.configuration -> 'workerConfig' from launch_config lc
      where lc.worker_pool_id = w.worker_pool_id and lc.launch_config_id = w.launch_config_id
    ) as "workerConfig",
    p.provider_id as "poolProviderId", p.previous_provider_ids as "previousProviderIds", p.config as "poolConfig"
  from worker w left join worker_pool p on p.worker_pool_id = w.worker_pool_id where ${isWorker}`,
);

interface ViewRow extends WorkerRow {
  secretKid: string | null;
  secretHash: string | null;
  previousSecretKid: string | null;
  previousSecretHash: string | null;
  previousSecretUntil: Date | null;
  reregisteredAt: Date | null;
  workerConfig: JsonObject | null;
  poolProviderId: string | null;
  previousProviderIds: readonly string[] | null;
  poolConfig: JsonObject | null;
}

const newSecret = `secret_kid = $4, secret_hash = $5, previous_secret_kid = null, previous_secret_hash = null,
    previous_secret_until = null, terminate_after = $6`;

const registerFirst = prepared(
  'registration.first',
  `update worker w set state = '${registered}', registered_at = $7, last_modified = $7, due_at = null, attempts = 0, ${newSecret}
  where ${isWorker} and ${mayMove('register')} returning ${workerColumns}`,
);

// A worker that renewed its registration holds a secret already; only one without end of life (declared by an operator) may start over at will.
const registerAgain = prepared(
  'registration.again',
  `update worker w set ${newSecret}
  where ${isWorker} and w.state = '${registered}' and w.registered_at is not null
    and (w.reregistered_at is null or w.terminate_after is null)
  returning ${workerColumns}`,
);

// A declared worker is running before it ever registers.
const registerDeclared = prepared(
  'registration.declared',
  `update worker w set registered_at = $7, ${newSecret}
  where ${isWorker} and w.state = '${registered}' and w.registered_at is null returning ${workerColumns}`,
);

const isCurrent = '(w.secret_kid = $5 and w.secret_hash = $6)';
const isPrevious = '(w.previous_secret_kid = $5 and w.previous_secret_hash = $6 and w.previous_secret_until > $4)';

// The presented secret stays valid for its grace, which an earlier use of it began: it cannot be prolonged by using it again.
const renew = prepared(
  'registration.renew',
  `update worker w set secret_kid = $7, secret_hash = $8, previous_secret_kid = $5, previous_secret_hash = $6,
    previous_secret_until = case when ${isCurrent} then $9::timestamptz else least(w.previous_secret_until, $9) end,
    reregistered_at = $4, terminate_after = case when w.terminate_after is null then null else $10::timestamptz end
  where ${isWorker} and w.state = '${registered}' and (${isCurrent} or ${isPrevious}) returning ${workerColumns}`,
);

export function registrationStore(
  database: Database,
): Pick<WorkerStore, 'registrationView' | 'register' | 'reregister'> {
  return {
    registrationView: async (key) => {
      const [row] = await database.rows<ViewRow>(selectView, keyValues(key));
      if (row === undefined) return null;
      const secrets = {
        current: sealed(row.secretKid, row.secretHash),
        previous: sealed(row.previousSecretKid, row.previousSecretHash),
        previousValidUntil: row.previousSecretUntil,
      };
      const { reregisteredAt, workerConfig } = row;
      return { worker: workerOf(row), pool: poolOf(row), secrets, reregisteredAt, workerConfig };
    },

    register: async (key, grant, now) => {
      const { kid, hash } = grant.secret;
      const values = [...keyValues(key), kid, hash, grant.terminateAfter];
      if (!grant.isRepeat) return firstRegistration(database, 'requested', values, now);
      const [again] = await database.rows<WorkerRow>(registerAgain, values);
      return again === undefined ? firstRegistration(database, 'running', values, now) : workerOf(again);
    },

    reregister: async (key, presented, grant, now) => {
      const { secret, previousValidUntil, terminateAfter } = grant;
      const [row] = await database.rows<WorkerRow>(renew, [
        ...keyValues(key),
        now,
        presented.kid,
        presented.hash,
        secret.kid,
        secret.hash,
        previousValidUntil,
        terminateAfter,
      ]);
      return row === undefined ? null : workerOf(row);
    },
  };
}

function poolOf({ poolProviderId, previousProviderIds, poolConfig }: ViewRow) {
  if (poolProviderId === null) return null;
  return { providerId: poolProviderId, previousProviderIds: previousProviderIds ?? [], config: poolConfig ?? {} };
}

async function firstRegistration(
  database: Database,
  from: 'requested' | 'running',
  values: readonly SqlValue[],
  now: Date,
): Promise<Moved | null> {
  return database.transaction(async (transaction) => {
    const [row] = await transaction.rows<WorkerRow>(from === 'requested' ? registerFirst : registerDeclared, [
      ...values,
      now,
    ]);
    if (row === undefined) return null;
    const worker = workerOf(row);
    const reason = 'registered';
    const event = workerEvent(worker, 'register', reason, now);
    await announce(transaction, [{ orderKey: workerOrderKey(worker), event }], now);
    if (worker.launchConfigId !== null) await countRegistration(transaction, worker, now);
    return { worker, move: 'register', from, reason };
  });
}

function sealed(kid: string | null, hash: string | null): SealedSecret | null {
  return kid === null || hash === null ? null : { kid, hash };
}
