import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSimulator, aTask, clientOf, clients, root, taskId, withStatus, workerCredentials } from './queue-fixture.ts';
import type { ApiError } from './queue-fixture.ts';

const queueId = 'prov/type';
const minuteMs = 60_000;
const claimBody = { tasks: 2, workerGroup: 'g', workerId: 'w' };

test('the published client creates, claims, renews and resolves a task, each with the right credentials', async (t) => {
  const simulator = await aSimulator(t, { clients });
  const creator = clientOf(simulator, root);
  const { status } = await creator.createTask(taskId, aTask());
  assert.equal(status.state, 'pending');
  assert.equal(status.taskQueueId, queueId);
  assert.deepEqual(await creator.taskQueueCounts(queueId), {
    taskQueueId: queueId,
    provisionerId: 'prov',
    workerType: 'type',
    pendingTasks: 1,
    claimedTasks: 0,
  });
  assert.equal((await creator.pendingTasks(queueId)).pendingTasks, 1);

  const worker = clientOf(simulator, workerCredentials([`queue:claim-work:${queueId}`, 'queue:worker-id:g/w']));
  const { tasks } = await worker.claimWork(queueId, claimBody);
  assert.equal(tasks.length, 1);
  const claim = tasks[0]!;
  assert.deepEqual(Object.keys(claim).toSorted(), [
    'credentials',
    'runId',
    'status',
    'takenUntil',
    'task',
    'workerGroup',
    'workerId',
  ]);
  assert.equal(claim.status.taskId, taskId);
  assert.equal(claim.status.runs[0]?.takenUntil, claim.takenUntil);
  assert.equal(claim.task.payload.durationMs, 1000);
  assert.equal(claim.task.provisionerId, 'prov');

  const holder = clientOf(simulator, claim.credentials);
  const renewed = await holder.reclaimTask(taskId, claim.runId);
  assert.ok(renewed.takenUntil >= claim.takenUntil);
  await assert.rejects(worker.reportCompleted(taskId, 0), withStatus(403, 'InsufficientScopes'));
  const resolved = await clientOf(simulator, renewed.credentials).reportCompleted(taskId, 0);
  assert.equal(resolved.status.state, 'completed');
  assert.equal((await creator.status(taskId)).status.runs[0]?.reasonResolved, 'completed');
  assert.equal((await creator.task(taskId)).schedulerId, '-');
});

test('failed, exception, cancelTask and claimTask answer in the same shapes', async (t) => {
  const simulator = await aSimulator(t, { clients });
  const queue = clientOf(simulator, root);
  const taskIds = simulator.createTasks(queueId, { durationMs: 1, count: 4 });
  const [failing, excepting, cancelled, chosen] = taskIds as [string, string, string, string];
  await queue.claimWork(queueId, claimBody);
  assert.equal((await queue.reportFailed(failing, 0)).status.state, 'failed');
  const { status } = await queue.reportException(excepting, 0, { reason: 'worker-shutdown' });
  assert.equal(status.state, 'pending');
  assert.equal(status.retriesLeft, 4);
  assert.equal((await queue.cancelTask(cancelled)).status.runs[0]?.reasonResolved, 'canceled');
  const claim = await queue.claimTask(chosen, 0, { workerGroup: 'g', workerId: 'w' });
  assert.equal(claim.status.state, 'running');
  await assert.rejects(
    queue.claimTask(chosen, 0, { workerGroup: 'g', workerId: 'w2' }),
    withStatus(409, 'RequestConflict'),
  );
});

