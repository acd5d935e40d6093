import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { queueSource } from '#src/demand/taskcluster-queue/queue-source.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import { aClock, anApiWorld, aPool } from '#test/api-world.ts';
import type { ApiWorld } from '#test/api-world.ts';

const pool = 'aa/bb';
const workers = '/provisioners/aa/worker-types/bb/workers';
const hourMs = 3_600_000;

/** A world whose queue is a simulated one. */
async function withQueue(t: TestContext): Promise<{ world: ApiWorld; queue: QueueSimulator }> {
  const clock = aClock();
  const queue = await startQueueSimulator({ clock });
  t.after(() => queue.close());
  const credentials = { clientId: 'us', accessToken: 'token' };
  const demand = queueSource({ rootUrl: queue.url, credentials, clock, random: () => 0 });
  const world = await anApiWorld(t, { clock, demand });
  await world.call('PUT', '/worker-pool/aa%2Fbb', { body: aPool() });
  return { world, queue };
}

/** The worker asks the queue for work, and gets a task. */
function claim(queue: QueueSimulator, workerId: string, workerGroup = 'us-east1-a'): string {
  const [taskId = ''] = queue.createTasks(pool, { durationMs: 1, count: 1 });
  queue.state.claimWork(pool, { workerGroup, workerId }, 1);
  return taskId;
}

function idsOf(items: readonly { workerId: string }[]): string[] {
  return items.map(({ workerId }) => workerId);
}

// spec: api 1.22, E56
test('a worker is not found until the queue knows it, and is then shown with what both know', async (t) => {
  const { world, queue } = await withQueue(t);
  const { launchConfigId } = await world.requestWorker(pool, { workerId: 'w' });
  const path = `${workers}/us-east1-a/w`;
  assert.equal((await world.call('GET', path)).status, 404);
  const taskId = claim(queue, 'w');
  const now = world.clock.now().getTime();
  const { status, body } = await world.call('GET', path);
  assert.equal(status, 200);
  const { quarantineUntil, ...rest } = body;
  assert.ok(Date.parse(quarantineUntil) < now - 9 * 365 * 24 * hourMs);
  assert.deepEqual(rest, {
    provisionerId: 'aa',
    workerType: 'bb',
    workerPoolId: pool,
    workerGroup: 'us-east1-a',
    workerId: 'w',
    recentTasks: [{ taskId, runId: 0 }],
    expires: new Date(now + 24 * hourMs).toISOString(),
    firstClaim: new Date(now).toISOString(),
    lastDateActive: new Date(now).toISOString(),
    quarantineDetails: [],
    state: 'requested',
    capacity: 1,
    providerId: 'cloud',
    launchConfigId,
  });
});

// spec: api 1.22
test('a worker that nobody manages is shown as standalone', async (t) => {
  const { world, queue } = await withQueue(t);
  claim(queue, 'own');
  const { body } = await world.call('GET', workers);
  const [{ state, capacity, providerId }] = body.workers;
  assert.deepEqual([state, capacity, providerId], ['standalone', 0, 'none']);
  assert.equal('launchConfigId' in body.workers[0], false);
});

// spec: W14
test('a worker is its pool, group and id: another of the same id adds nothing', async (t) => {
  const { world, queue } = await withQueue(t);
  await world.call('PUT', '/worker-pool/aa%2Fcc', { body: aPool() });
  await world.requestWorker('aa/cc', { workerId: 'w' });
  await world.requestWorker(pool, { workerId: 'w', workerGroup: 'elsewhere' });
  const taskId = claim(queue, 'w');
  const { body } = await world.call('GET', workers);
  assert.deepEqual(idsOf(body.workers), ['w']);
  assert.equal(body.workers[0].state, 'standalone');
  assert.deepEqual(body.workers[0].latestTask, { taskId, runId: 0 });
});

