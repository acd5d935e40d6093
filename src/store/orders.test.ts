import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type pg from 'pg';
import { openPostgres, openPostgresStore, withClient } from '#test/conformance/store/open-postgres.ts';
import { orderPlacingPromises } from '#test/conformance/store/placing-orders.ts';
import { orderSettlingPromises } from '#test/conformance/store/settling-orders.ts';
import { aPool, now, orderDraft, poolId, roomForAll } from '#test/conformance/store/samples.ts';

describe('placing orders in PostgreSQL', () => orderPlacingPromises(openPostgresStore));
describe('settling orders in PostgreSQL', () => orderSettlingPromises(openPostgresStore));

const changes = {
  'a launch config that is archived': `update launch_config set is_archived = true where launch_config_id = 'a'`,
  'a provider that is replaced': `update worker_pool set provider_id = 'google'`,
  'a maximum that is lowered': `update worker_pool set config = config || '{"maxCapacity": 0}'`,
};
for (const [what, change] of Object.entries(changes)) {
  test(`${what} while an order waits for its pool is seen by it`, async (t) => {
    const { store, url } = await openPostgres(t);
    await aPool(store);
    await withClient(url, async (client) => {
      await client.query('begin');
      await client.query('select from worker_pool for update');
      const placing = store.placeOrders(poolId, [orderDraft({ count: 3 })], roomForAll, now);
      await somebodyWaits(client);
      await client.query(change);
      await client.query('commit');
      assert.deepEqual(await placing, []);
    });
  });
}

async function somebodyWaits(client: pg.Client): Promise<void> {
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await client.query(waiting)).rowCount === 0);
}
