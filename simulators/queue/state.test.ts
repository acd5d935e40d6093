import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SteppedClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { QueueRefusal } from './refusal.ts';
import { simulatedTask } from './simulated-task.ts';
import type { SimulatedTaskOptions } from './simulated-task.ts';
import { slugid } from './slugid.ts';
import { QueueState } from './state.ts';
import { statusOf } from './task.ts';
import { slugidPattern } from './wire.ts';

const start = new Date('2026-03-01T12:00:00.000Z');
const minuteMs = 60_000;
const queueId = 'prov/type';
const worker = { workerGroup: 'us-east-1', workerId: 'i-1' };

interface Setup {
  clock: SteppedClock;
  state: QueueState;
  /** Adds a task and returns its id. */
  add: (options?: Partial<SimulatedTaskOptions>) => string;
}

function aQueue(): Setup {
  const clock = new SteppedClock(start);
  const state = new QueueState(clock);
  const random = seededRandom(7);
  const add: Setup['add'] = (options = {}) =>
    state.createTask(slugid(random), simulatedTask(queueId, { durationMs: 1000, ...options }, clock.now())).taskId;
  return { clock, state, add };
}

function refusal(code: string) {
  return (error: unknown) => error instanceof QueueRefusal && error.code === code;
}

test('a generated task id is a slugid', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 500; round++) {
    assert.match(slugid(random), slugidPattern);
  }
});

test('a claimed task moves from pending to claimed, and out when it is resolved', () => {
  const { state, add } = aQueue();
  const first = add();
  add();
  assert.deepEqual(state.counts(queueId), { pendingTasks: 2, claimedTasks: 0 });
  const [claim] = state.claimWork(queueId, worker, 1);
  assert.equal(claim?.task.taskId, first);
  assert.deepEqual(state.counts(queueId), { pendingTasks: 1, claimedTasks: 1 });
  state.resolve(first, 0, 'completed');
  assert.deepEqual(state.counts(queueId), { pendingTasks: 1, claimedTasks: 0 });
  assert.deepEqual(state.counts('never/named'), { pendingTasks: 0, claimedTasks: 0 });
});

test('a claim that is not renewed within 20 minutes returns the task as a retry', async () => {
  const { clock, state, add } = aQueue();
  const taskId = add();
  state.claimWork(queueId, worker, 1);
  await clock.step(20 * minuteMs - 1);
  assert.deepEqual(state.counts(queueId), { pendingTasks: 0, claimedTasks: 1 });
  await clock.step(5 * minuteMs);
  assert.deepEqual(state.counts(queueId), { pendingTasks: 1, claimedTasks: 0 });
  const { runs, retriesLeft } = statusOf(state.task(taskId));
  assert.equal(retriesLeft, 4);
  assert.equal(runs[0]?.reasonResolved, 'claim-expired');
  assert.equal(runs[0]?.resolved, '2026-03-01T12:20:00.000Z', 'it ended when the claim did, not when somebody looked');
  assert.equal(runs[1]?.reasonCreated, 'retry');
  assert.throws(() => state.reclaimTask(taskId, 0), refusal('RequestConflict'));
});

test('a renewed claim holds for another 20 minutes', async () => {
  const { clock, state, add } = aQueue();
  const taskId = add();
  state.claimWork(queueId, worker, 1);
  await clock.step(15 * minuteMs);
  assert.equal(state.reclaimTask(taskId, 0).takenUntil.toISOString(), '2026-03-01T12:35:00.000Z');
  await clock.step(19 * minuteMs);
  assert.equal(state.task(taskId).state, 'running');
  await clock.step(minuteMs);
  assert.equal(state.task(taskId).state, 'pending');
});

test('a task whose retries are used up ends as exception', async () => {
  const { clock, state, add } = aQueue();
  const taskId = add({ retries: 1 });
  for (const expected of ['pending', 'exception']) {
    state.claimWork(queueId, worker, 1);
    await clock.step(20 * minuteMs);
    assert.equal(state.task(taskId).state, expected);
  }
  assert.deepEqual(state.counts(queueId), { pendingTasks: 0, claimedTasks: 0 });
});

