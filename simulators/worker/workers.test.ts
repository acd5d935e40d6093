import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOf } from '#simulators/queue/task.ts';
import { aWorld, documentOf, minuteMs, poolId } from './worker-fixture.ts';

// spec: provisioning 11.1, 11.2, 11.3
test('a machine that comes up registers with its proof, byte for byte, and works', async (t) => {
  const world = await aWorld(t);
  const { queue, manager } = world;
  const machine = world.addMachine();
  const workers = world.workersWith();
  const [taskId = ''] = queue.createTasks(poolId, { durationMs: 30_000 });
  const next = await workers.turn();
  assert.deepEqual(manager.registrations, [
    {
      workerPoolId: poolId,
      providerId: 'aws',
      workerGroup: 'us-east-1',
      workerId: 'i-1',
      workerIdentityProof: { document: documentOf('i-1'), signature: 'signature\nof i-1' },
      systemBootTime: machine.bootedAt.toISOString(),
    },
  ]);
  assert.deepEqual(manager.calls, ['register i-1', 'shouldTerminate i-1'], 'it asks before it claims');
  assert.deepEqual(queue.counts(poolId), { pendingTasks: 0, claimedTasks: 1 });
  assert.equal(next?.toISOString(), '2026-03-01T12:00:05.000Z', 'the first look for a spot notice');
  await world.pass(workers, 30_000);
  const [run] = statusOf(queue.state.task(taskId)).runs;
  assert.equal(run?.state, 'completed');
  assert.equal(run.resolved, '2026-03-01T12:00:30.000Z');
  assert.equal(workers.counters.tasksDone, 1);
  assert.equal(workers.counters.registered, 1);
});

test('a machine that is not up yet, or never registers, calls nobody', async (t) => {
  const world = await aWorld(t);
  world.addMachine().isUp = false;
  world.addMachine('never-registers');
  const workers = world.workersWith();
  assert.equal(await workers.turn(), null);
  assert.deepEqual(world.manager.calls, []);
  world.machines[0]!.isUp = true;
  await workers.turn();
  assert.equal(workers.counters.registered, 1);
  assert.ok(world.machines[1]!.isUp);
});

// spec: provisioning 11.1
test('a registration that fails is repeated with growing pauses until it succeeds', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  world.manager.refusals.register = [503, 500, 502];
  const workers = world.workersWith();
  await workers.turn();
  assert.equal(workers.counters.registered, 0);
  await world.pass(workers, 10_000);
  assert.equal(workers.counters.registered, 1);
  assert.equal(world.manager.calls.filter((call) => call === 'register i-1').length, 4);
});

// spec: provisioning 11.1
test('a registration that is refused ends the start and powers the machine off', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  world.manager.refusals.register = [404];
  const workers = world.workersWith();
  assert.equal(await workers.turn(), null);
  assert.equal(machine.powerOffs, 1);
  assert.equal(workers.counters.refused, 1);
});

test('a machine whom nobody answers for 15 minutes powers off', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  world.manager.refusals.register = Array.from({ length: 1000 }, () => 503);
  const workers = world.workersWith();
  await world.pass(workers, 13 * minuteMs);
  assert.ok(machine.isUp);
  await world.pass(workers, 2 * minuteMs);
  assert.equal(machine.powerOffs, 1);
  assert.equal(workers.counters.gaveUp, 1);
});

test('user data that cannot lead to a registration powers the machine off', async (t) => {
  const world = await aWorld(t);
  for (const userData of [
    'no JSON',
    '{}',
    JSON.stringify({ rootUrl: 'http://x/', providerId: 'a', workerPoolId: 'p/t' }),
  ]) {
    world.addMachine().userData = userData;
  }
  const workers = world.workersWith();
  await workers.turn();
  assert.deepEqual(
    world.machines.map(({ powerOffs }) => powerOffs),
    [1, 1, 1],
  );
  assert.equal(workers.counters.refused, 3);
});

test('an idle worker claims at every claim interval, a busy one again five seconds after its last claim', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  const workers = world.workersWith();
  await workers.turn();
  await world.pass(workers, minuteMs);
  assert.equal(world.queue.counters.calls['claimWork'], 4, 'at once and each 20 s');
  world.queue.createTasks(poolId, { durationMs: 1, count: 3 });
  await world.pass(workers, 20_001);
  assert.equal(workers.counters.tasksDone, 1);
  await world.pass(workers, 10_000);
  assert.equal(workers.counters.tasksDone, 3);
});

test('a task longer than its claim is renewed and completed in its first run', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  const workers = world.workersWith();
  const [taskId = ''] = world.queue.createTasks(poolId, { durationMs: 70 * minuteMs });
  await world.pass(workers, 71 * minuteMs);
  assert.equal(world.queue.counters.calls['reclaimTask'], 4, 'each 17 minutes');
  const { runs } = statusOf(world.queue.state.task(taskId));
  assert.deepEqual(
    runs.map(({ state }) => state),
    ['completed'],
  );
});

