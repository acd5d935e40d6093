import type { KnownOrder, LaunchStore } from '#core/launch-store.ts';
import type { LaunchOrder } from '#core/launch.ts';
import { prepared, statement } from './database.ts';
import type { Database } from './database.ts';
import { orderPlacement } from './place-orders.ts';
import { orderSettlement } from './settle-orders.ts';

const orderColumns = `order_id as "orderId", worker_pool_id as "workerPoolId", provider_id as "providerId",
  launch_config_id as "launchConfigId", scope, worker_group as "workerGroup", count, capacity_per_instance as "capacityPerInstance",
  placed_at as "placedAt"`;

const selectAbandoned = statement(
  'orders.abandoned',
  `select ${orderColumns} from launch_order
  where settled_at is null and touched_at < $3 and provider_id = $1 and scope = $2 order by touched_at limit $4`,
);
const selectAbandonedScopes = statement(
  'orders.abandoned-scopes',
  `select distinct provider_id as "providerId", scope from launch_order
  where settled_at is null and touched_at < $1 order by provider_id, scope`,
);
const touch = statement(
  'orders.touch',
  `update launch_order set touched_at = greatest(touched_at, $2) where order_id = any($1::text[]) and settled_at is null`,
);
const selectOrders = statement(
  'orders.get',
  `select ${orderColumns}, settled_at is null as "isOpen" from launch_order where order_id = any($1::text[])`,
);
const selectOpen = prepared(
  'orders.open',
  `select exists (
    select from launch_order where worker_pool_id = $1 and provider_id = $2 and worker_group = $3 and settled_at is null
  ) as "isOpen"`,
);
const deleteSettled = statement(
  'orders.expire',
  `delete from launch_order o where settled_at is not null and settled_at < $1
    and not exists (select from worker w where w.order_id = o.order_id)`,
);

type OrderStore = Pick<
  LaunchStore,
  | 'placeOrders'
  | 'settleOrder'
  | 'abandonedOrders'
  | 'abandonedScopes'
  | 'touchOrders'
  | 'orders'
  | 'hasOpenOrder'
  | 'expireOrders'
>;

export function orderStore(database: Database): OrderStore {
  return {
    ...orderPlacement(database),
    ...orderSettlement(database),

    abandonedOrders: async ({ providerId, scope }, before, limit) =>
      database.rows<LaunchOrder>(selectAbandoned, [providerId, scope, before, limit]),

    abandonedScopes: async (before) =>
      database.rows<{ providerId: string; scope: string }>(selectAbandonedScopes, [before]),

    touchOrders: async (orderIds, now) => {
      if (orderIds.length > 0) await database.run(touch, [orderIds, now]);
    },

    orders: async (orderIds) => {
      const rows = await database.rows<KnownOrder>(selectOrders, [orderIds]);
      return new Map(rows.map((order) => [order.orderId, order]));
    },

    hasOpenOrder: async (workerPoolId, providerId, workerGroup) => {
      const [row] = await database.rows<{ isOpen: boolean }>(selectOpen, [workerPoolId, providerId, workerGroup]);
      return row?.isOpen ?? false;
    },

    expireOrders: async (before) => database.run(deleteSettled, [before]),
  };
}
