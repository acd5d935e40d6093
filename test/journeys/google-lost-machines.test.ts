// spec: provisioning 1.5, 1.8, 1.10, 6.5, 11.5, P-14, P-19, P-29

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Worker } from '#core/worker.ts';
import { aGoogleWorld, callsOf, deleteAsOperator } from '#test/google-world.ts';
import type { GoogleWorld, GoogleWorldOptions } from '#test/google-world.ts';
import { minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aGoogleLaunchConfig, aGooglePool } from './a-google-pool.ts';

const pool = 'proj/lost';

/** A world in which one machine works on a long task. */
async function aWorldAtWork(
  t: Parameters<typeof aGoogleWorld>[0],
  options: GoogleWorldOptions = {},
): Promise<GoogleWorld & { id: string; taskId: string }> {
  const google = await aGoogleWorld(t, options);
  const { world, gce } = google;
  await world.createPool(pool, aGooglePool({ max: 2 }));
  const [taskId = ''] = world.queue.createTasks(pool, { durationMs: 20 * minuteMs });
  await world.liveUntil('it works', () => Promise.resolve(world.queue.counts(pool).claimedTasks === 1));
  return { ...google, id: gce.instances()[0]?.id ?? '', taskId };
}

function told(world: World, workerId: string): string[] {
  return world.events.flatMap((event) =>
    event.exchange !== 'worker-pool-error' && 'workerId' in event.payload && event.payload.workerId === workerId
      ? [event.exchange]
      : [],
  );
}

async function rowOf(world: World, id: string): Promise<Worker | undefined> {
  return (await world.rows(pool)).find(({ workerId }) => workerId === id);
}

const wholeLife = ['worker-requested', 'worker-running', 'worker-stopped'];

test('a machine that vanishes is asked about by id, stopped, and its claim resolved at once', async (t) => {
  const { world, gce, id, taskId } = await aWorldAtWork(t);
  // Google may not know a younger one.
  await world.live(5 * minuteMs);
  gce.steering.vanish(id);
  gce.resetCounts();
  await world.live(20 * secondMs);
  assert.deepEqual(told(world, id), wholeLife);
  assert.deepEqual(await world.states(pool), { requested: 1, stopped: 1 }, 'its place is filled at once');
  assert.equal((await rowOf(world, id))?.removalReason, 'unknown to the cloud, asked twice');
  assert.deepEqual(world.queue.state.totals.exceptions, { 'worker-shutdown': 1 }, 'the claim, good for long, is void');
  const questions = callsOf(gce, 'instances.get') + callsOf(gce, 'zoneOperations.list');
  assert.ok(questions <= 3, `${questions} questions beside the lists`);

  await world.liveUntil('done', () => Promise.resolve(world.queue.state.task(taskId)?.state === 'completed'));
  assert.deepEqual(world.queue.state.totals.exceptions, { 'worker-shutdown': 1 }, 'and nothing was done twice');
});

test('machines that Google does not show yet, or not in a list, are not taken for lost', async (t) => {
  const dials = { hiddenMs: [0, 30_000], staleListMs: minuteMs } as const;
  const { world, gce } = await aGoogleWorld(t, { dials });
  await world.createPool(pool, aGooglePool({ min: 4, max: 20 }));
  await world.live(12 * minuteMs, 20 * secondMs);
  assert.deepEqual(await world.states(pool), { running: 4 });
  assert.equal(gce.counts.launched, 4);
  assert.equal(callsOf(gce, 'instances.delete'), 0);
});

test('a machine that somebody deletes, however young, is stopped as soon as its operation says so', async (t) => {
  const { world, gce, id } = await aWorldAtWork(t);
  await deleteAsOperator(gce, id);
  await world.live(minuteMs);
  assert.deepEqual(told(world, id), wholeLife);
  assert.deepEqual(world.queue.state.totals.exceptions, { 'worker-shutdown': 1 });
  assert.equal((await world.states(pool)).stopped, 1);
  assert.equal(callsOf(gce, 'instances.delete'), 1, 'that of somebody else');
});

test('a machine that somebody stops is deleted too, since its disks still cost money', async (t) => {
  const { world, gce, id } = await aWorldAtWork(t);
  gce.steering.stop(id);
  await world.live(2 * minuteMs);
  assert.deepEqual(told(world, id), wholeLife);
  assert.ok(!gce.instances().some((instance) => instance.id === id));
  assert.equal(callsOf(gce, 'instances.delete'), 1);
});

