import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOf } from '#simulators/queue/task.ts';
import { StaticMachine } from './static-machine.ts';
import { aWorld, minuteMs, poolId } from './worker-fixture.ts';
import type { World } from './worker-fixture.ts';

const hourMs = 60 * minuteMs;

function aStaticMachine({ rootUrl, clock }: World): StaticMachine {
  return new StaticMachine({
    rootUrl,
    providerId: 'static',
    workerPoolId: poolId,
    workerGroup: 'racks',
    workerId: 'rack-1',
    staticSecret: 'x'.repeat(44),
    bootedAt: clock.now(),
  });
}

// spec: provisioning 11.4
test('credentials are renewed half an hour before they expire, each time with the latest secret', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  world.manager.credentialLifeMs = 2 * hourMs;
  const workers = world.workersWith({ interruptionCheckMs: hourMs, claimIntervalMs: hourMs });
  await world.pass(workers, 89 * minuteMs);
  assert.equal(workers.counters.reregistered, 0);
  await world.pass(workers, minuteMs);
  assert.equal(workers.counters.reregistered, 1);
  await world.pass(workers, 90 * minuteMs);
  assert.equal(workers.counters.reregistered, 2);
  await world.pass(workers, 10 * hourMs);
  assert.equal(workers.counters.claimsFailed, 0, 'the credentials never ran out');
});

test('a renewal without an answer is repeated', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  world.manager.credentialLifeMs = hourMs;
  world.manager.refusals.reregister = [500, 503];
  const workers = world.workersWith({ interruptionCheckMs: hourMs, claimIntervalMs: hourMs });
  await world.pass(workers, 31 * minuteMs);
  assert.equal(workers.counters.reregistered, 1);
  assert.equal(workers.counters.removed, 0);
});

// spec: provisioning 11.4
test('a renewal that is refused ends the worker: it gives its tasks back and takes itself off', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  world.manager.credentialLifeMs = hourMs;
  world.manager.refusals.reregister = [400];
  const workers = world.workersWith({ interruptionCheckMs: hourMs });
  const [taskId = ''] = world.queue.createTasks(poolId, { durationMs: hourMs });
  await world.pass(workers, 30 * minuteMs);
  const { runs } = statusOf(world.queue.state.task(taskId));
  assert.deepEqual(
    runs.map(({ state, reasonResolved }) => [state, reasonResolved]),
    [
      ['exception', 'worker-shutdown'],
      ['pending', undefined],
    ],
  );
  assert.equal(world.manager.calls.at(-1), 'remove i-1');
  assert.equal(workers.counters.tasksGivenBack, 1);
  assert.ok(machine.isUp, 'to end the machine is the service’s duty now');
  assert.equal(await workers.turn(), null);
});

// spec: provisioning 11.6
test('a worker that is told to terminate finishes its tasks first and claims no more', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  world.manager.workerConfig = { capacity: 2 };
  const workers = world.workersWith();
  world.queue.createTasks(poolId, { durationMs: 3 * minuteMs });
  await workers.turn();
  world.manager.shouldTerminate = true;
  world.queue.createTasks(poolId, { durationMs: 1 });
  await world.pass(workers, 2 * minuteMs);
  assert.deepEqual(world.queue.counts(poolId), { pendingTasks: 1, claimedTasks: 1 });
  assert.equal(workers.counters.removed, 0);
  await world.pass(workers, minuteMs);
  assert.deepEqual(world.queue.counts(poolId), { pendingTasks: 1, claimedTasks: 0 });
  assert.equal(workers.counters.removed, 1);
  assert.equal(machine.powerOffs, 0);
});

// spec: provisioning 11.6
test('a worker whose removal is refused powers its machine off; one that got no answer asks again', async (t) => {
  const world = await aWorld(t);
  const [first, second] = [world.addMachine(), world.addMachine()];
  world.manager.shouldTerminate = true;
  world.manager.refusals.remove = [404, 503];
  const workers = world.workersWith({ concurrency: 1 });
  await workers.turn();
  assert.deepEqual([first.powerOffs, second.powerOffs], [1, 0]);
  await world.pass(workers, 5_000);
  assert.deepEqual([first.powerOffs, second.powerOffs], [1, 0]);
  assert.equal(workers.counters.removed, 1);
});

test('where so configured a machine also powers off when its removal was accepted', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  world.manager.shouldTerminate = true;
  await world.workersWith({ powersOffAfterRemoval: true }).turn();
  assert.equal(machine.powerOffs, 1);
});

