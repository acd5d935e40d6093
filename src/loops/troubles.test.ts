import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Refusal } from '#core/launch.ts';
import { aPool, launchConfig, minuteMs, poolId } from '#test/conformance/store/samples.ts';
import { aBusyPool, aLoopWorld, testingId, testingKey, unaborted } from '#test/loop-world.ts';
import type { LoopWorld } from '#test/loop-world.ts';
import { advanceScope } from './advance.ts';
import { observeScope } from './observe.ts';
import { provisionPool } from './provision.ts';

const stockOut: Refusal = {
  class: 'capacity',
  code: 'ZONE_RESOURCE_POOL_EXHAUSTED',
  message: 'no machines there now',
  scope: 'testing',
  retryAfterMs: null,
  requestId: null,
  kind: 'operation-error',
  title: 'Operation Error',
};

/** A cloud that accepts launches and finds out later whether it has machines. */
async function aHastyCloud(t: TestContext, pendingTasks: number): Promise<LoopWorld> {
  const world = await aLoopWorld(t, { fleet: () => ({ confirmsLater: true }) });
  await aPool(world.store, { providerId: testingId, launchConfigs: [launchConfig('a')] });
  world.demand.set(poolId, { pendingTasks, claimedTasks: 0 });
  return world;
}

async function provision({ parts }: LoopWorld): Promise<void> {
  await provisionPool(parts, poolId, unaborted);
}

/** All machines that still boot get that presence; then their workers are looked at. */
async function all(world: LoopWorld, presence: 'starting' | 'alive' | 'gone' | 'failed', trouble?: Refusal) {
  for (const machine of world.cloud.machines.values()) {
    if (machine.presence === 'gone') continue;
    machine.presence = presence;
    if (trouble !== undefined) machine.trouble = trouble;
  }
  await world.clock.step(minuteMs);
  await advanceScope(world.parts, testingKey, unaborted);
}

async function problems({ store }: LoopWorld) {
  return (await store.problemsPage({ workerPoolId: poolId }, { after: null, limit: 100 })).rows;
}

async function closed({ store }: LoopWorld): Promise<readonly [scope: string, failures: number][]> {
  return (await store.setbacks(testingId)).map(({ scope, failures }) => [scope, failures]);
}

async function states({ store }: LoopWorld): Promise<readonly string[]> {
  const { rows } = await store.workersPage({ workerPoolId: poolId }, { after: null, limit: 100 });
  return rows.map(({ state, removalReason }) => `${state}: ${removalReason}`).toSorted();
}

// spec: provisioning 7.6, P-52
test('machines that an accepted launch does not get are told as one error, close the scope once, and end for the cloud’s reason', async (t) => {
  const world = await aHastyCloud(t, 3);
  await provision(world);
  await all(world, 'gone', stockOut);
  assert.deepEqual(await states(world), Array(3).fill('stopped: Operation Error: no machines there now'));
  const [problem, ...others] = await problems(world);
  assert.deepEqual(others, []);
  assert.deepEqual(
    [problem?.kind, problem?.title, problem?.description, problem?.extra['code']],
    ['operation-error', 'Operation Error', stockOut.message, stockOut.code],
  );
  assert.deepEqual(await closed(world), [['testing', 1]]);
  const refusals = world.numbers.get(`worker_manager_refusals_total ${poolId} ${testingId} capacity ${stockOut.code}`);
  assert.equal(refusals, 3);
});

// spec: provisioning 7.6, P-52
test('a launch that fails after its acceptance is told also when it may work the next time', async (t) => {
  const world = await aHastyCloud(t, 2);
  await provision(world);
  const internalError: Refusal = { ...stockOut, class: 'transient', code: 'INTERNAL_ERROR', message: 'try again' };
  await all(world, 'gone', internalError);
  assert.deepEqual(
    (await problems(world)).map(({ kind, description, extra }) => [kind, description, extra['class']]),
    [['operation-error', 'try again', 'transient']],
  );
});

test('an accepted probe proves nothing: one that fails closes the scope for longer, one that is sighted with a place opens it', async (t) => {
  const world = await aHastyCloud(t, 10);
  await provision(world);
  await all(world, 'gone', stockOut);
  await world.clock.step(5 * minuteMs);
  await provision(world);
  assert.equal([...world.cloud.machines.values()].filter(({ presence }) => presence !== 'gone').length, 1, 'one probe');
  await all(world, 'starting');
  assert.deepEqual(await closed(world), [['testing', 1]]);
  await all(world, 'gone', stockOut);
  assert.deepEqual(await closed(world), [['testing', 2]]);
  assert.equal((await problems(world)).length, 1, 'of the same incident nothing new is told');
  await world.clock.step(10 * minuteMs);
  await provision(world);
  await all(world, 'alive');
  assert.deepEqual(await closed(world), []);
  await provision(world);
  assert.equal([...world.cloud.machines.values()].filter(({ presence }) => presence !== 'gone').length, 10);
});

test('a machine that a list shows as failed is asked about by id, then removed and ended', async (t) => {
  const world = await aHastyCloud(t, 1);
  await provision(world);
  const [machine] = world.cloud.machines.values();
  machine!.presence = 'failed';
  await observeScope(world.parts, testingKey, unaborted);
  assert.deepEqual(await states(world), ['stopping: failed at the cloud']);
  await advanceScope(world.parts, testingKey, unaborted);
  assert.equal(machine?.presence, 'gone');
});

// spec: api 9.3, W38
test('an observation says of how many workers the cloud told a trouble, and forgets it with the next', async (t) => {
  const world = await aHastyCloud(t, 2);
  await provision(world);
  const [one] = world.cloud.machines.values();
  Object.assign(one!, { presence: 'failed', trouble: stockOut });
  const gauge = `worker_manager_worker_pool_scan_errors ${poolId} ${testingId} testing`;
  await observeScope(world.parts, testingKey, unaborted);
  assert.equal(world.numbers.get(gauge), 1);
  await observeScope(world.parts, testingKey, unaborted);
  assert.equal(world.numbers.get(gauge), 0);
});

test('a machine that failed in the list and lives when asked about is left alone', async (t) => {
  const world = await aLoopWorld(t, {
    fleet: (plain) => ({
      inspect: async (...call) =>
        (await plain.inspect(...call)).map((seen) => ({ ...seen, presence: 'alive' as const })),
    }),
  });
  await aBusyPool(world, { pendingTasks: 1 });
  await provision(world);
  for (const machine of world.cloud.machines.values()) machine.presence = 'failed';
  await observeScope(world.parts, testingKey, unaborted);
  assert.deepEqual(await states(world), ['requested: null']);
});
