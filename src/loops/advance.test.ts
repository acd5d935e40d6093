import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fleet } from '#core/provider.ts';
import type { WorkerKey } from '#core/worker.ts';
import { after, minuteMs, poolId } from '#test/conformance/store/samples.ts';
import { aBusyPool, aLoopWorld, testingKey, unaborted } from '#test/loop-world.ts';
import type { LoopWorld } from '#test/loop-world.ts';
import { advanceScope } from './advance.ts';
import { provisionPool } from './provision.ts';

async function workers(world: LoopWorld, count: number): Promise<readonly WorkerKey[]> {
  await aBusyPool(world, { pendingTasks: count, maxCapacity: count });
  await provisionPool(world.parts, poolId, unaborted);
  return (await world.store.workersPage({ workerPoolId: poolId }, { after: null, limit: count })).rows;
}

async function remove({ store, clock }: LoopWorld, removed: readonly WorkerKey[]): Promise<void> {
  await store.moveWorkers(
    removed.map((worker) => ({ worker, move: 'remove', reason: 'not needed' })),
    clock.now(),
  );
}

async function stateOf({ store }: LoopWorld, key: WorkerKey): Promise<string | undefined> {
  return (await store.worker(key))?.state;
}

function presence({ cloud }: LoopWorld, { workerId }: WorkerKey): string | undefined {
  return cloud.machines.get(workerId)?.presence;
}

test('removed workers are ended first, also when nothing can be found out about the others', async (t) => {
  const deaf = (): Partial<Fleet> => ({ inspect: async () => Promise.reject(new Error('the cloud does not answer')) });
  const world = await aLoopWorld(t, { fleet: deaf });
  const [removed, waiting] = await workers(world, 2);
  await world.clock.step(minuteMs);
  await remove(world, [removed!]);
  await assert.rejects(advanceScope(world.parts, testingKey, unaborted), /the cloud does not answer/);
  assert.deepEqual([presence(world, removed!), presence(world, waiting!)], ['gone', 'alive']);
  const next = await world.store.nextWorkerDue('testing-1', 'testing');
  assert.ok(next !== null && next > world.clock.now(), 'nothing is asked in a tight circle');
});

// spec: P-21
test('a delete call that is refused is told, and made again until it has worked', async (t) => {
  const world = await aLoopWorld(t);
  const { cloud, clock, parts, entries } = world;
  const [removed] = await workers(world, 1);
  await remove(world, [removed!]);
  cloud.faults.set('terminate', { kind: 'refuse', class: 'throttle' });
  await advanceScope(parts, testingKey, unaborted);
  assert.equal(await stateOf(world, removed!), 'stopping');
  const entry = entries.find(({ type }) => type === 'termination-refused');
  assert.deepEqual([entry?.level, entry?.fields['class']], ['warning', 'throttle']);
  cloud.faults.clear();
  for (let turn = 0; turn < 2; turn += 1) {
    await clock.step(minuteMs);
    await advanceScope(parts, testingKey, unaborted);
  }
  assert.equal(presence(world, removed!), 'gone');
  assert.equal(await stateOf(world, removed!), 'stopped');
});

// spec: P-52
test('a delete call that needs a person is told at once: one error for all of a pool, and not again for an hour', async (t) => {
  const world = await aLoopWorld(t);
  const { cloud, clock, parts, store } = world;
  await remove(world, await workers(world, 3));
  cloud.faults.set('terminate', { kind: 'refuse', class: 'auth' });
  const told = async (): Promise<readonly string[]> => {
    const { rows } = await store.problemsPage({ workerPoolId: poolId }, { after: null, limit: 10 });
    return rows.filter(({ extra }) => extra['code'] === 'Testing-auth').map(({ kind }) => kind);
  };
  await advanceScope(parts, testingKey, unaborted);
  assert.deepEqual(await told(), ['termination-error']);
  await clock.step(minuteMs);
  await advanceScope(parts, testingKey, unaborted);
  assert.deepEqual(await told(), ['termination-error']);
});

// spec: P-02, P-15
test('a removed worker is ended by one call, seen off within seconds, and never asked about again', async (t) => {
  let calls = 0;
  const world = await aLoopWorld(t, {
    fleet: (plain) => ({
      terminate: async (...call) => {
        calls += 1;
        return plain.terminate(...call);
      },
    }),
  });
  const [removed] = await workers(world, 1);
  await remove(world, [removed!]);
  const due = await advanceScope(world.parts, testingKey, unaborted);
  assert.ok(due > world.clock.now() && due <= after(5_000));
  await world.clock.step(5_000);
  await advanceScope(world.parts, testingKey, unaborted);
  assert.deepEqual([await stateOf(world, removed!), calls], ['stopped', 1]);
  assert.equal(await world.store.nextWorkerDue('testing-1', 'testing'), null);
});

test('more workers than one turn takes come at once in the next', async (t) => {
  const world = await aLoopWorld(t);
  const removed = await workers(world, 1_100);
  await remove(world, removed);
  assert.deepEqual(await advanceScope(world.parts, testingKey, unaborted), world.clock.now());
  assert.ok((await advanceScope(world.parts, testingKey, unaborted)) > world.clock.now());
  assert.ok(removed.every((worker) => presence(world, worker) === 'gone'));
});

test('a scope where nothing is due rests for a minute at most, and so does one that cannot be used', async (t) => {
  const world = await aLoopWorld(t);
  assert.deepEqual(await advanceScope(world.parts, testingKey, unaborted), after(60_000));
  world.setUnavailable('no credentials');
  assert.deepEqual(await advanceScope(world.parts, testingKey, unaborted), after(60_000));
});

// spec: P-52
test('people who are told that a machine does not end are told why the cloud refuses', async (t) => {
  const world = await aLoopWorld(t);
  const [removed] = await workers(world, 1);
  await remove(world, [removed!]);
  world.cloud.faults.set('terminate', { kind: 'refuse', class: 'throttle' });
  const told = async (): Promise<readonly string[]> => {
    const { rows } = await world.store.problemsPage({ workerPoolId: poolId }, { after: null, limit: 10 });
    return rows.map(({ description }) => description);
  };
  for (let turn = 0; turn < 12; turn += 1) {
    await advanceScope(world.parts, testingKey, unaborted);
    await world.clock.step(2 * minuteMs);
  }
  const [description = '', ...others] = await told();
  assert.deepEqual(others, []);
  assert.match(description, /still there \(alive\) after 8 looks, refused as Testing-throttle: /);
});
