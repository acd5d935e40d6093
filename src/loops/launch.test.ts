import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, poolId } from '#test/conformance/store/samples.ts';
import { stepUntil } from '#test/engines.ts';
import { aBusyPool, aLoopWorld, testingId, testingKey, unaborted } from '#test/loop-world.ts';
import type { LoopWorld } from '#test/loop-world.ts';
import { provisionPool } from './provision.ts';
import { settleOrders } from './settle.ts';

async function tally({ store, clock }: LoopWorld): Promise<{ ordered: number; requested: number }> {
  const { ordered = 0, requested = 0 } = (await store.tallies([poolId], clock.now())).get(poolId) ?? {};
  return { ordered, requested };
}

/** One turn of the pool, while the clock runs as long as the turn needs. @returns how long that was. */
async function turn({ parts, clock }: LoopWorld): Promise<number> {
  let isOver = false;
  const running = provisionPool(parts, poolId, unaborted).finally(() => (isOver = true));
  const tookMs = await stepUntil(clock, 'the turn', () => isOver, 1_000);
  await running;
  return tookMs;
}

// spec: P-07
test('a launch that is not answered in its time is broken off; what it may have started counts, and is found', async (t) => {
  const world = await aLoopWorld(t);
  const { parts, cloud, clock } = world;
  await aBusyPool(world, { pendingTasks: 5 });
  cloud.faults.set('launch', { kind: 'hang', when: 'after' });
  const tookMs = await turn(world);
  // The clock runs on while the database is asked before and after.
  assert.ok(tookMs >= 60_000 && tookMs < 120_000, `${tookMs}`);
  assert.deepEqual(await tally(world), { ordered: 5, requested: 0 });
  cloud.faults.clear();
  await turn(world);
  assert.equal(cloud.machines.size, 5, 'nothing is ordered in their place');
  await clock.step(90_000);
  await settleOrders(parts, testingKey, unaborted);
  assert.deepEqual(await tally(world), { ordered: 0, requested: 5 });
  assert.equal(cloud.machines.size, 5);
});

// spec: P-28
test('a defect in one launch harms no other: they are stored, and only its own order stays open', async (t) => {
  const world = await aLoopWorld(t, {
    fleet: (plain) => ({
      maxPerOrder: 1,
      launch: async (request, signal) => {
        if (request.order.launchConfigId === 'a') throw new TypeError('a defect');
        return plain.launch(request, signal);
      },
    }),
  });
  await aBusyPool(world, { pendingTasks: 40 });
  await turn(world);
  const { ordered, requested } = await tally(world);
  assert.ok(ordered > 0 && requested > 0);
  assert.equal(ordered + requested, 40);
  assert.equal(world.cloud.machines.size, requested);
  assert.equal(world.numbers.get(`worker_manager_refusals_total ${poolId} ${testingId} transient TypeError`), ordered);
});

test('a turn that is cut while it launches leaves its orders to be settled', async (t) => {
  const world = await aLoopWorld(t);
  const { parts, cloud } = world;
  await aBusyPool(world, { pendingTasks: 5 });
  cloud.faults.set('launch', { kind: 'hang', when: 'after' });
  const cut = new AbortController();
  const running = provisionPool(parts, poolId, cut.signal);
  await stepUntil(world.clock, 'the machines are there', () => cloud.machines.size === 5, 0);
  cut.abort(new Error('the lease was lost'));
  await assert.rejects(running, /the lease was lost/);
  assert.deepEqual(await tally(world), { ordered: 5, requested: 0 });
});

test('a launch wakes those who look after its machines, and is told to those who ask why', async (t) => {
  const world = await aLoopWorld(t);
  const { store } = world;
  const tasks = (['advance', 'observe'] as const).map((kind) => ({ kind, key: testingKey }));
  await store.ensureTasks(tasks, after(600_000));
  await aBusyPool(world, { pendingTasks: 3 });
  await provisionPool(world.parts, poolId, unaborted);
  const due = (await store.taskStatuses()).map((status) => [status.kind, status.due]);
  for (const { kind } of tasks) assert.deepEqual(new Map(due as [string, Date][]).get(kind), after(0));
  const [report] = await store.provisionReports();
  assert.deepEqual([report?.toRequest, report?.requested, report?.pendingTasks], [3, 3, 3]);
});

test('why a pool has no turn is told', async (t) => {
  const world = await aLoopWorld(t);
  await aBusyPool(world, { pendingTasks: 3 });
  world.setUnavailable('no credentials');
  await provisionPool(world.parts, poolId, unaborted);
  const [report] = await world.store.provisionReports();
  assert.equal(report?.reason, `provider ${testingId} is not usable: no credentials`);
  assert.equal(world.cloud.machines.size, 0);
});
