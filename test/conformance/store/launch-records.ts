import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decayed, launchRecordHalfLifeMs } from '#core/launch-record.ts';
import type { LaunchRecord, Setback } from '#core/launch-store.ts';
import { refusalClasses } from '#core/launch.ts';
import type { RefusalClass } from '#core/launch.ts';
import type { Store } from '#core/store.ts';
import { aPool, after, anOrder, hourMs, launched, minuteMs, now, only, poolId, refusal, terms } from './samples.ts';
import type { OpenStore } from './samples.ts';

const recordOf = async (store: Store, id: string): Promise<LaunchRecord | undefined> =>
  (await store.launchRecords(poolId)).find((record) => record.launchConfigId === id);

/** Settles an order of 10 machines of which `count` came. */
async function settleTen(store: Store, count: number, refused: RefusalClass | null, at = now): Promise<void> {
  const order = await anOrder(store, { count: 10, launchConfigId: 'b' }, at);
  const outcome = { ...launched(count, order.orderId), refusal: refused === null ? null : refusal(refused) };
  await store.settleOrder(order, outcome, terms, at);
}

let problems = 0;
async function reportProblem(store: Store, launchConfigId: string | null, at = now, isCounted = false): Promise<void> {
  problems += 1;
  const text = { kind: 'k', title: 't', description: 'd', extra: {} };
  const report = { errorId: `e${problems}`, workerPoolId: poolId, ...text, launchConfigId, isCounted };
  await store.recordProblem(report, at);
}

