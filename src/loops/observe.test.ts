import assert from 'node:assert/strict';
import { test } from 'node:test';
import { after, minuteMs, poolId } from '#test/conformance/store/samples.ts';
import { aBusyPool, aLoopWorld, testingId, testingKey, unaborted } from '#test/loop-world.ts';
import type { LoopWorld } from '#test/loop-world.ts';
import { observeScope } from './observe.ts';
import { provisionPool } from './provision.ts';

/** So many machines that boot, and their workers. */
async function machines(world: LoopWorld, count: number): Promise<void> {
  await aBusyPool(world, { pendingTasks: count, maxCapacity: count });
  await provisionPool(world.parts, poolId, unaborted);
  assert.equal(world.cloud.machines.size, count);
}

async function states({ store }: LoopWorld): Promise<Record<string, number>> {
  const counts = (await store.poolCounts([poolId])).get(poolId);
  const entries = Object.entries(counts ?? {}).map(([state, { count }]) => [state, count] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

// spec: provisioning 4.2, 4.5, P-03, P-40
test('unchanged workers cost one statement per thousand to read, and one in all to remember', async (t) => {
  const world = await aLoopWorld(t);
  await machines(world, 1_200);
  await world.clock.step(10 * minuteMs);
  world.statements.length = 0;
  await observeScope(world.parts, testingKey, unaborted);
  assert.ok(world.statements.length <= 4, world.statements.join());
  assert.deepEqual(await states(world), { requested: 1_200 });
  const entry = world.entries.findLast(({ type }) => type === 'scan-seen');
  assert.deepEqual(entry?.fields['seen'], { [poolId]: 1_200 });
});

// spec: provisioning 4.2
test('a list that breaks off says nothing of those it did not show', async (t) => {
  let isBroken = true;
  const world = await aLoopWorld(t, {
    fleet: (plain) => ({
      async *observe(scope, signal) {
        for await (const page of plain.observe(scope, signal)) {
          yield page;
          if (isBroken) throw new Error('the second page does not come');
        }
      },
    }),
  });
  await machines(world, 25);
  await world.clock.step(10 * minuteMs);
  const [first, ...others] = [...world.cloud.machines.values()];
  first!.presence = 'gone';
  world.cloud.machines.delete(others.at(-1)!.workerId);
  await assert.rejects(observeScope(world.parts, testingKey, unaborted), /the second page does not come/);
  assert.deepEqual(await states(world), { requested: 24, stopped: 1 }, 'what was shown to be gone is gone');
  isBroken = false;
  await observeScope(world.parts, testingKey, unaborted);
  assert.deepEqual(await states(world), { requested: 23, stopped: 2 });
});

test('a scope is looked at often while there is something in it, and rarely while there is not', async (t) => {
  const world = await aLoopWorld(t);
  assert.deepEqual(await observeScope(world.parts, testingKey, unaborted), after(600_000));
  await machines(world, 1);
  assert.deepEqual(await observeScope(world.parts, testingKey, unaborted), after(20_000));
});

test('a scope of a provider that cannot be used, or is not known, is asked for again within a minute', async (t) => {
  const world = await aLoopWorld(t);
  world.setUnavailable('no credentials');
  assert.deepEqual(await observeScope(world.parts, testingKey, unaborted), after(60_000));
  assert.deepEqual(await observeScope(world.parts, 'no-such/scope', unaborted), after(60_000));
});

// spec: P-48
test('strangers in the account, of whomever they are, are no workers and stay alive', async (t) => {
  const world = await aLoopWorld(t);
  world.cloud.start(testingId, crypto.randomUUID(), 1);
  await world.clock.step(60 * minuteMs);
  await observeScope(world.parts, testingKey, unaborted);
  assert.ok([...world.cloud.machines.values()].every(({ presence }) => presence === 'alive'));
  assert.equal(world.numbers.get(`worker_manager_orphans_total ${testingId} report`), 1);
});
