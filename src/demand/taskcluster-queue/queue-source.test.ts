import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { queueWorkers } from '#core/demand.ts';
import type { DemandSource } from '#core/demand.ts';
import { ServiceError } from '#core/error.ts';
import { SteppedClock, systemClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import { seed } from '#test/seed.ts';
import { queueSource } from './queue-source.ts';

const credentials = { clientId: 'static/taskcluster/worker-manager', accessToken: 'a-token-for-the-queue' };
const pool = 'proj-a/linux';
const { signal } = new AbortController();

/** A queue that checks signatures and scopes, and the source that asks it. Waits between retries take no real time. */
async function aQueue(
  t: TestContext,
  more: { timeoutMs?: number } = {},
): Promise<{ queue: QueueSimulator; source: DemandSource }> {
  const clock = new SteppedClock(new Date('2026-03-01T12:00:00Z'));
  const known = {
    ...credentials,
    scopes: ['queue:pending-count:*', 'queue:claimed-count:*', 'queue:list-workers:*', 'queue:get-worker:*'],
  };
  const queue = await startQueueSimulator({
    clock,
    clients: (clientId) => (clientId === known.clientId ? known : undefined),
  });
  t.after(() => queue.close());
  const impatient = {
    now: () => clock.now(),
    sleep: (ms: number, ended?: AbortSignal) => systemClock.sleep(ms / 100, ended),
  };
  const source = queueSource({
    rootUrl: queue.url,
    credentials,
    clock: impatient,
    random: seededRandom(seed),
    ...more,
  });
  return { queue, source };
}

test('pending and claimed tasks are those the queue counts', async (t) => {
  const { queue, source } = await aQueue(t);
  queue.createTasks(pool, { durationMs: 1_000, count: 7 });
  const { pendingTasks, claimedTasks, at } = await source.counts(pool, signal);
  assert.deepEqual({ pendingTasks, claimedTasks }, { pendingTasks: 7, claimedTasks: 0 });
  assert.equal(at.toISOString(), '2026-03-01T12:00:00.000Z');
});

test('a passing failure of the queue is not noticed', async (t) => {
  const { queue, source } = await aQueue(t);
  queue.createTasks(pool, { durationMs: 1_000, count: 3 });
  queue.turnFaults({ errorsToCome: 2 });
  assert.equal((await source.counts(pool, signal)).pendingTasks, 3);
  assert.equal(queue.counters.faults, 2);
});

test('a queue that is away is never read as no demand', async (t) => {
  const { queue, source } = await aQueue(t);
  queue.turnFaults({ isOut: true });
  await assert.rejects(source.counts(pool, signal), (error) => {
    assert.ok(error instanceof ServiceError);
    assert.equal(error.code, 'unavailable');
    assert.match(error.message, /^the queue gives no answer/);
    return true;
  });
});

test('a queue that hangs is given up after the time limit', async (t) => {
  const { queue, source } = await aQueue(t, { timeoutMs: 2_000 });
  queue.turnFaults({ isHanging: true });
  await assert.rejects(source.counts(pool, signal), /no answer: GET .*TIMEOUT/);
});

test('a question is dropped at once when nobody waits for it', async (t) => {
  const { queue, source } = await aQueue(t);
  queue.turnFaults({ isHanging: true });
  const asked = new AbortController();
  const answer = source.counts(pool, asked.signal);
  asked.abort(new Error('no longer needed'));
  await assert.rejects(answer, /no longer needed/);
});

test('a worker the queue does not know is null, a queue that refuses us is an error', async (t) => {
  const { queue, source } = await aQueue(t);
  assert.equal(await source.worker({ workerPoolId: pool, workerGroup: 'g', workerId: 'w' }, signal), null);
  const stranger = queueSource({
    rootUrl: queue.url,
    credentials: { ...credentials, accessToken: 'another' },
    clock: new SteppedClock(new Date('2026-03-01T12:00:00Z')),
    random: seededRandom(seed),
  });
  await assert.rejects(stranger.counts(pool, signal), /the queue gives no answer: GET .* answered 401/);
});

test('all pages of the queue’s workers are read', async (t) => {
  const { queue, source } = await aQueue(t);
  for (let index = 0; index < 5; index += 1) {
    queue.state.claimWork(pool, { workerGroup: 'g', workerId: `w${index}` }, 1);
  }
  const small: DemandSource = {
    ...source,
    workerPage: (id, page, ended) => source.workerPage(id, { ...page, limit: 2 }, ended),
  };
  const ids: string[] = [];
  for await (const worker of queueWorkers(small, pool, {}, signal)) ids.push(worker.workerId);
  assert.deepEqual(ids.toSorted(), ['w0', 'w1', 'w2', 'w3', 'w4']);
});