test('a worker takes as many tasks as its configuration allows, and reports each as its payload says', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  world.manager.workerConfig = { genericWorker: { config: { capacity: 3 } } };
  const workers = world.workersWith();
  const [good = '', bad = ''] = [
    ...world.queue.createTasks(poolId, { durationMs: 10_000 }),
    ...world.queue.createTasks(poolId, { durationMs: 10_000, outcome: 'failed' }),
    ...world.queue.createTasks(poolId, { durationMs: 60_000, count: 2 }),
  ];
  await workers.turn();
  assert.deepEqual(world.queue.counts(poolId), { pendingTasks: 1, claimedTasks: 3 });
  await world.pass(workers, 10_000);
  assert.equal(world.queue.state.task(good).state, 'completed');
  assert.equal(world.queue.state.task(bad).state, 'failed');
  assert.deepEqual(world.queue.counts(poolId), { pendingTasks: 0, claimedTasks: 2 });
});

test('a task without a duration is reported as malformed', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  const workers = world.workersWith();
  const [model = ''] = world.queue.createTasks(poolId, { durationMs: 1 });
  world.queue.state.cancelTask(model);
  const { definition } = world.queue.state.task(model);
  const taskId = 'fN1SbArXTPSVFNUvaOlinQ';
  world.queue.state.createTask(taskId, { ...definition, payload: { command: ['true'] } });
  await workers.turn();
  assert.equal(statusOf(world.queue.state.task(taskId)).runs[0]?.reasonResolved, 'malformed-payload');
});

test('a claim that the queue has taken back is dropped without a report', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  const workers = world.workersWith();
  world.queue.createTasks(poolId, { durationMs: minuteMs });
  await workers.turn();
  world.queue.workerGone({ workerPoolId: poolId, workerGroup: 'us-east-1', workerId: 'i-1' });
  await world.pass(workers, minuteMs);
  assert.equal(workers.counters.tasksLost, 1);
  await world.pass(workers, 2 * minuteMs);
  assert.equal(workers.counters.tasksDone, 1, 'its second run');
});

test('a queue that is out for a while costs a worker nothing but time', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  const workers = world.workersWith();
  const taskIds = world.queue.createTasks(poolId, { durationMs: 30_000, count: 2 });
  await workers.turn();
  world.queue.turnFaults({ errorRate: 1, errorStatus: 503 });
  await world.pass(workers, minuteMs);
  assert.equal(workers.counters.tasksDone, 0);
  world.queue.resetFaults();
  await world.pass(workers, 3 * minuteMs);
  assert.deepEqual(
    taskIds.map((taskId) => statusOf(world.queue.state.task(taskId)).runs.map(({ state }) => state)),
    [['completed'], ['completed']],
  );
});

test('five hundred machines register and claim in one turn', async (t) => {
  const world = await aWorld(t);
  for (let number = 0; number < 500; number++) {
    world.addMachine();
  }
  world.queue.createTasks(poolId, { durationMs: minuteMs, count: 600 });
  const workers = world.workersWith();
  await workers.turn();
  assert.equal(workers.counters.registered, 500);
  assert.deepEqual(world.queue.counts(poolId), { pendingTasks: 100, claimedTasks: 500 });
});

test('the same seed gives the same course, another seed another one', async (t) => {
  const courseOf = async (seed: number): Promise<unknown> => {
    const world = await aWorld(t);
    for (let number = 0; number < 60; number++) {
      world.addMachine(number % 10 === 0 ? 'crashes-while-working' : 'works');
    }
    world.manager.refusals.register = Array.from({ length: 20 }, () => 503);
    world.queue.createTasks(poolId, { durationMs: minuteMs, count: 80 });
    const workers = world.workersWith({ seed, concurrency: 1, interruptionCheckMs: 10 * minuteMs });
    await world.pass(workers, 2 * minuteMs);
    assert.equal(workers.counters.registered, 60);
    assert.equal(workers.counters.crashed, 6);
    return { calls: world.manager.calls, totals: world.queue.state.totals, counters: workers.counters };
  };
  const course = await courseOf(9);
  assert.deepEqual(await courseOf(9), course);
  assert.notDeepEqual(await courseOf(10), course);
});

test('running workers meet machines as they come up, until they are told to stop', async (t) => {
  const world = await aWorld(t);
  const workers = world.workersWith();
  const stop = new AbortController();
  const running = workers.run(stop.signal);
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) {
      await new Promise(setImmediate);
    }
  };
  await until(() => world.clock.pending === 1);
  world.addMachine();
  world.queue.createTasks(poolId, { durationMs: 100 });
  await world.clock.step(250);
  await until(() => world.clock.pending === 1);
  assert.equal(world.queue.counts(poolId).claimedTasks, 1);
  await world.clock.step(100);
  await until(() => world.clock.pending === 1);
  assert.equal(workers.counters.tasksDone, 1, 'it sleeps no longer than until the task ends');
  stop.abort();
  await running;
});