test('the message that a worker is gone ends its runs as worker-shutdown and repeats the tasks; again it does nothing', () => {
  const { state, add } = aQueue();
  const taskIds = [add(), add()];
  state.claimWork(queueId, worker, 2);
  assert.equal(state.workerGone(queueId, worker), 2);
  assert.equal(state.workerGone(queueId, worker), 0);
  assert.equal(state.workerGone(queueId, { ...worker, workerId: 'i-unknown' }), 0);
  for (const taskId of taskIds) {
    const { runs } = statusOf(state.task(taskId));
    assert.deepEqual(
      runs.map(({ state: runState, reasonResolved }) => [runState, reasonResolved]),
      [
        ['exception', 'worker-shutdown'],
        ['pending', undefined],
      ],
    );
  }
});

test('a task that nobody took ends at its deadline, and is forgotten when it expires', async () => {
  const { clock, state, add } = aQueue();
  const taskId = add();
  await clock.step(24 * 60 * minuteMs);
  assert.equal(statusOf(state.task(taskId)).runs[0]?.reasonResolved, 'deadline-exceeded');
  assert.deepEqual(state.claimWork(queueId, worker, 1), []);
  await clock.step(24 * 60 * minuteMs);
  assert.throws(() => state.task(taskId), refusal('ResourceNotFound'));
});

test('reporting twice is reporting once; reporting otherwise is a conflict', () => {
  const { state, add } = aQueue();
  const taskId = add();
  assert.throws(() => state.resolve(taskId, 0, 'completed'), refusal('RequestConflict'), 'not claimed yet');
  state.claimWork(queueId, worker, 1);
  state.resolve(taskId, 0, 'completed');
  state.resolve(taskId, 0, 'completed');
  assert.equal(state.totals.completed, 1);
  assert.throws(() => state.resolve(taskId, 0, 'failed'), refusal('RequestConflict'));
  assert.throws(() => state.reportException(taskId, 0, 'worker-shutdown'), refusal('RequestConflict'));
  assert.throws(() => state.resolve(taskId, 1, 'completed'), refusal('ResourceNotFound'));
  assert.throws(() => state.cancelTask(taskId), refusal('RequestConflict'));
});

test('a cancelled task is neither counted nor handed out', () => {
  const { state, add } = aQueue();
  const taskId = add();
  state.cancelTask(taskId);
  state.cancelTask(taskId);
  assert.deepEqual(state.counts(queueId), { pendingTasks: 0, claimedTasks: 0 });
  assert.deepEqual(state.claimWork(queueId, worker, 1), []);
  assert.equal(statusOf(state.task(taskId)).runs[0]?.reasonResolved, 'canceled');
});

test('an equal task under the same id is accepted, another one is not', () => {
  const { clock, state, add } = aQueue();
  const taskId = add();
  state.createTask(taskId, simulatedTask(queueId, { durationMs: 1000 }, clock.now()));
  assert.equal(state.counts(queueId).pendingTasks, 1);
  assert.throws(
    () => state.createTask(taskId, simulatedTask(queueId, { durationMs: 2000 }, clock.now())),
    refusal('RequestConflict'),
  );
});

test('a worker row tells the first claim, the last activity and the latest twenty tasks', async () => {
  const { clock, state, add } = aQueue();
  state.claimWork(queueId, worker, 1);
  await clock.step(minuteMs);
  const taskIds = Array.from({ length: 25 }, () => add());
  state.claimWork(queueId, worker, 25);
  await clock.step(minuteMs);
  state.reclaimTask(taskIds[24]!, 0);
  const row = state.workers(queueId)?.find(worker, clock.now());
  assert.equal(row?.firstClaim.toISOString(), '2026-03-01T12:00:00.000Z');
  assert.equal(row?.lastDateActive.toISOString(), '2026-03-01T12:02:00.000Z');
  assert.deepEqual(
    row?.recentTasks.map(({ taskId }) => taskId),
    taskIds.slice(5),
  );
});

