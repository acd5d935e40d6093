import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import { aSimulator, clientOf, clients, root, withStatus } from './queue-fixture.ts';
import type { ApiError } from './queue-fixture.ts';

const queueId = 'prov/type';
const minuteMs = 60_000;
const claimBody = { tasks: 2, workerGroup: 'g', workerId: 'w' };

test('errors come at the rate, the number and the methods of the dials, and are counted', async (t) => {
  const simulator = await aSimulator(t, { seed: 5 });
  const queue = clientOf(simulator);
  simulator.turnFaults({ errorsToCome: 2, errorStatus: 503, methods: ['pendingTasks'] });
  await queue.taskQueueCounts(queueId);
  await assert.rejects(queue.pendingTasks(queueId), withStatus(503, 'InternalServerError'));
  await assert.rejects(queue.pendingTasks(queueId), withStatus(503, 'InternalServerError'));
  await queue.pendingTasks(queueId);
  simulator.turnFaults({ errorRate: 0.5, methods: null });
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => queue.pendingTasks(queueId)));
  const failures = outcomes.filter(({ status }) => status === 'rejected').length;
  assert.ok(failures > 30 && failures < 70, `${failures} of 100`);
  assert.equal(simulator.counters.faults, failures + 2);
  assert.deepEqual(simulator.counters.calls, { taskQueueCounts: 1, pendingTasks: 103 });
});

test('an outage cuts connections, a hang never answers, a reset ends both', async (t) => {
  const simulator = await aSimulator(t);
  simulator.turnFaults({ isOut: true });
  await assert.rejects(clientOf(simulator).pendingTasks(queueId));
  simulator.turnFaults({ isOut: false, isHanging: true });
  await assert.rejects(
    clientOf(simulator, undefined, { timeout: 50 }).pendingTasks(queueId),
    (error: ApiError) => error.code === 'ECONNABORTED',
  );
  simulator.resetFaults();
  await clientOf(simulator).pendingTasks(queueId);
});

test('latency passes on the clock of the simulator', async (t) => {
  const clock = new SteppedClock(new Date());
  const simulator = await aSimulator(t, { clock });
  simulator.turnFaults({ latencyMs: 3 * minuteMs });
  let isAnswered = false;
  const answer = clientOf(simulator)
    .pendingTasks(queueId)
    .then(() => (isAnswered = true));
  while (clock.pending === 0) {
    await new Promise(setImmediate);
  }
  await clock.step(2 * minuteMs);
  assert.equal(isAnswered, false);
  await clock.step(minuteMs);
  await answer;
});

test('stale counts stay what they were until the dial is turned back', async (t) => {
  const simulator = await aSimulator(t);
  const queue = clientOf(simulator);
  simulator.createTasks(queueId, { durationMs: 1, count: 2 });
  simulator.turnFaults({ areCountsStale: true });
  simulator.createTasks(queueId, { durationMs: 1, count: 5 });
  assert.equal((await queue.taskQueueCounts(queueId)).pendingTasks, 2);
  assert.equal(simulator.counts(queueId).pendingTasks, 7);
  simulator.turnFaults({ areCountsStale: false });
  assert.equal((await queue.taskQueueCounts(queueId)).pendingTasks, 7);
});

test('the levers work over HTTP as in process', async (t) => {
  const simulator = await aSimulator(t, { clients });
  interface Answer {
    taskIds?: string[];
    errorRate?: number;
    queues?: unknown[];
    totals?: { exceptions: Record<string, number> };
  }
  const pull = async (path: string, body: unknown) => {
    const answer = await fetch(`${simulator.url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Answer };
  };
  const made = await pull('tasks', { taskQueueId: queueId, count: 3, durationMs: 10 });
  assert.equal(made.body.taskIds?.length, 3);
  await clientOf(simulator, root).claimWork(queueId, claimBody);
  const gone = await pull('worker-gone', { workerPoolId: queueId, workerGroup: 'g', workerId: 'w', reason: 'any' });
  assert.deepEqual(gone.body, { resolved: 2 });
  assert.equal((await pull('faults', { errorRate: 0.1 })).body.errorRate, 0.1);
  assert.equal((await pull('faults', { errorRat: 0.1 })).status, 400);
  assert.equal((await pull('unknown', {})).status, 404);
  const state = (await (await fetch(`${simulator.url}/_sim/state`)).json()) as Answer;
  assert.deepEqual(state.queues, [{ taskQueueId: queueId, pendingTasks: 3, claimedTasks: 0, workers: 1 }]);
  assert.equal(state.totals?.exceptions['worker-shutdown'], 2);
});
