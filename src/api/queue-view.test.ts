import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueueWorkerDetail } from '#core/demand.ts';
import { queueWorkerFull } from './queue-view.ts';

const now = new Date('2026-03-04T05:06:07.890Z');
const past = new Date(now.getTime() - 1);
const future = new Date(now.getTime() + 1);

function aWorker(special: Partial<QueueWorkerDetail> = {}): QueueWorkerDetail {
  return {
    workerPoolId: 'aa/bb',
    workerGroup: 'g',
    workerId: 'w',
    firstClaim: past,
    lastDateActive: past,
    quarantineUntil: past,
    latestTask: null,
    expires: future,
    recentTasks: [],
    quarantineDetails: [],
    ...special,
  };
}

// spec: api 1.22, 7.8
test('a worker that the queue has forgotten is not shown, unless it is in quarantine', () => {
  assert.notEqual(queueWorkerFull(aWorker(), null, now), null);
  assert.equal(queueWorkerFull(aWorker({ expires: past }), null, now), null);
  assert.notEqual(queueWorkerFull(aWorker({ expires: past, quarantineUntil: future }), null, now), null);
});

// spec: api 1.22
test('the last twenty tasks are shown, the oldest first', () => {
  const recentTasks = Array.from({ length: 25 }, (_, runId) => ({ taskId: 't', runId }));
  const shown = queueWorkerFull(aWorker({ recentTasks }), null, now);
  assert.deepEqual(
    shown?.recentTasks.map(({ runId }) => runId),
    Array.from({ length: 20 }, (_, index) => index + 5),
  );
});
