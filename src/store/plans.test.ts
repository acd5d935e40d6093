import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPostgres, withClient } from '#test/conformance/store/open-postgres.ts';
import { aPool, after, now, only, poolId, providerId, requested, scope } from '#test/conformance/store/samples.ts';

/** Rows read by whole-table scans of the workers so far. */
async function rowsScanned(url: string): Promise<bigint> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ count: string }>(
      `select coalesce(seq_tup_read, 0) as count from pg_stat_user_tables where relname = 'worker'`,
    );
    return BigInt(only(rows).count);
  });
}

test('no question asked all the time reads the whole table, also when its plan was made for a small one', async (t) => {
  const { store, url } = await openPostgres(t, { max: 1 });
  await aPool(store);
  const [worker] = await requested(store, 3);
  assert.ok(worker);
  const ask = async (): Promise<void> => {
    await store.worker(worker);
    await store.registrationView(worker);
    await store.terminationAdvice(worker);
    await store.workersPage({ workerPoolId: poolId }, { after: null, limit: 10 });
    await store.workersPage({ workerPoolId: poolId, state: 'running' }, { after: null, limit: 10 });
    await store.fleetPage(providerId, scope, { after: null, limit: 10 });
    await store.dueWorkers(providerId, scope, now, 10);
    await store.nextWorkerDue(providerId, scope);
    await store.knownIds(providerId, scope, ['i-1']);
    await store.noteObserved(providerId, scope, after(1), after(2));
    await store.activeScopes(providerId);
    await store.tallies([poolId], now);
    await store.poolCounts([poolId]);
    await store.retirementCandidates(poolId);
    await store.reschedule([{ worker, dueAt: after(5) }]);
    await store.moveWorkers([{ worker, move: 'remove', reason: 'x', ifUnregistered: true }], now);
  };
  await withClient(url, async (client) => client.query('vacuum analyze worker'));
  // After five runs PostgreSQL keeps one plan for all parameters.
  for (let run = 0; run < 8; run += 1) await ask();
  await requested(store, 3000, { prefix: 'more' });
  await withClient(url, async (client) => client.query('select pg_stat_force_next_flush()'));
  const before = await rowsScanned(url);
  await ask();
  await store.close();
  assert.equal(await rowsScanned(url), before);
});
