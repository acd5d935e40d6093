import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import {
  aSimulator,
  aTask,
  clientOf,
  clients,
  manager,
  root,
  taskId,
  withStatus,
  workerCredentials,
} from './queue-fixture.ts';
import type { ApiError, Credentials } from './queue-fixture.ts';

const queueId = 'prov/type';
const minuteMs = 60_000;
const workerScopes = [`queue:claim-work:${queueId}`, 'queue:worker-id:g/w'];
const claimBody = { tasks: 2, workerGroup: 'g', workerId: 'w' };

test('a worker claims only for itself and its own pool', async (t) => {
  const simulator = await aSimulator(t, { clients });
  const worker = clientOf(simulator, workerCredentials(workerScopes));
  assert.deepEqual(await worker.claimWork(queueId, claimBody), { tasks: [] });
  const other = { ...claimBody, workerId: 'w2' };
  await assert.rejects(worker.claimWork(queueId, other), withStatus(403, 'InsufficientScopes'));
  await assert.rejects(worker.claimWork('prov/other', claimBody), withStatus(403, 'InsufficientScopes'));
  await assert.rejects(clientOf(simulator).claimWork(queueId, claimBody), withStatus(403, 'InsufficientScopes'));
  assert.equal(simulator.counters.refusals['InsufficientScopes'], 3);
});

test('credentials that are forged, expired, too long-lived, or grant what the issuer has not, are refused with one face', async (t) => {
  const simulator = await aSimulator(t, { clients });
  const right = workerCredentials(workerScopes);
  const certificate = JSON.parse(right.certificate);
  const edited = { ...right, certificate: JSON.stringify({ ...certificate, scopes: ['*'] }) };
  const bad: Record<string, Credentials> = {
    unknown: { clientId: 'nobody', accessToken: 'x' },
    'wrong token': { ...root, accessToken: 'x' },
    'edited certificate': edited,
    expired: workerCredentials(workerScopes, new Date(Date.now() - 120 * minuteMs)),
    'too long': workerCredentials(workerScopes, new Date(), 31 * 24 * 60 * minuteMs),
    'more than the issuer holds': workerCredentials(['queue:create-task:*']),
    'unnamed, of another client': { ...right, clientId: 'root' },
  };
  const faces = new Set<string>();
  for (const [name, credentials] of Object.entries(bad)) {
    await assert.rejects(clientOf(simulator, credentials).claimWork(queueId, claimBody), (error: ApiError) => {
      assert.equal(error.statusCode, 401, name);
      faces.add(error.body?.message ?? '');
      return error.code === 'AuthenticationFailed';
    });
  }
  assert.equal(faces.size, 1);
});

test('authorizedScopes narrow what a call may do and never widen it', async (t) => {
  const simulator = await aSimulator(t, { clients });
  const narrow = clientOf(simulator, root, { authorizedScopes: ['queue:pending-count:*'] });
  assert.equal((await narrow.pendingTasks(queueId)).pendingTasks, 0);
  await assert.rejects(narrow.taskQueueCounts(queueId), withStatus(403, 'InsufficientScopes'));
  const wide = clientOf(simulator, manager, { authorizedScopes: ['*'] });
  await assert.rejects(wide.pendingTasks(queueId), withStatus(401, 'AuthenticationFailed'));
});

test('signatures count by the clock of the simulator', async (t) => {
  const clock = new SteppedClock(new Date());
  const simulator = await aSimulator(t, { clients, clock });
  const queue = clientOf(simulator, root);
  await clock.step(14 * minuteMs);
  await queue.pendingTasks(queueId);
  await clock.step(2 * minuteMs);
  await assert.rejects(queue.pendingTasks(queueId), withStatus(401, 'AuthenticationFailed'));
});

test('without clients every call is accepted, signed or not', async (t) => {
  const simulator = await aSimulator(t);
  const { status } = await clientOf(simulator).createTask(taskId, aTask());
  assert.equal(status.state, 'pending');
  await clientOf(simulator, { clientId: 'anyone', accessToken: 'x' }).cancelTask(taskId);
});
