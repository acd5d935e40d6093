import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minuteMs, poolId } from '#test/conformance/store/samples.ts';
import { aBusyPool, aLoopWorld, testingId, testingKey, unaborted } from '#test/loop-world.ts';
import { advanceScope } from './advance.ts';
import { hasten } from './hasten.ts';
import { provisionPool } from './provision.ts';

test('a worker to which something happened is looked at before its time', async (t) => {
  const asked: string[] = [];
  const world = await aLoopWorld(t, {
    fleet: (plain) => ({
      inspect: (scope, workers, signal) => {
        asked.push(...workers.map(({ workerId }) => workerId));
        return plain.inspect(scope, workers, signal);
      },
    }),
  });
  await aBusyPool(world, { pendingTasks: 2 });
  await provisionPool(world.parts, poolId, unaborted);
  const [workerId = ''] = world.cloud.machines.keys();
  await advanceScope(world.parts, testingKey, unaborted);
  assert.deepEqual(asked, []);
  await hasten(world.parts, { providerId: testingId, scope: 'testing', workerIds: [workerId, 'unknown'] });
  await advanceScope(world.parts, testingKey, unaborted);
  assert.deepEqual(asked, [workerId]);
});

test('without the database it is told, and the worker has its next look anyway', async (t) => {
  const world = await aLoopWorld(t);
  const store = { ...world.store, hasten: async () => Promise.reject(new Error('no database')) };
  await hasten({ ...world.parts, store }, { providerId: testingId, scope: 'testing', workerIds: ['m-1'] });
  assert.deepEqual(
    world.entries.map(({ type }) => type),
    ['monitor.error'],
  );
  await world.clock.step(minuteMs);
});
