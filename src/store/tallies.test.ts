import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Store } from '#core/store.ts';
import type { Worker } from '#core/worker.ts';
import { openPostgres, withClient } from '#test/conformance/store/open-postgres.ts';
import {
  aPool,
  after,
  declared,
  now,
  poolId,
  registered,
  requested,
  workerIn,
} from '#test/conformance/store/samples.ts';

/** What a fleet may go through: each step does what it can with the workers there are. */
const steps: Record<string, (store: Store, pick: number) => Promise<unknown>> = {
  request: async (store, pick) =>
    requested(store, 1 + (pick % 5), {
      prefix: `w${pick}`,
      launchConfigId: pick % 2 === 0 ? 'a' : 'b',
      workerGroup: `g${pick % 3}`,
      capacityPerInstance: 1 + (pick % 4),
    }),
  declare: async (store, pick) => declared(store, { workerId: `d${pick}` }).catch(toleratesConflict),
  register: async (store, pick) => {
    const worker = await someWorker(store, pick, 'requested');
    if (worker !== undefined) await registered(store, worker);
  },
  remove: async (store, pick) => {
    const rows = await workers(store);
    const asked = rows.filter((_, index) => index % 3 === pick % 3);
    await store.moveWorkers(
      asked.map((worker) => ({ worker, move: 'remove' as const, reason: 'x' })),
      now,
    );
  },
  stop: async (store, pick) => {
    const worker = await someWorker(store, pick);
    if (worker !== undefined) await store.moveWorkers([{ worker, move: 'stop', reason: 'x' }], now);
  },
  resize: async (store, pick) => {
    const key = { workerPoolId: poolId, workerGroup: 'rack', workerId: `d${pick}` };
    const change = { capacity: 1 + (pick % 7), expires: after(pick), providerData: {} };
    await store.updateDeclared(key, 'static', change, now).catch(() => undefined);
  },
  expire: async (store, pick) => store.expireWorkers(after(pick * 1e8)),
};

/** A worker that was resized or removed meanwhile is not declared again. */
function toleratesConflict(error: unknown): void {
  assert.match(String(error), /already exists/);
}

async function workers(store: Store): Promise<readonly Worker[]> {
  return (await store.workersPage({ workerPoolId: poolId }, { after: null, limit: 1000 })).rows;
}

async function someWorker(store: Store, pick: number, state?: 'requested'): Promise<Worker | undefined> {
  const filter = { workerPoolId: poolId, ...(state === undefined ? {} : { state }) };
  const { rows } = await store.workersPage(filter, { after: null, limit: 1000 });
  return rows[pick % Math.max(1, rows.length)];
}

const columns = `worker_pool_id, provider_id, coalesce(launch_config_id, '') as launch_config_id, worker_group, state`;

async function countedAndKept(url: string): Promise<[counted: object[], kept: object[]]> {
  return withClient(url, async (client) => {
    const counted = await client.query<object>(
      `select ${columns}, count(*) as workers, sum(capacity) as capacity from worker group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`,
    );
    const kept = await client.query<object>(
      `select ${columns}, workers, capacity from worker_count where workers <> 0 or capacity <> 0 order by 1, 2, 3, 4, 5`,
    );
    return [counted.rows, kept.rows];
  });
}

// spec: provisioning 2.4
test('the sums that are kept are those of the rows, whatever happens to a fleet', async (t) => {
  const { store, url } = await openPostgres(t);
  await aPool(store);
  const step = fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(9));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (story) => {
      for (const [name, pick] of story) await steps[name]?.(store, pick);
      const [counted, kept] = await countedAndKept(url);
      assert.deepEqual(kept, counted);
    }),
    { numRuns: 15 },
  );
});

// spec: provisioning 2.4, E61
test('the sums hold when everything happens at once', async (t) => {
  const { store, url } = await openPostgres(t);
  await aPool(store);
  const names = Object.keys(steps);
  await Promise.all(
    Array.from({ length: 10 }, async (_, actor) => {
      for (let turn = 0; turn < 12; turn += 1) {
        const name = names[(actor * 5 + turn) % names.length] ?? 'request';
        await steps[name]?.(store, (actor + turn * 3) % 10).catch((error: unknown) => {
          // Two actors may ask for the same machine; one of them finds it registered already.
          assert.match(String(error), /could not register|dropped/);
        });
      }
    }),
  );
  const [counted, kept] = await countedAndKept(url);
  assert.deepEqual(kept, counted);
});

test('sums of nobody go with the last worker', async (t) => {
  const { store, url } = await openPostgres(t);
  await aPool(store);
  await requested(store, 20);
  await workerIn(store, 'stopped', 'x');
  await store.expireWorkers(after(1e10));
  await withClient(url, async (client) => {
    const { rows } = await client.query<object>('select state, workers from worker_count');
    assert.deepEqual(rows, [{ state: 'requested', workers: '20' }]);
  });
});