// spec: provisioning 11.6
test('an idle worker asks at its time-out, stays if it is needed, and goes at the next one if not', async (t) => {
  const world = await aWorld(t);
  world.addMachine();
  world.manager.workerConfig = { genericWorker: { config: { idleTimeoutSecs: 90 } } };
  const workers = world.workersWith({ claimIntervalMs: hourMs, interruptionCheckMs: hourMs });
  const asked = () => world.manager.calls.filter((call) => call.startsWith('should')).length;
  await workers.turn();
  assert.equal(asked(), 1, 'before its claim');
  await world.pass(workers, 90_000);
  assert.equal(asked(), 2);
  world.manager.refusals.shouldTerminate = [500];
  world.manager.shouldTerminate = true;
  await world.pass(workers, 90_000);
  assert.equal(asked(), 3);
  assert.equal(workers.counters.removed, 0, 'an error counts as no');
  await world.pass(workers, 90_000);
  assert.equal(workers.counters.removed, 1);
});

// spec: provisioning 11.5
test('a spot notice makes a worker give its task back and leave within seconds', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  const workers = world.workersWith();
  const [taskId = ''] = world.queue.createTasks(poolId, { durationMs: hourMs });
  await world.pass(workers, minuteMs);
  machine.isNoticed = true;
  await world.pass(workers, 5_000);
  assert.equal(statusOf(world.queue.state.task(taskId)).runs[0]?.reasonResolved, 'worker-shutdown');
  assert.equal(workers.counters.interrupted, 1);
  assert.equal(workers.counters.removed, 1);
});

// spec: provisioning 11.5
test('a machine that is to be taken back does not even register', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  machine.isNoticed = true;
  const workers = world.workersWith();
  await workers.turn();
  assert.deepEqual(world.manager.calls, []);
  assert.equal(machine.powerOffs, 1);
});

test('a crash tells nobody: the machine dies, and the task comes back when its claim ends', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine('crashes-while-working');
  const workers = world.workersWith();
  const [taskId = ''] = world.queue.createTasks(poolId, { durationMs: 10 * minuteMs });
  await world.pass(workers, 10 * minuteMs);
  assert.equal(machine.powerOffs, 1);
  assert.equal(workers.counters.crashed, 1);
  assert.equal(workers.counters.tasksDone, 0);
  assert.ok(!world.manager.calls.includes('remove i-1'));
  await world.pass(workers, 10 * minuteMs);
  assert.equal(statusOf(world.queue.state.task(taskId)).runs[0]?.reasonResolved, 'claim-expired');
});

test('a crash may leave a machine that is up and silent', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine('crashes-while-working');
  const workers = world.workersWith({ crash: 'machine-hangs' });
  world.queue.createTasks(poolId, { durationMs: 10 * minuteMs });
  await world.pass(workers, 10 * minuteMs);
  const callsThen = world.manager.calls.length;
  await world.pass(workers, 3 * hourMs);
  assert.ok(machine.isUp);
  assert.equal(world.manager.calls.length, callsThen);
});

test('a machine that ends in the middle of its work is forgotten without a word', async (t) => {
  const world = await aWorld(t);
  const machine = world.addMachine();
  const workers = world.workersWith();
  world.queue.createTasks(poolId, { durationMs: hourMs });
  await workers.turn();
  machine.isUp = false;
  assert.equal(await workers.turn(), null);
  assert.equal(workers.count, 0);
  assert.deepEqual(world.queue.counts(poolId), { pendingTasks: 0, claimedTasks: 1 });
});

// spec: provisioning 11.2
test('a static machine registers with its secret and works like others', async (t) => {
  const world = await aWorld(t);
  const workers = world.workersWith({ staticMachines: [aStaticMachine(world)] });
  world.queue.createTasks(poolId, { durationMs: minuteMs });
  await world.pass(workers, minuteMs);
  assert.deepEqual(world.manager.registrations[0]?.['workerIdentityProof'], { staticSecret: 'x'.repeat(44) });
  assert.equal(workers.counters.tasksDone, 1);
});

test('a static machine whose worker ends just stops, and begins anew when it is switched off and on', async (t) => {
  const world = await aWorld(t);
  const machine = aStaticMachine(world);
  world.manager.credentialLifeMs = hourMs;
  world.manager.refusals.reregister = [400];
  const workers = world.workersWith({ staticMachines: [machine] });
  await world.pass(workers, 30 * minuteMs);
  assert.equal(await workers.turn(), null);
  assert.ok(machine.isUp);
  assert.ok(!world.manager.calls.includes('remove rack-1'));
  machine.powerOff();
  machine.powerOn(world.clock.now());
  await workers.turn();
  assert.equal(workers.counters.registered, 2);
});
