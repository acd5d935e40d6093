import type { OutboxEntry, ServiceEvent } from '#core/events.ts';
import type { OutboxStore } from '#core/store.ts';
import type { WorkerKey } from '#core/worker.ts';
import { prepared, statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import { recordSet } from './values.ts';

/** Events of a worker leave in the order of its moves. */
export function workerOrderKey(worker: WorkerKey): string {
  return `worker ${worker.workerPoolId} ${worker.workerGroup} ${worker.workerId}`;
}

/** Events of a pool and its launch configs leave in the order of its changes. */
export function poolOrderKey(workerPoolId: string): string {
  return `pool ${workerPoolId}`;
}

export interface PendingEvent {
  orderKey: string;
  event: ServiceEvent;
}

// The row that an order key stands for is locked by the same transaction before, so numbers of one key rise in the order of commits.
const insertEvents = prepared(
  'outbox.insert',
  `insert into outbox (order_key, event, created_at)
  select e."orderKey", e.event, $2
  from rows from (json_to_recordset($1::json) as ("orderKey" text, event json)) with ordinality as e ("orderKey", event, position)
  order by e.position`,
);

/** Puts events into the outbox, in this order, as part of the transaction that makes them true. */
export async function announce(transaction: Queryable, events: readonly PendingEvent[], now: Date): Promise<void> {
  if (events.length === 0) return;
  await transaction.run(insertEvents, [recordSet(events), now]);
}

const selectWaiting = prepared(
  'outbox.waiting',
  `select sequence, order_key as "orderKey", event, created_at as "createdAt" from outbox order by sequence limit $1`,
);
const deleteConfirmed = statement('outbox.confirm', 'delete from outbox where sequence = any($1::bigint[])');
const selectBacklog = statement(
  'outbox.backlog',
  'select count(*)::integer as count, min(created_at) as oldest from outbox',
);

export function outboxStore(database: Database): OutboxStore {
  return {
    waitingEvents: async (limit) => database.rows<OutboxEntry>(selectWaiting, [limit]),

    confirmEvents: async (sequences) => {
      await database.run(deleteConfirmed, [sequences]);
    },

    backlog: async () => {
      const [backlog] = await database.rows<{ count: number; oldest: Date | null }>(selectBacklog);
      return backlog ?? { count: 0, oldest: null };
    },
  };
}
