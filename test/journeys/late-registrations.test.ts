// spec: api 1.20, P-34, P-57, E52, E54

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { segment } from '#demo/client.ts';
import type { JsonObject } from '#core/json.ts';
import type { Worker } from '#core/worker.ts';
import { aWorld, hourMs, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aPool, aStaticPool } from './a-pool.ts';
import { machineProof, register, timeless } from './machine-proof.ts';

const pool = 'proj/doors';
const regions = ['us-east-1', 'us-west-2'];

interface Scene {
  world: World;
  worker: Worker;
  /** The machine's own, true proof. */
  proof: JsonObject;
}

/** A machine that has booted, and whose program has not asked for anything yet. */
async function aScene(t: TestContext, awsProviders = ['aws-demo']): Promise<Scene> {
  const world = await aWorld(t, { regions, awsProviders });
  await world.createPool(pool, aPool({ min: 1, max: 3 }));
  await world.provision();
  await world.clock.step(minuteMs);
  const [worker] = await world.rows(pool);
  assert.ok(worker !== undefined);
  const { document, signature } = await machineProof(world, worker.workerId);
  return { world, worker, proof: { document, signature } };
}

/** Asserts that a true proof is refused just as a false one is, and that nothing changed. */
async function assertRefusedLikeAStranger({ world, worker, proof }: Scene, providerId = 'aws-demo'): Promise<void> {
  const before = await world.service.store.registrationView(worker);
  const late = await register(world, { ...worker, providerId }, proof);
  const stranger = await register(world, { ...worker, providerId: 'aws-demo' }, { document: 'x', signature: 'x' });
  assert.equal(stranger.status, 400);
  assert.deepEqual(timeless(late), timeless(stranger));
  assert.deepEqual(await world.service.store.registrationView(worker), before);
}

async function runningEvents(world: World): Promise<number> {
  await world.deliver();
  return world.events.filter(({ exchange }) => exchange === 'worker-running').length;
}

test('a registration whose answer was lost may be repeated for five minutes; then its proof is worth nothing', async (t) => {
  const scene = await aScene(t);
  const { world, worker, proof } = scene;
  const first = await register(world, worker, proof);
  assert.equal(first.status, 200);
  await world.clock.step(4 * minuteMs);
  const again = await register(world, worker, proof);
  assert.equal(again.status, 200);
  assert.notEqual(again.body['secret'], first.body['secret'], 'only the last secret counts');
  assert.equal(await runningEvents(world), 1);

  await world.clock.step(minuteMs + secondMs);
  await assertRefusedLikeAStranger(scene);
  assert.equal(await runningEvents(world), 1);
});

test('once a worker has renewed its credentials, its proof is worth nothing, however soon', async (t) => {
  const scene = await aScene(t);
  const { world } = scene;
  const { secret } = (await register(world, scene.worker, scene.proof)).body;
  const { workerGroup, workerId } = scene.worker;
  await world.client.call('POST', '/worker/reregister', { workerPoolId: pool, workerGroup, workerId, secret });
  await assertRefusedLikeAStranger(scene);
});

test('an expired worker is refused like a stranger', async (t) => {
  const scene = await aScene(t);
  await scene.world.clock.step(8 * 24 * hourMs);
  await assertRefusedLikeAStranger(scene);
});

test('a worker that is being removed, and one that is gone, are refused like strangers', async (t) => {
  const scene = await aScene(t);
  const { world, worker } = scene;
  await world.client.call('DELETE', `/workers/${segment(pool)}/${worker.workerGroup}/${worker.workerId}`);
  await assertRefusedLikeAStranger(scene);
  await world.live(minuteMs);
  assert.equal((await world.service.store.worker(worker))?.state, 'stopped');
  await assertRefusedLikeAStranger(scene);
});

test('a worker of another provider of the same pool is refused like a stranger', async (t) => {
  const scene = await aScene(t, ['aws-demo', 'aws-other']);
  await scene.world.updatePool(pool, aPool({ providerId: 'aws-other' }));
  await assertRefusedLikeAStranger(scene, 'aws-other');
  const own = await register(scene.world, scene.worker, scene.proof);
  assert.equal(own.status, 200, 'its own one, now a previous provider of the pool, is the right one');
});

test('a wrong static secret has the same face', async (t) => {
  const scene = await aScene(t);
  const { world } = scene;
  await world.createPool('proj/desk', aStaticPool());
  const expires = new Date(world.clock.now().getTime() + hourMs).toISOString();
  const staticSecret = 'a-secret-of-forty-four-characters-0123456789';
  await world.client.call('PUT', '/workers/proj%2Fdesk/desk/mac', { expires, providerInfo: { staticSecret } });
  const mac = { workerPoolId: 'proj/desk', workerGroup: 'desk', workerId: 'mac', providerId: 'static-demo' };
  const wrong = await register(world, mac, { staticSecret: staticSecret.replace('9', '8') });
  const stranger = await register(world, scene.worker, { document: 'x', signature: 'x' });
  assert.deepEqual(timeless(wrong), timeless(stranger));
  assert.deepEqual(
    timeless(await register(world, mac, scene.proof)),
    timeless(stranger),
    'nor is a machine’s proof one',
  );
  assert.equal((await register(world, mac, { staticSecret })).status, 200);
});