test('a suspended machine has its time, and is removed and deleted when that is over', async (t) => {
  const { world, gce } = await aGoogleWorld(t);
  await world.createPool(pool, aGooglePool({ min: 1, max: 2, lifecycle: { reregistrationTimeout: 1800 } }));
  await world.liveUntil('it runs', async () => (await world.states(pool)).running === 1);
  const id = gce.instances()[0]?.id ?? '';
  gce.steering.suspend(id);
  gce.resetCounts();
  await world.live(29 * minuteMs, 30 * secondMs);
  assert.deepEqual(await world.states(pool), { running: 1 });
  const questions = callsOf(gce, 'instances.get') + callsOf(gce, 'instances.list');
  assert.equal(questions, 0, 'nothing is asked about it beside the list');

  await world.live(4 * minuteMs);
  const row = await rowOf(world, id);
  assert.deepEqual([row?.state, row?.removalReason], ['stopped', 'terminateAfter time exceeded']);
  assert.deepEqual(told(world, id), ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped']);
  assert.equal(callsOf(gce, 'instances.delete'), 1);
  assert.deepEqual(await world.states(pool), { running: 1, stopped: 1 }, 'another does its work');
  assert.ok(!gce.instances().some((instance) => instance.id === id));
});

for (const [how, preemptionNoticeMs, reason] of [
  ['with notice', 30_000, 'workerManager.removeWorker API call'],
  ['without notice', 0, 'preempted'],
] as const) {
  test(`a wave of preemptions ${how}: all tasks come back at once, all places are filled, nothing leaks`, async (t) => {
    const { world, gce } = await aGoogleWorld(t, { dials: { preemptionNoticeMs } });
    const spot = aGoogleLaunchConfig({ isSpot: true });
    await world.createPool(pool, aGooglePool({ max: 20, launchConfigs: [spot] }));
    world.queue.createTasks(pool, { durationMs: 10 * minuteMs, count: 20 });
    await world.liveUntil('all work', () => Promise.resolve(world.queue.counts(pool).claimedTasks === 20));
    const victims = new Set(gce.instances().map(({ id }) => id));
    gce.resetCounts();
    for (const id of victims) gce.steering.preempt(id);
    await world.live(20 * secondMs);
    assert.deepEqual(world.queue.counts(pool), { pendingTasks: 20, claimedTasks: 0 });
    await world.live(40 * secondMs);
    const { requested = 0, running = 0, ...ended } = await world.states(pool);
    assert.deepEqual([requested + running, ended], [20, { stopped: 20 }], 'all places are filled');
    const questions =
      callsOf(gce, 'instances.list') + callsOf(gce, 'instances.get') + callsOf(gce, 'zoneOperations.list');
    assert.ok(questions <= 16, `${questions} questions`);
    assert.ok(callsOf(gce, 'instances.delete') <= 20, 'at most one for each, where it was still there');

    await world.liveUntil('done', () => Promise.resolve(world.queue.state.totals.completed === 20));
    assert.deepEqual(world.queue.state.totals.exceptions, { 'worker-shutdown': 20 });
    const rows = (await world.rows(pool)).filter(({ workerId }) => victims.has(workerId));
    for (const { removalReason } of rows) assert.equal(removalReason, reason);
    assert.deepEqual(await world.problems(pool), [], 'nothing that people could do');
    await world.liveUntil('gone', () => Promise.resolve(gce.instances().length === 0));
    await world.live(2 * minuteMs);
    assert.deepEqual(await world.states(pool), { stopped: 40 });
    assert.equal(gce.counts.launched, 20);
  });
}

test('a fleet that suffers everything at once gets its work done, tells little, and leaves nothing behind', async (t) => {
  const { world, gce } = await aGoogleWorld(t, {
    dials: {
      preempted: 0.3,
      preemptedAfterMs: [minuteMs, 5 * minuteMs],
      hostError: 0.1,
      hostErrorAfterMs: [0, 5 * minuteMs],
      neverRegisters: 0.1,
      strangeStatus: 0.1,
      shortPage: 0.2,
      staleListMs: 10_000,
    },
  });
  gce.faults.add({ kind: 'operation', type: 'insert', chance: 0.2 });
  gce.faults.add({ kind: 'operation', type: 'delete', chance: 0.2 });
  for (const action of ['instances.insert', 'instances.delete']) {
    gce.faults.add({ kind: 'error', action, chance: 0.2 });
    gce.faults.add({ kind: 'reset', action, chance: 0.2, when: 'after' });
  }
  const launchConfigs = ['us-west1-a', 'us-east1-b'].map((zone) => aGoogleLaunchConfig({ zone, isSpot: true }));
  const lifecycle = { registrationTimeout: 600, queueInactivityTimeout: 1800 };
  await world.createPool(pool, aGooglePool({ max: 10, launchConfigs, lifecycle }));
  world.queue.createTasks(pool, { durationMs: 2 * minuteMs, count: 40 });
  const isOver = (): boolean => {
    assert.ok(gce.counts.alive <= 10, 'the maximum holds');
    return world.queue.counts(pool).pendingTasks + world.queue.counts(pool).claimedTasks === 0;
  };
  await world.liveUntil('all resolved', () => Promise.resolve(isOver()));
  gce.faults.clear();
  await world.liveUntil('all gone', () => Promise.resolve(gce.instances().length === 0));
  await world.live(5 * minuteMs);
  const { launched, failed } = gce.counts;
  const { stopped = 0, ...others } = await world.states(pool);
  assert.deepEqual(others, {});
  // A machine that had failed before the repeat of its unanswered order asked for it never got a row.
  assert.ok(stopped <= launched && stopped >= launched - failed, `${stopped} rows of ${launched}, ${failed} failed`);
  assert.equal(world.queue.state.totals.completed, 40);
  const kinds = (await world.problems(pool)).map(({ kind }) => kind);
  const operations = kinds.filter((kind) => kind === 'operation-error').length;
  assert.ok(operations <= failed, `${operations} errors of ${failed} machines`);
  assert.ok(kinds.every((kind) => kind === 'operation-error' || kind === 'termination-error'));
});
