// spec: provisioning 1.3, 7.6, P-14, P-52

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segment } from '#demo/client.ts';
import { aGoogleWorld, callsOf, deleteAsOperator } from '#test/google-world.ts';
import type { GoogleWorld } from '#test/google-world.ts';
import { minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aGooglePool } from './a-google-pool.ts';

const pool = 'proj/failing';

function sorts(world: World): Record<string, number> {
  const entries = Object.entries(Object.groupBy(world.events, ({ exchange }) => exchange));
  return Object.fromEntries(entries.map(([exchange, events]) => [exchange, events.length]));
}

async function reasons(world: World): Promise<readonly unknown[]> {
  const rows = await world.rows(pool);
  return rows
    .filter(({ state }) => state === 'stopped')
    .map(({ removalReason, previousState }) => [removalReason, previousState]);
}

function repeated<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

/** One machine that works, and its id. */
async function oneAtWork(t: Parameters<typeof aGoogleWorld>[0]): Promise<GoogleWorld & { id: string }> {
  const google = await aGoogleWorld(t);
  await google.world.createPool(pool, aGooglePool({ min: 1, max: 2 }));
  await google.world.liveUntil('it runs', async () => (await google.world.states(pool)).running === 1);
  return { ...google, id: google.gce.instances()[0]?.id ?? '' };
}

/** Those that are started by single inserts, and those by one bulkInsert. */
for (const count of [2, 12]) {
  test(`a launch of ${count} that fails after it was accepted is told at once, its workers end, and others come`, async (t) => {
    const { world, gce } = await aGoogleWorld(t, { dials: { failMs: [8_000, 8_000] } });
    gce.faults.add({ kind: 'operation', type: 'insert', code: 'INTERNAL_ERROR', times: count });
    await world.createPool(pool, aGooglePool({ max: 20 }));
    world.queue.createTasks(pool, { durationMs: minuteMs, count });
    await world.through(world.provision());
    assert.deepEqual(await world.states(pool), { requested: count });
    await world.clock.step(11 * secondMs);
    await world.through(world.advance());
    assert.deepEqual(await world.states(pool), { stopped: count });
    assert.deepEqual(
      await reasons(world),
      repeated(count, ['Operation Error: Internal error. (INTERNAL_ERROR)', 'requested']),
    );
    const problems = await world.problems(pool);
    assert.deepEqual(
      problems.map(({ kind, title, extra }) => [kind, title, extra['class'], extra['code']]),
      [['operation-error', 'Operation Error', 'transient', 'INTERNAL_ERROR']],
    );
    const records = await world.service.store.launchRecords(pool);
    assert.equal(records.length, 2, 'that of the launch config and that of the pool');
    for (const { failures, unregisteredStreak } of records) {
      assert.ok(failures >= count, `${failures} failures`);
      assert.equal(unregisteredStreak, 0, 'they never came up: that says nothing of what runs on them');
    }
    assert.equal(callsOf(gce, 'zoneOperations.list'), 1, 'one question tells why all of them failed');
    await world.deliver();
    const { 'worker-requested': requested, 'worker-stopped': stopped, 'worker-pool-error': told } = sorts(world);
    assert.deepEqual([requested, stopped, told], [count, count, 1]);

    const isDone = (): boolean => world.queue.state.totals.completed === count;
    await world.liveUntil('all tasks done', () => Promise.resolve(isDone()), 10 * minuteMs);
    assert.deepEqual([gce.counts.launched, gce.counts.failed], [2 * count, count]);
  });

  test(`${count} machines whose insert operations never end have their registration timeout, and no more`, async (t) => {
    const { world, gce } = await aGoogleWorld(t);
    gce.faults.add({ kind: 'stuck', type: 'insert', times: count });
    const lifecycle = { registrationTimeout: 600 };
    await world.createPool(pool, aGooglePool({ min: count, max: count, lifecycle }));
    await world.live(8 * minuteMs);
    assert.deepEqual(await world.states(pool), { requested: count });
    assert.equal(callsOf(gce, 'instances.delete'), 0);
    const looks = callsOf(gce, 'instances.list') + callsOf(gce, 'instances.get');
    assert.ok(looks <= 20, `${looks} questions for all of them, at a pace of up to a minute`);

    await world.liveUntil('others run', async () => (await world.states(pool)).running === count, 10 * minuteMs);
    assert.deepEqual(await reasons(world), repeated(count, ['terminateAfter time exceeded', 'requested']));
    assert.equal(callsOf(gce, 'instances.delete'), count, 'one each');
    assert.equal(gce.instances().length, count);
  });
}

test('a machine that somebody deletes while it starts is missed and replaced, and its launch config not blamed', async (t) => {
  const { world, gce } = await aGoogleWorld(t, { dials: { provisionMs: [20_000, 20_000] } });
  await world.createPool(pool, aGooglePool({ min: 1 }));
  await world.through(world.provision());
  await deleteAsOperator(gce, gce.instances()[0]?.id ?? '');
  await world.liveUntil('another runs', async () => (await world.states(pool)).running === 1, 5 * minuteMs);
  assert.deepEqual(await world.states(pool), { running: 1, stopped: 1 });
  assert.deepEqual(await world.problems(pool), []);
  assert.deepEqual(await world.service.store.setbacks('google-demo'), []);
});

test('a deletion that never ends is asked for again, ever more rarely, and people are told as often', async (t) => {
  const { world, gce, id } = await oneAtWork(t);
  const fault = gce.faults.add({ kind: 'stuck', type: 'delete' });
  gce.resetCounts();
  await world.client.call('DELETE', `/workers/${segment(pool)}/us-west1-a/${id}`);
  await world.live(60 * minuteMs);
  assert.deepEqual(await world.states(pool), { running: 1, stopping: 1 }, 'it counts as long as it may exist');
  const deletes = callsOf(gce, 'instances.delete');
  const questions = callsOf(gce, 'instances.get') + callsOf(gce, 'zoneOperations.list');
  assert.ok(deletes >= 20 && deletes <= 36, `${deletes} deletes in an hour`);
  assert.ok(questions <= 80, `${questions} questions in an hour`);
  const told = (await world.problems(pool)).map(({ kind }) => kind);
  assert.deepEqual(told, repeated(2, 'termination-error'), 'after 16 and 32 looks');

  gce.faults.remove(fault);
  await world.live(6 * minuteMs);
  assert.deepEqual(await world.states(pool), { running: 1, stopped: 1 });
  assert.equal(gce.instances().length, 1);
});

test('a deletion that fails is repeated until it works, and people who hear of it hear Google’s words', async (t) => {
  const { world, gce, id } = await oneAtWork(t);
  const code = 'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE';
  gce.faults.add({ kind: 'operation', type: 'delete', code, message: 'the disk is busy', times: 9 });
  gce.resetCounts();
  await world.client.call('DELETE', `/workers/${segment(pool)}/us-west1-a/${id}`);
  await world.live(20 * minuteMs);
  assert.deepEqual(await world.states(pool), { running: 1, stopped: 1 });
  assert.equal(callsOf(gce, 'instances.delete'), 10);
  const problems = await world.problems(pool);
  assert.deepEqual(
    problems.map(({ kind, title }) => [kind, title]),
    [['termination-error', 'Instance Termination Error']],
  );
  assert.match(problems[0]?.description ?? '', new RegExp(`refused as ${code}: the disk is busy`));
  const refusals = world.logged('termination-refused');
  assert.deepEqual([refusals.length, refusals[0]?.['code']], [9, code], 'the log has each');
});
