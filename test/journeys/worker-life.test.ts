// spec: provisioning 1.4, 1.8

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '#demo/client.ts';
import type { WorkerEvent } from '#core/events.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World, WorldOptions } from '#test/world.ts';
import { aPool } from './a-pool.ts';

const pool = 'proj/lives';
const options: WorldOptions = { regions: ['us-east-1', 'us-west-2'] };

/** What was told of each worker, in order, by worker id. */
function lives(world: World): Map<string, string[]> {
  const told = new Map<string, string[]>();
  for (const event of world.events) {
    if (!isOfWorker(event)) continue;
    const { workerId } = event.payload;
    told.set(workerId, [...(told.get(workerId) ?? []), event.exchange.replace('worker-', '')]);
  }
  return told;
}

function isOfWorker(event: World['events'][number]): event is WorkerEvent {
  return ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped'].includes(event.exchange);
}

function reasons(world: World): (string | undefined)[] {
  return world.events.flatMap((event) => (event.exchange === 'worker-removed' ? [event.payload.reason] : []));
}

test('a worker that renews its credentials in time lives on, and each renewal moves its end', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 1, max: 2, lifecycle: { reregistrationTimeout: 3600 } }));
  await world.liveUntil('it runs', async () => (await world.states(pool)).running === 1);
  const [young] = await world.rows(pool);
  const registeredAt = young?.registeredAt?.getTime() ?? 0;
  assert.equal(young?.terminateAfter?.getTime(), registeredAt + hourMs, 'from its registration on');

  await world.live(4 * hourMs, 2 * minuteMs);
  assert.deepEqual(await world.states(pool), { running: 1 });
  const [old] = await world.rows(pool);
  assert.equal(old?.workerId, young?.workerId);
  assert.ok(world.workers.counters.reregistered >= 7, `${world.workers.counters.reregistered} renewals`);
  assert.ok((old?.terminateAfter?.getTime() ?? 0) > world.clock.now().getTime());
});

test('a worker that does not renew its credentials is removed when they end', async (t) => {
  const world = await aWorld(t, options);
  await world.createPool(pool, aPool({ min: 1, max: 2, lifecycle: { reregistrationTimeout: 3600 } }));
  await world.liveUntil('it runs', async () => (await world.states(pool)).running === 1);
  const [worker] = await world.rows(pool);
  // Its program does nothing any more: only the service's loops turn.
  const endMs = worker?.terminateAfter?.getTime() ?? 0;
  await world.clock.step(endMs - world.clock.now().getTime());
  await world.scan();
  assert.deepEqual(await world.states(pool), { running: 1 }, 'to the last moment');
  await world.clock.step(secondMs);
  await world.scan();
  await world.provision();
  assert.deepEqual(await world.states(pool), { stopping: 1, requested: 1 });
  assert.equal(world.ec2.counts.terminated, 1);
  await world.live(minuteMs);
  assert.deepEqual(reasons(world), ['terminateAfter time exceeded']);
  assert.deepEqual(lives(world).get(worker?.workerId ?? ''), ['requested', 'running', 'removed', 'stopped']);
});

test('of every worker is told once and in order what became of it, whatever did', async (t) => {
  const world = await aWorld(t, {
    ...options,
    dials: { neverRegisters: 0.2, crashesWhileWorking: 0.1, endsByItself: 0.1, endsByItselfAfterMs: [0, 5 * minuteMs] },
  });
  await world.createPool(pool, aPool({ max: 12, lifecycle: { registrationTimeout: 180 } }));
  world.queue.createTasks(pool, { durationMs: 2 * minuteMs, count: 30 });
  await world.live(3 * minuteMs);
  for (const { workerGroup, workerId } of (await world.rows(pool)).slice(0, 3)) {
    await world.client.call('DELETE', `/workers/${segment(pool)}/${workerGroup}/${workerId}`);
  }
  await world.live(3 * minuteMs);
  await world.deletePool(pool);
  const isDrained = async (): Promise<boolean> =>
    Object.keys(await world.states(pool)).every((state) => state === 'stopped');
  await world.liveUntil('drained', isDrained, 2 * hourMs, 30 * secondMs);
  await world.deliver();

  const told = lives(world);
  assert.equal(told.size, world.ec2.counts.launched);
  const possible = new Set([
    'requested running removed stopped',
    'requested running stopped',
    'requested removed stopped',
    'requested stopped',
  ]);
  for (const [workerId, life] of told) assert.ok(possible.has(life.join(' ')), `${workerId}: ${life.join(' ')}`);
  assert.equal(world.ec2.counts.alive, 0);
  assert.deepEqual(await world.service.store.backlog(), { count: 0, oldest: null }, 'nothing waits to be told');
});

test('a worker is due within seconds at both ends of its life', async (t) => {
  const world = await aWorld(t, { ...options, dials: { bootMs: [20_000, 20_000], shutDownMs: [10_000, 10_000] } });
  await world.createPool(pool, aPool({ min: 1 }));
  await world.provision();
  await world.live(30 * secondMs, 5 * secondMs);
  assert.deepEqual(await world.states(pool), { running: 1 });
  const [worker] = await world.rows(pool);
  await world.client.call('DELETE', `/workers/${segment(pool)}/us-west-2/${worker?.workerId}`);
  assert.equal(world.ec2.counts.terminated, 0, 'the API itself waits for no cloud');
  await world.advance();
  assert.equal(world.ec2.counts.terminated, 1, 'the next turn of the fast lane does it');
  await world.clock.step(15 * secondMs);
  await world.advance();
  assert.deepEqual(await world.states(pool), { stopped: 1 });
});