// spec: api 1.22, E57
test('listed workers are chosen by state, launch config and quarantine', async (t) => {
  const { world, queue } = await withQueue(t);
  for (const workerId of ['one', 'two']) await world.requestWorker(pool, { workerId });
  for (const workerId of ['one', 'two', 'own']) claim(queue, workerId);
  await world.call('DELETE', '/workers/aa%2Fbb/us-east1-a/two');
  const row = queue.state.workers(pool)?.find({ workerGroup: 'us-east1-a', workerId: 'own' }, world.clock.now());
  row!.quarantineUntil = new Date(world.clock.now().getTime() + hourMs);

  const list = async (query: string): Promise<string[]> =>
    idsOf((await world.call('GET', `${workers}${query}`)).body.workers);
  assert.deepEqual(await list(''), ['one', 'two', 'own']);
  assert.deepEqual(await list('?quarantined=false'), ['one', 'two', 'own']);
  assert.deepEqual(await list('?quarantined=true'), ['own']);
  assert.deepEqual(await list('?workerState=requested'), ['one']);
  assert.deepEqual(await list('?workerState=stopping'), ['two']);
  const { launchConfigId } = (await world.call('GET', '/workers/aa%2Fbb/us-east1-a/one')).body;
  assert.deepEqual(await list(`?launchConfigId=${launchConfigId}`), ['one', 'two']);
  assert.deepEqual(await list('?launchConfigId=none_such'), []);
  assert.equal((await world.call('GET', `${workers}?workerState=standalone`)).status, 400);
});

// spec: api 1.22, 2.6
test('pages neither repeat nor lose a worker, filtered or not', async (t) => {
  const { world, queue } = await withQueue(t);
  const managed: string[] = [];
  for (let index = 0; index < 7; index += 1) {
    claim(queue, `w${index}`);
    if (index % 2 === 1) continue;
    await world.requestWorker(pool, { workerId: `w${index}` });
    managed.push(`w${index}`);
  }
  const all = Array.from({ length: 7 }, (_, index) => `w${index}`);
  for (const [filter, expected] of [
    ['', all],
    ['&workerState=requested', managed],
  ] as const) {
    for (const limit of [1, 2, 3, 7, 8]) {
      const seen: string[] = [];
      let token = '';
      do {
        const { body } = await world.call('GET', `${workers}?limit=${limit}${filter}${token}`);
        assert.ok(body.workers.length <= limit && body.workers.length > 0);
        seen.push(...idsOf(body.workers));
        token = body.continuationToken === undefined ? '' : `&continuationToken=${body.continuationToken}`;
      } while (token !== '');
      assert.deepEqual(seen, expected, `${filter} by ${limit}`);
    }
  }
});

// spec: W15
test('names that cannot be a pool are refused; a pool the queue does not know has no workers', async (t) => {
  const { world } = await withQueue(t);
  assert.deepEqual((await world.call('GET', '/provisioners/no/worker-types/such/workers')).body, { workers: [] });
  for (const path of [
    '/provisioners/a%2Fb/worker-types/bb/workers',
    '/provisioners/aa/worker-types/B/workers',
    '/provisioners/aa/worker-types/bb/workers/g%2Fg/w',
  ]) {
    const { status, body } = await world.call('GET', path);
    assert.deepEqual([status, body.code], [400, 'InvalidRequestArguments'], path);
  }
});

// spec: api 7.8
test('a queue that gives no answer is asked again later', async (t) => {
  const clock = aClock();
  const credentials = { clientId: 'us', accessToken: 'token' };
  const noWaiting = { now: () => clock.now(), sleep: async () => undefined };
  const demand = queueSource({
    rootUrl: 'http://127.0.0.1:9',
    credentials,
    clock: noWaiting,
    random: () => 0,
    timeoutMs: 2 ** 40,
  });
  const world = await anApiWorld(t, { clock, demand });
  assert.equal((await world.call('GET', workers)).status, 503);
});