test('workers are listed, shown and quarantined as the published client asks', async (t) => {
  const simulator = await aSimulator(t, { clients });
  const queue = clientOf(simulator, root);
  const [first] = simulator.createTasks(queueId, { durationMs: 1 });
  for (const workerId of ['a', 'b', 'c']) {
    await queue.claimWork(queueId, { workerGroup: 'g', workerId });
  }
  const page = await queue.listWorkers('prov', 'type', { limit: 2 });
  assert.deepEqual(
    page.workers.map(({ workerId }) => workerId),
    ['a', 'b'],
  );
  assert.deepEqual(page.workers[0]?.latestTask, { taskId: first, runId: 0 });
  assert.equal('latestTask' in page.workers[1]!, false);
  const next = await queue.listWorkers('prov', 'type', { limit: 2, continuationToken: page.continuationToken });
  assert.deepEqual(
    next.workers.map(({ workerId }) => workerId),
    ['c'],
  );
  assert.equal('continuationToken' in next, false);

  const until = new Date(Date.now() + 60 * minuteMs).toISOString();
  await queue.quarantineWorker('prov', 'type', 'g', 'b', { quarantineUntil: until, quarantineInfo: 'odd noise' });
  const shown = await queue.getWorker('prov', 'type', 'g', 'b');
  assert.equal(shown.quarantineUntil, until);
  assert.deepEqual(shown.recentTasks, []);
  const { updatedAt, ...detail } = shown.quarantineDetails[0]!;
  assert.deepEqual(detail, { clientId: 'root', quarantineUntil: until, quarantineInfo: 'odd noise' });
  assert.ok(updatedAt);
  for (const [quarantined, expected] of [
    ['true', ['b']],
    ['false', ['a', 'c']],
  ] as const) {
    const { workers } = await queue.listWorkers('prov', 'type', { quarantined });
    assert.deepEqual(
      workers.map(({ workerId }) => workerId),
      expected,
    );
  }
  await assert.rejects(queue.getWorker('prov', 'type', 'g', 'x'), withStatus(404, 'ResourceNotFound'));
  assert.deepEqual(await queue.listWorkers('prov', 'other'), { workers: [] });
});

test('an unencoded slash in a task queue id is understood', async (t) => {
  const simulator = await aSimulator(t);
  simulator.createTasks(queueId, { durationMs: 1, count: 3 });
  const answer = await fetch(`${simulator.url}/api/queue/v1/task-queues/${queueId}/counts`);
  assert.equal(((await answer.json()) as { pendingTasks: number }).pendingTasks, 3);
});

test('what makes no sense gets a 4xx that says so', async (t) => {
  const simulator = await aSimulator(t);
  const queue = clientOf(simulator);
  const bad: [code: string, call: () => Promise<unknown>][] = [
    ['InvalidRequestArguments', () => queue.createTask('not-a-slugid', aTask())],
    ['InputValidationError', () => queue.createTask(taskId, aTask({ taskQueueId: 'no-slash' }))],
    ['InputValidationError', () => queue.createTask(taskId, aTask({ priority: 'urgent' }))],
    ['InputValidationError', () => queue.createTask(taskId, aTask({ surprise: 1 }))],
    ['InputValidationError', () => queue.createTask(taskId, aTask({ metadata: {} }))],
    ['InputError', () => queue.createTask(taskId, aTask({ deadline: '2001-01-01T00:00:00Z' }))],
    ['InputError', () => queue.createTask(taskId, aTask({ dependencies: ['fN1SbArXTPSVFNUvaOlinA'] }))],
    ['InputValidationError', () => queue.claimWork(queueId, { tasks: 33, workerGroup: 'g', workerId: 'w' })],
    ['InputValidationError', () => queue.claimWork(queueId, { workerGroup: 'g.h', workerId: 'w' })],
    ['InvalidRequestArguments', () => queue.claimWork('no-slash', claimBody)],
    ['InputValidationError', () => queue.reportException(taskId, 0, { reason: 'tired' })],
    ['InvalidRequestArguments', () => queue.listWorkers('prov', 'type', { quarantined: 'maybe' })],
    ['ResourceNotFound', () => queue.status(taskId)],
  ];
  for (const [index, [code, call]] of bad.entries()) {
    await assert.rejects(call(), (error: ApiError) => {
      assert.equal(error.code, code, `case ${index}`);
      return (error.statusCode ?? 0) >= 400 && (error.statusCode ?? 0) < 500;
    });
  }
  const raw = async (path: string, body?: string) =>
    (await fetch(`${simulator.url}${path}`, body === undefined ? {} : { method: 'PUT', body })).status;
  assert.equal(await raw(`/api/queue/v1/task/${taskId}`, '{not json'), 400);
  assert.equal(await raw('/api/queue/v1/pending/%E0%A4%A'), 400);
  assert.equal(await raw('/api/queue/v1/no-such-thing'), 404);
  assert.equal(await raw('/elsewhere'), 404);
});