/** What every store promises of how launches went, and of closed scopes. */
export function launchRecordPromises(open: OpenStore): void {
  const tellingOnes = new Set<RefusalClass>(['capacity', 'quota', 'configuration', 'auth']);
  for (const refused of refusalClasses) {
    const isTelling = tellingOnes.has(refused);
    test(`machines refused for ${refused} ${isTelling ? 'count' : 'do not count'} as failures of their launch config`, async (t) => {
      const store = await open(t);
      await aPool(store);
      await settleTen(store, 3, refused);
      for (const id of ['b', '*']) {
        assert.deepEqual(await recordOf(store, id), {
          launchConfigId: id,
          attempts: 10,
          failures: isTelling ? 7 : 0,
          asOf: now,
          unregisteredStreak: 0,
          streakSince: null,
          lastRegistrationAt: null,
          lastLossAt: null,
        });
      }
      assert.equal((await store.launchRecords(poolId)).length, 2);
    });
  }

  test('an order that came whole, and one that lapsed, count as attempts only', async (t) => {
    const store = await open(t);
    await aPool(store);
    await settleTen(store, 10, null);
    await settleTen(store, 0, null);
    const record = await recordOf(store, 'b');
    assert.deepEqual([record?.attempts, record?.failures], [20, 0]);
    assert.deepEqual(await store.launchRecords('other/pool'), []);
  });

  test('a reported problem is one failure of the launch config it names, none if it names none or is counted already', async (t) => {
    const store = await open(t);
    await aPool(store);
    await reportProblem(store, 'b');
    await reportProblem(store, 'b');
    await reportProblem(store, null);
    await reportProblem(store, 'b', now, true);
    for (const id of ['b', '*']) {
      const record = await recordOf(store, id);
      assert.deepEqual([record?.attempts, record?.failures], [0, 2]);
    }
  });

  test('records fade as core says, however often they are written', async (t) => {
    const store = await open(t);
    await aPool(store);
    let expected: LaunchRecord = {
      launchConfigId: 'b',
      attempts: 0,
      failures: 0,
      asOf: now,
      unregisteredStreak: 0,
      streakSince: null,
      lastRegistrationAt: null,
      lastLossAt: null,
    };
    const gaps = fc.sample(fc.integer({ min: 0, max: 3 * launchRecordHalfLifeMs }), { numRuns: 12, seed: 1 });
    let at = now;
    for (const gap of gaps) {
      at = new Date(at.getTime() + gap);
      await settleTen(store, 4, 'capacity', at);
      const before = decayed(expected, at);
      expected = { ...before, attempts: before.attempts + 10, failures: before.failures + 6 };
      const record = await recordOf(store, 'b');
      assert.deepEqual(record?.asOf, at);
      assert.ok(Math.abs(record.attempts - expected.attempts) < 1e-6);
      assert.ok(Math.abs(record.failures - expected.failures) < 1e-6);
    }
  });

  test('an older event written late neither turns a record back nor makes it grow', async (t) => {
    const store = await open(t);
    await aPool(store);
    await settleTen(store, 10, null, after(hourMs));
    await settleTen(store, 10, null, now);
    const record = await recordOf(store, 'b');
    assert.deepEqual([record?.attempts, record?.asOf], [20, after(hourMs)]);
  });

  test('what happened long ago is nothing, however long, and small remainders do not hurt', async (t) => {
    const store = await open(t);
    await aPool(store);
    await settleTen(store, 0, 'capacity');
    for (let turn = 1; turn <= 40; turn += 1) await reportProblem(store, 'b', after(turn * 20 * 24 * hourMs));
    const record = await recordOf(store, 'b');
    assert.equal(record?.attempts, 0);
    assert.ok(Math.abs(record.failures - 1) < 1e-9);
  });

  const setback: Setback = {
    providerId: 'aws',
    scope: 'us-west-2a/m5.large',
    class: 'capacity',
    code: 'InsufficientInstanceCapacity',
    message: 'none left',
    failures: 2,
    since: now,
    until: after(minuteMs),
  };

  test('a setback is kept per provider and scope until it is cleared, also when its time is over', async (t) => {
    const store = await open(t);
    assert.deepEqual(await store.setbacks('aws'), []);
    await store.saveSetback(setback);
    await store.saveSetback({ ...setback, scope: 'account', class: 'quota' });
    await store.saveSetback({ ...setback, providerId: 'aws-2' });
    const later: Setback = {
      ...setback,
      class: 'throttle',
      code: 'X',
      message: 'a\0',
      failures: 3,
      until: after(hourMs),
    };
    await store.saveSetback(later);
    assert.deepEqual(await store.setbacks('aws'), [
      { ...setback, scope: 'account', class: 'quota' },
      { ...later, message: 'a\uFFFD' },
    ]);
    assert.equal(await store.clearSetback('aws', setback.scope), true);
    assert.equal(await store.clearSetback('aws', setback.scope), false);
    assert.equal(only(await store.setbacks('aws')).scope, 'account');
    assert.equal((await store.setbacks('aws-2')).length, 1);
  });

  test('the last provisioning decision of each pool can be told', async (t) => {
    const store = await open(t);
    const report = {
      workerPoolId: poolId,
      decidedAt: now,
      pendingTasks: 7,
      claimedTasks: 2,
      want: 9.5,
      toRequest: 4,
      requested: 3,
    };
    await store.saveProvisionReport({ ...report, reason: 'more tasks' });
    await store.saveProvisionReport({ ...report, workerPoolId: 'a/a', reason: 'first' });
    const latest = { ...report, decidedAt: after(1), pendingTasks: 0, reason: 'fewer\0 tasks' };
    await store.saveProvisionReport(latest);
    assert.deepEqual(await store.provisionReports(), [
      { ...report, workerPoolId: 'a/a', reason: 'first' },
      { ...latest, reason: 'fewer\uFFFD tasks' },
    ]);
  });

  test('of decisions that differ only in their time one a minute is kept', async (t) => {
    const store = await open(t);
    const numbers = { pendingTasks: 0, claimedTasks: 0, want: 0, toRequest: 0, requested: 0 };
    const report = { workerPoolId: poolId, ...numbers, reason: 'enough' };
    const keptOf = async (decidedAt: Date): Promise<Date> => {
      await store.saveProvisionReport({ ...report, decidedAt });
      return only(await store.provisionReports()).decidedAt;
    };
    assert.deepEqual(await keptOf(now), now);
    assert.deepEqual(await keptOf(after(minuteMs)), now);
    assert.deepEqual(await keptOf(after(minuteMs + 1)), after(minuteMs + 1));
  });
}