test('a quarantined worker gets no tasks, stays active by asking, and is kept beyond its expiry', async () => {
  const { clock, state, add } = aQueue();
  add();
  const row = state.workers(queueId);
  assert.equal(row?.find(worker, clock.now()), undefined);
  state.claimWork(queueId, worker, 1);
  const found = row?.find(worker, clock.now());
  assert.ok(found);
  found.quarantineUntil = new Date(start.getTime() + 3 * 24 * 60 * minuteMs);
  await clock.step(30 * minuteMs);
  assert.deepEqual(state.claimWork(queueId, worker, 1), []);
  assert.equal(found.lastDateActive.toISOString(), '2026-03-01T12:30:00.000Z');
  await clock.step(2 * 24 * 60 * minuteMs);
  assert.equal(row?.find(worker, clock.now()), found, 'expired, but quarantined');
  await clock.step(24 * 60 * minuteMs);
  assert.equal(row?.find(worker, clock.now()), undefined);
});

test('pages of workers hold each row once, whoever joins or expires in between', async () => {
  const { clock, state } = aQueue();
  const join = (from: number, to: number): void => {
    for (let number = from; number < to; number++) {
      state.claimWork(queueId, { workerGroup: 'g', workerId: `w-${number}` }, 1);
    }
  };
  join(0, 100);
  await clock.step(12 * 60 * minuteMs);
  join(100, 150);
  const rows = state.workers(queueId)!;
  const first = rows.page(-1, 120, () => true, clock.now());
  assert.equal(first.rows.length, 120);
  await clock.step(13 * 60 * minuteMs);
  join(150, 400);
  const second = rows.page(first.next!, 1000, () => true, clock.now());
  assert.deepEqual(
    second.rows.map(({ workerId }) => workerId),
    Array.from({ length: 280 }, (_, index) => `w-${index + 120}`),
  );
  assert.equal(second.next, undefined);
  assert.equal(rows.size, 300, 'rows that expired are let go');
});

test('whatever is done in whatever order, the counts are those of the tasks', async () => {
  const names = ['create', 'claim', 'complete', 'reclaim', 'lose', 'cancel', 'wait'] as const;
  const deedsOf = ({ clock, state, add }: Setup, random: () => number) => {
    const taskIds: string[] = [];
    const held: { taskId: string; runId: number }[] = [];
    const any = <T>(items: T[]): T | undefined => items[Math.floor(random() * items.length)];
    const anyWorker = () => ({ ...worker, workerId: `i-${Math.floor(random() * 3)}` });
    const ifAny = <T>(items: T[], use: (item: T) => unknown): void => {
      const item = any(items);
      if (item !== undefined) {
        use(item);
      }
    };
    const deeds: Record<(typeof names)[number], () => unknown> = {
      create: () => taskIds.push(add({ retries: 1 })),
      claim: () => {
        for (const { task, run } of state.claimWork(queueId, anyWorker(), 2)) {
          held.push({ taskId: task.taskId, runId: run.runId });
        }
      },
      complete: () => ifAny(held, ({ taskId, runId }) => state.resolve(taskId, runId, 'completed')),
      reclaim: () => ifAny(held, ({ taskId, runId }) => state.reclaimTask(taskId, runId)),
      lose: () => state.workerGone(queueId, anyWorker()),
      cancel: () => ifAny(taskIds, (taskId) => state.cancelTask(taskId)),
      wait: () => clock.step(15 * minuteMs),
    };
    return { taskIds, deeds };
  };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...names), { maxLength: 80 }), fc.integer(), async (chosen, seed) => {
      const queue = aQueue();
      const { taskIds, deeds } = deedsOf(queue, seededRandom(seed));
      for (const name of chosen) {
        try {
          await deeds[name]();
        } catch (error) {
          assert.ok(refusal('RequestConflict')(error), String(error));
        }
        const states = taskIds.map((taskId) => queue.state.task(taskId).state);
        assert.deepEqual(queue.state.counts(queueId), {
          pendingTasks: states.filter((state) => state === 'pending').length,
          claimedTasks: states.filter((state) => state === 'running').length,
        });
      }
    }),
    { numRuns: 100 },
  );
});
