import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetMember, WorkerKey, WorkerState } from '#core/worker.ts';
import {
  aPool,
  after,
  allPages,
  anOrder,
  dayMs,
  declared,
  hourMs,
  minuteMs,
  now,
  oneRequested,
  only,
  poolId,
  providerId,
  registered,
  requested,
  scope,
  workerIn,
} from './samples.ts';
import type { OpenStore } from './samples.ts';

const all = { after: null, limit: 1000 };
const ids = (workers: readonly WorkerKey[]): string[] => workers.map(({ workerId }) => workerId);

/** What every store promises observation. */
export function fleetPromises(open: OpenStore): void {
  // spec: provisioning 4.2
  test('the fleet of a scope is its non-stopped workers of all pools, by key, page by page', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'a/other' });
    for (const state of ['requested', 'running', 'stopping', 'stopped'] as const) await workerIn(store, state, state);
    await requested(store, 3, { workerPoolId: 'a/other', prefix: 'o' });
    await requested(store, 1, { workerGroup: 'us-west-2b', prefix: 'zone' });
    await requested(store, 2, { scope: 'eu-west-1', prefix: 'eu' });
    await declared(store);
    const pages = await allPages<FleetMember, WorkerKey>(2, async (page) => store.fleetPage(providerId, scope, page));
    assert.deepEqual(pages.map(ids), [['o-0', 'o-1'], ['o-2', 'requested-0'], ['running-0', 'stopping-0'], ['zone-0']]);
    assert.deepEqual(ids((await store.fleetPage(providerId, 'eu-west-1', all)).rows), ['eu-0', 'eu-1']);
    assert.deepEqual(await store.fleetPage('google', scope, all), { rows: [], next: null });
  });

  test('a member of the fleet has the facts that observation compares', async (t) => {
    const store = await open(t);
    await aPool(store);
    const worker = await registered(store, await oneRequested(store, { capacityPerInstance: 2 }), after(5));
    const seen = { worker, firstClaim: after(6), lastDateActive: after(7) };
    await store.saveQueueActivity([seen], after(8));
    assert.deepEqual(only((await store.fleetPage(providerId, scope, all)).rows), {
      workerPoolId: poolId,
      workerGroup: scope,
      workerId: 'i-0',
      state: 'running',
      launchConfigId: 'a',
      capacity: 2,
      created: now,
      registeredAt: after(5),
      terminateAfter: after(4 * dayMs),
      queueInactivityTimeoutMs: 2 * hourMs,
      lastActive: after(7),
      queueCheckedAt: after(8),
      attempts: 0,
    });
  });

  test('cloud ids with a row are known by their state, stopped ones too, others not', async (t) => {
    const store = await open(t);
    await aPool(store);
    await workerIn(store, 'running', 'r');
    await workerIn(store, 'stopped', 's');
    await oneRequested(store, { scope: 'eu-west-1', prefix: 'eu' });
    const known = await store.knownIds(providerId, scope, ['r-0', 's-0', 'eu-0', 'i-none']);
    assert.deepEqual(
      known,
      new Map<string, WorkerState>([
        ['r-0', 'running'],
        ['s-0', 'stopped'],
      ]),
    );
    assert.equal((await store.knownIds('google', scope, ['r-0'])).size, 0);
    assert.equal((await store.knownIds(providerId, scope, [])).size, 0);
  });

  test('an id that is stopped in one pool and alive in another is known as alive', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'a/other' });
    const stopped = await workerIn(store, 'stopped', 'x');
    await oneRequested(store, { workerPoolId: 'a/other', prefix: 'x' });
    assert.deepEqual(await store.knownIds(providerId, scope, [stopped.workerId]), new Map([['x-0', 'requested']]));
  });

  // spec: P-02
  test('workers on their way in or out are due at their time, longest due first', async (t) => {
    const store = await open(t);
    await aPool(store);
    const early = await oneRequested(store, { prefix: 'early', at: after(-5000) });
    await oneRequested(store, { prefix: 'late' });
    await workerIn(store, 'running', 'running');
    await workerIn(store, 'stopping', 'stopping');
    await workerIn(store, 'stopped', 'stopped');
    const due = async (ms: number, limit = 10): Promise<string[]> =>
      ids(await store.dueWorkers(providerId, scope, after(ms), limit));
    assert.deepEqual(await due(-1), []);
    assert.deepEqual(await due(0), ['stopping-0']);
    assert.deepEqual(await due(10_000), ['stopping-0', 'early-0', 'late-0']);
    assert.deepEqual(await due(10_000, 2), ['stopping-0', 'early-0']);
    assert.deepEqual(await store.nextWorkerDue(providerId, scope), now);
    assert.equal(await store.nextWorkerDue(providerId, 'eu-west-1'), null);
    assert.deepEqual(await store.dueWorkers(providerId, 'eu-west-1', after(dayMs), 10), []);
    assert.equal(early.state, 'requested');
  });

  test('what a launch recorded of workers comes with those that are due, and for any that are asked for', async (t) => {
    const store = await open(t);
    await aPool(store);
    const [one, two] = await requested(store, 2);
    const running = await workerIn(store, 'running', 'running');
    const due = await store.dueWorkers(providerId, scope, after(dayMs), 10);
    assert.deepEqual(
      due.map(({ workerId, providerData }) => [workerId, providerData]),
      [one, two].map((worker) => [worker?.workerId, worker?.providerData]),
    );
    const unknown = { workerPoolId: poolId, workerGroup: scope, workerId: 'i-none' };
    const found = await store.fleetWorkers([running, unknown, two!]);
    assert.deepEqual(
      found.toSorted((left, right) => (left.workerId < right.workerId ? -1 : 1)),
      [two!, running].map(({ workerPoolId, workerGroup, workerId, providerData }) => ({
        workerPoolId,
        workerGroup,
        workerId,
        providerData,
      })),
    );
    assert.notDeepEqual(running.providerData, {});
    assert.deepEqual(await store.fleetWorkers([]), []);
  });

  test('workers on their way in or out are due at once when something happened to them; others, and strangers, are not', async (t) => {
    const store = await open(t);
    await aPool(store);
    const [one, two] = await requested(store, 2);
    await workerIn(store, 'running', 'running');
    await workerIn(store, 'stopped', 'stopped');
    assert.equal(await store.hasten(providerId, scope, ['running-0', 'stopped-0', 'i-none'], after(1)), false);
    assert.equal(await store.hasten(providerId, 'eu-west-1', [one!.workerId], after(1)), false);
    assert.deepEqual(await store.dueWorkers(providerId, scope, after(1), 10), []);
    assert.equal(await store.hasten(providerId, scope, [two!.workerId], after(1)), true);
    assert.deepEqual(ids(await store.dueWorkers(providerId, scope, after(1), 10)), [two!.workerId]);
    assert.equal(await store.hasten(providerId, scope, [], after(1)), false);
  });

  test('a try is counted and sets the next look; those who neither come nor go any more have none', async (t) => {
    const store = await open(t);
    await aPool(store);
    const [one, two] = await requested(store, 2);
    assert.ok(one && two);
    const running = await workerIn(store, 'running', 'r');
    const next = [one, two, running].map((worker, index) => ({ worker, dueAt: after(minuteMs * (index + 1)) }));
    await store.reschedule(next);
    await store.reschedule(next.slice(0, 1));
    await store.reschedule([]);
    const due = await store.dueWorkers(providerId, scope, after(hourMs), 10);
    assert.deepEqual(
      due.map(({ workerId, attempts }) => [workerId, attempts]),
      [
        ['i-0', 2],
        ['i-1', 1],
      ],
    );
    assert.deepEqual(await store.nextWorkerDue(providerId, scope), after(minuteMs));
  });

  test('a scope is active while it has a non-stopped worker or an open order', async (t) => {
    const store = await open(t);
    await aPool(store);
    assert.deepEqual(await store.activeScopes(providerId), new Set());
    await requested(store, 3, { scope: 'eu-west-1', prefix: 'eu' });
    await requested(store, 3, { scope: 'ap-south-1', prefix: 'ap' });
    const gone = await oneRequested(store, { scope: 'sa-east-1', prefix: 'sa' });
    await store.moveWorkers([{ worker: gone, move: 'stop', reason: 'x' }], now);
    await anOrder(store, { scope: 'us-east-1' });
    assert.deepEqual(await store.activeScopes(providerId), new Set(['ap-south-1', 'eu-west-1', 'us-east-1']));
    assert.deepEqual(await store.activeScopes('google'), new Set());
  });

  // spec: provisioning 4.4
  test('an observation checks the workers that were there when it began, and no stopped or younger one', async (t) => {
    const store = await open(t);
    await aPool(store);
    const there = await workerIn(store, 'running', 'there');
    const stopped = await workerIn(store, 'stopped', 'stopped');
    const elsewhere = await oneRequested(store, { scope: 'eu-west-1', prefix: 'eu' });
    await oneRequested(store, { prefix: 'young', at: after(1500) });
    await store.noteObserved(providerId, scope, after(1000), after(2000));
    const lastChecked = async (worker: WorkerKey): Promise<Date | undefined> =>
      (await store.worker(worker))?.lastChecked;
    assert.deepEqual(await lastChecked(there), after(2000));
    assert.deepEqual(await lastChecked(stopped), now);
    assert.deepEqual(await lastChecked(elsewhere), now);
    assert.deepEqual(await lastChecked({ ...there, workerId: 'young-0' }), after(1500));
    const listed = (await store.workersPage({ workerPoolId: poolId, state: 'running' }, all)).rows;
    assert.deepEqual(only(listed).lastChecked, after(2000));
    // One that began earlier and ends later says nothing new.
    await store.noteObserved(providerId, scope, after(500), after(3000));
    assert.deepEqual(await lastChecked(there), after(2000));
  });

  // spec: api 7.3, provisioning 4.4, W6, P-03, P-13
  test('an observation writes to no worker, but extends those that have less than six and a half days left', async (t) => {
    const store = await open(t);
    await aPool(store);
    const early = await oneRequested(store, { prefix: 'early' });
    const late = await oneRequested(store, { prefix: 'late', at: after(dayMs) });
    const stopped = await workerIn(store, 'stopped', 'stopped');
    const metal = await declared(store, { expires: after(dayMs) });
    const expiryOf = async (worker: WorkerKey): Promise<Date | undefined> => (await store.worker(worker))?.expires;
    await store.noteObserved(providerId, scope, after(dayMs / 2), after(dayMs / 2));
    assert.deepEqual(await expiryOf(early), after(7 * dayMs));
    const at = after(dayMs / 2 + 1);
    await store.noteObserved(providerId, scope, at, at);
    await store.noteObserved('static', '', at, at);
    assert.deepEqual(await expiryOf(early), after(8.5 * dayMs + 1));
    assert.deepEqual(await expiryOf(late), after(8 * dayMs));
    assert.deepEqual(await expiryOf(stopped), after(7 * dayMs));
    assert.deepEqual(await expiryOf(metal), after(dayMs));
  });
}
