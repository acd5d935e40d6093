import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { anApiWorld, aStaticPool } from '#test/api-world.ts';
import type { ApiWorld } from '#test/api-world.ts';
import { defaultApiSettings } from './parts.ts';

const pool = '/worker-pool/aa%2Fbb';

/** Waits for what happens after the answer, such as the access log. */
async function eventually(world: ApiWorld, isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !isSo(); turn += 1) await world.clock.step(0);
  assert.ok(isSo());
}

// spec: api 2.2, W50
test('an answer that does not match its schema is sent and noted', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aStaticPool() });
  const wrong = { count: 0, capacity: -1 };
  const counts = { requested: wrong, running: wrong, stopping: wrong, stopped: wrong };
  world.parts.store.poolCounts = async () => new Map([['aa/bb', counts]]);
  const { status, body } = await world.call('GET', pool);
  assert.deepEqual([status, body.runningCapacity], [200, -1]);
  const note = world.log.find(({ type, level }) => type === 'monitor.generic' && level === 'err');
  assert.match(JSON.stringify(note?.fields), /workerPool.*runningCapacity must be >= 0/);
});

// spec: api 9.2, 9.3, E75
test('each request leaves one log entry and one count, with what it asked and who it was', async (t) => {
  const world = await anApiWorld(t, { clients: { ann: ['worker-manager:list-worker-pools', 'other'] } });
  await world.call('GET', '/worker-pools?limit=5', { as: 'ann' });
  await world.call('GET', '/worker-pools?limit=5&secret=hush', { as: 'ann' });
  await world.call('POST', '/worker/register', { body: {}, as: null });
  await eventually(world, () => world.log.filter(({ type }) => type === 'monitor.apiMethod').length === 3);
  const [listed, odd, registered] = world.log.filter(({ type }) => type === 'monitor.apiMethod');
  assert.deepEqual(listed, {
    type: 'monitor.apiMethod',
    level: 'notice',
    fields: {
      v: 2,
      name: 'listWorkerPools',
      apiVersion: 'v1',
      resource: '/worker-pools',
      query: { limit: '5' },
      method: 'get',
      statusCode: 200,
      duration: 0,
      public: false,
      sourceIp: '127.0.0.1',
      clientId: 'ann',
      expires: '',
      satisfyingScopes: ['worker-manager:list-worker-pools'],
      authenticated: true,
    },
  });
  assert.equal(odd?.fields['statusCode'], 400);
  assert.deepEqual(odd?.fields['query'], { limit: '5' });
  assert.deepEqual([registered?.fields['public'], registered?.fields['clientId']], [true, '']);
  const count = world.metrics.find(({ name }) => name === 'http_requests_total');
  assert.deepEqual(count?.labels, {
    method: 'get',
    name: 'listWorkerPools',
    status: '200',
    service: 'worker-manager',
  });
  assert.equal(world.metrics.filter(({ name }) => name === 'http_request_duration_seconds').length, 3);
});

// spec: api 9.2
test('a caller that goes away leaves its one log entry too', async (t) => {
  const world = await anApiWorld(t, { anonymous: ['*'] });
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
  const asked = new Promise<void>((resolve) => {
    world.parts.store.poolsPage = async () => {
      resolve();
      return await new Promise(() => undefined);
    };
  });
  socket.write('GET /api/worker-manager/v1/worker-pools HTTP/1.1\r\nHost: x\r\n\r\n');
  await asked;
  socket.destroy();
  const entries = (): number => world.log.filter(({ type }) => type === 'monitor.apiMethod').length;
  await eventually(world, () => entries() === 1);
  await world.call('GET', '/ping');
  await eventually(world, () => entries() === 2);
});

// spec: api 2.7
test('the caller’s address comes from proxies only when they are trusted', async (t) => {
  const headers = { 'x-forwarded-for': '203.0.113.9, 10.0.0.1' };
  for (const trustProxy of [true, false]) {
    const world = await anApiWorld(t, { settings: { ...defaultApiSettings, trustProxy } });
    await world.call('GET', '/ping', { headers });
    await eventually(world, () => world.log.some(({ type }) => type === 'monitor.apiMethod'));
    const entry = world.log.find(({ type }) => type === 'monitor.apiMethod');
    assert.equal(entry?.fields['sourceIp'], trustProxy ? '203.0.113.9' : '127.0.0.1');
  }
});
