import type { LaunchStore, OrderDraft } from '#core/launch-store.ts';
import type { LaunchOrder } from '#core/launch.ts';
import { poolLimits } from '#core/pool.ts';
import type { Pool } from '#core/pool.ts';
import { statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import { readTallies } from './tallies.ts';
import { recordSet } from './values.ts';

const lockPool = statement(
  'orders.lock-pool',
  'select provider_id as "providerId", config from worker_pool where worker_pool_id = $1 for no key update',
);

// Asked after the lock: only then is it sure that what somebody else changed meanwhile is seen.
const selectLaunchConfigs = statement(
  'orders.launch-configs',
  'select launch_config_id as id from launch_config where worker_pool_id = $1 and not is_archived',
);

const insertOrders = statement(
  'orders.insert',
  `insert into launch_order (order_id, worker_pool_id, provider_id, launch_config_id, scope, worker_group, count,
    capacity_per_instance, placed_at, touched_at)
  select "orderId", $1, "providerId", "launchConfigId", scope, "workerGroup", count, "capacityPerInstance", $3, $3
  from json_to_recordset($2::json) as r ("orderId" text, "providerId" text, "launchConfigId" text, scope text, "workerGroup" text,
    count integer, "capacityPerInstance" integer)`,
);

export function orderPlacement(database: Database): Pick<LaunchStore, 'placeOrders'> {
  return {
    placeOrders: async (workerPoolId, drafts, bounds, now) => {
      if (drafts.length === 0) return [];
      return database.transaction(async (transaction) => place(transaction, workerPoolId, drafts, bounds, now));
    },
  };
}

async function place(
  transaction: Queryable,
  workerPoolId: string,
  drafts: readonly OrderDraft[],
  bounds: { want: number; maxCapacity: number },
  now: Date,
): Promise<readonly LaunchOrder[]> {
  const [pool] = await transaction.rows<Pick<Pool, 'providerId' | 'config'>>(lockPool, [workerPoolId]);
  if (pool === undefined) return [];
  const active = await transaction.rows<{ id: string }>(selectLaunchConfigs, [workerPoolId]);
  const activeIds = new Set(active.map(({ id }) => id));
  const possible = drafts.filter(
    ({ providerId, launchConfigId }) => providerId === pool.providerId && activeIds.has(launchConfigId),
  );
  if (possible.length === 0) return [];
  // The pool may have been made smaller since the caller looked.
  const maxCapacity = Math.min(bounds.maxCapacity, poolLimits(pool.config).maxCapacity);
  const fitting = trimmed(possible, await roomIn(transaction, workerPoolId, { ...bounds, maxCapacity }, now));
  if (fitting.length === 0) return [];
  await transaction.run(insertOrders, [workerPoolId, recordSet(fitting), now]);
  return fitting.map((draft) => ({ ...draft, workerPoolId, placedAt: now }));
}

/** How much capacity may be added, counted afresh; nothing when it is not positive. */
async function roomIn(
  transaction: Queryable,
  workerPoolId: string,
  bounds: { want: number; maxCapacity: number },
  now: Date,
): Promise<number> {
  const tally = (await readTallies(transaction, [workerPoolId], now)).get(workerPoolId);
  if (tally === undefined) return 0;
  const useful = tally.ordered + tally.requested + tally.running;
  const present = useful + tally.unanswered + tally.stopping + tally.quarantined;
  return Math.min(bounds.maxCapacity - present, bounds.want - useful);
}

/** The drafts, in order, as far as they fit into `room`; the last machine may stick out. */
function trimmed(drafts: readonly OrderDraft[], room: number): readonly OrderDraft[] {
  let left = room;
  const fitting: OrderDraft[] = [];
  for (const draft of drafts) {
    const count = Math.min(draft.count, Math.ceil(left / draft.capacityPerInstance));
    if (count <= 0) continue;
    fitting.push({ ...draft, count });
    left -= count * draft.capacityPerInstance;
  }
  return fitting;
}
