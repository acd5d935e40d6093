import type { LaunchStore } from '#core/launch-store.ts';
import type { LaunchedWorker, LaunchOrder, RefusalClass, StoredOutcome } from '#core/launch.ts';
import { terminateAfterRequest } from '#core/pool.ts';
import type { Lifecycle } from '#core/pool.ts';
import { workerEvent } from '#core/worker-events.ts';
import type { Worker } from '#core/worker.ts';
import { statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import { countLaunches } from './launch-records.ts';
import { announce, workerOrderKey } from './outbox.ts';
import { recordSet, storableJson } from './values.ts';
import { workerColumns, workerOf } from './worker-row.ts';
import type { WorkerRow } from './worker-row.ts';

const closeOrder = statement(
  'orders.settle',
  'update launch_order set settled_at = $2 where order_id = $1 and settled_at is null returning known',
);

// Before the rows: whoever settles the order meanwhile takes it first, too.
const lockOrder = statement('orders.lock', 'select from launch_order where order_id = $1 for no key update');

const noteKnown = statement('orders.note-known', 'update launch_order set known = known + $2 where order_id = $1');

const insertWorkers = statement(
  'orders.insert-workers',
  `insert into worker as w (worker_pool_id, worker_group, worker_id, provider_id, scope, state, capacity, launch_config_id, order_id,
    created, expires, last_modified, last_checked, terminate_after, reregistration_timeout_ms, queue_inactivity_timeout_ms,
    due_at, provider_data)
  select $2, r."workerGroup", r."workerId", $3, $4, 'requested', $5, $6, $7,
    $8, $8::timestamptz + interval '7 days', $8, $8, $9, $10, $11, $12, r."providerData"
  from rows from (json_to_recordset($1::json) as ("workerGroup" text, "workerId" text, "providerData" jsonb))
    with ordinality as r ("workerGroup", "workerId", "providerData", position)
  order by r."workerId", r."workerGroup", r.position
  on conflict (worker_id, worker_pool_id, worker_group) do nothing returning ${workerColumns}`,
);

/** An outcome that is known for sure. */
type Settled = Extract<StoredOutcome, { kind: 'settled' }>;

interface Terms {
  lifecycle: Lifecycle;
  firstLookAt: Date;
}

export function orderSettlement(database: Database): Pick<LaunchStore, 'settleOrder'> {
  return {
    settleOrder: async (order, outcome, terms, now) => {
      if (outcome.kind === 'settled') {
        return database.transaction(async (transaction) => settle(transaction, order, outcome, terms, now));
      }
      const { launched } = outcome;
      if (launched.length === 0) return [];
      return database.transaction(async (transaction) => adopt(transaction, order, launched, terms, now));
    },
  };
}

/** Refusals that say something about the launch config; the others would meet any. */
const telling: ReadonlySet<RefusalClass> = new Set(['capacity', 'quota', 'configuration', 'auth']);

async function settle(
  transaction: Queryable,
  order: LaunchOrder,
  outcome: Settled,
  terms: Terms,
  now: Date,
): Promise<readonly Worker[]> {
  const { refusal, launched } = outcome;
  const [closed] = await transaction.rows<{ known: number }>(closeOrder, [order.orderId, now]);
  const workers = await addWorkers(transaction, order, launched, terms, now);
  if (closed !== undefined) {
    const isTelling = refusal !== null && telling.has(refusal.class);
    const started = Math.max(launched.length, closed.known + workers.length);
    const failures = isTelling ? Math.max(0, order.count - started) : 0;
    await countLaunches(transaction, order, { attempts: order.count, failures }, now);
  }
  return workers;
}

/** Adds what is known of an order of which not all is: its machines can register, and count as what they are. */
async function adopt(
  transaction: Queryable,
  order: LaunchOrder,
  launched: readonly LaunchedWorker[],
  terms: Terms,
  now: Date,
): Promise<readonly Worker[]> {
  await transaction.run(lockOrder, [order.orderId]);
  const workers = await addWorkers(transaction, order, launched, terms, now);
  await transaction.run(noteKnown, [order.orderId, workers.length]);
  return workers;
}

async function addWorkers(
  transaction: Queryable,
  order: LaunchOrder,
  launched: readonly LaunchedWorker[],
  { lifecycle, firstLookAt }: Terms,
  now: Date,
): Promise<readonly Worker[]> {
  if (launched.length === 0) return [];
  const machines = launched.map(({ workerGroup, workerId, providerData }) => ({
    workerGroup,
    workerId,
    providerData: storableJson(providerData),
  }));
  const rows = await transaction.rows<WorkerRow>(insertWorkers, [
    recordSet(machines),
    order.workerPoolId,
    order.providerId,
    order.scope,
    order.capacityPerInstance,
    order.launchConfigId,
    order.orderId,
    now,
    terminateAfterRequest(lifecycle, now),
    lifecycle.reregistrationTimeoutMs,
    lifecycle.queueInactivityTimeoutMs,
    firstLookAt,
  ]);
  const workers = rows.map(workerOf);
  const events = workers.map((worker) => ({
    orderKey: workerOrderKey(worker),
    event: workerEvent(worker, 'request', '', now),
  }));
  await announce(transaction, events, now);
  return workers;
}
