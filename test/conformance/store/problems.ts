import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem, ProblemReport } from '#core/problem-store.ts';
import type { NewestFirstKey } from '#core/worker-store.ts';
import { aPool, after, allPages, dayMs, launchConfig, now, only, poolId, toldEvents } from './samples.ts';
import type { OpenStore } from './samples.ts';

const all = { after: null, limit: 1000 };
let problems = 0;

function report(other: Partial<ProblemReport> = {}): ProblemReport {
  problems += 1;
  return {
    errorId: `error-${String(problems).padStart(4, '0')}`,
    workerPoolId: poolId,
    kind: 'creation-error',
    title: 'Instance Creation Error',
    description: 'no more of these',
    extra: { code: 'InsufficientInstanceCapacity', tries: [1, null] },
    launchConfigId: null,
    ...other,
  };
}

/** What every store promises of worker-pool errors. */
export function problemPromises(open: OpenStore): void {
  // spec: api 7.4, 8.3, provisioning 10.2, E37
  test('a problem is stored as reported and told without its description', async (t) => {
    const store = await open(t);
    await aPool(store);
    await toldEvents(store);
    const sent = report({ launchConfigId: 'a', workerGroup: 'us-west-2', workerId: 'i-1' });
    const { workerGroup, workerId, ...problem } = sent;
    assert.deepEqual(await store.recordProblem(sent, now), { ...problem, reported: now });
    assert.deepEqual((await store.problemsPage({ workerPoolId: poolId }, all)).rows, [{ ...problem, reported: now }]);
    assert.deepEqual(await toldEvents(store), [
      {
        exchange: 'worker-pool-error',
        payload: {
          workerPoolId: poolId,
          providerId: 'aws',
          errorId: sent.errorId,
          kind: 'creation-error',
          title: 'Instance Creation Error',
          timestamp: now.toISOString(),
          workerId,
          workerGroup,
          launchConfigId: 'a',
        },
      },
    ]);
  });

  test('a problem of nothing in particular, or of a pool that is gone, is kept and told too', async (t) => {
    const store = await open(t);
    await store.recordProblem(report({ workerPoolId: 'gone/pool' }), now);
    const { payload } = only(await toldEvents(store));
    assert.deepEqual(Object.keys(payload).toSorted(), [
      'errorId',
      'kind',
      'providerId',
      'timestamp',
      'title',
      'workerPoolId',
    ]);
    assert.equal(payload.providerId, 'null-provider');
    assert.equal((await store.problemsPage({ workerPoolId: 'gone/pool' }, all)).rows.length, 1);
  });

  // spec: W47
  test('what cannot be stored of a problem is replaced, the rest is kept', async (t) => {
    const store = await open(t);
    const extra = { 'a\0': ['b\0', { c: '\uDC00', literally: '\\u0000' }] };
    const sent = report({ title: 'x\0', description: '\uD800y', extra });
    await store.recordProblem(sent, now);
    const { title, description, extra: stored } = only((await store.problemsPage({ workerPoolId: poolId }, all)).rows);
    assert.deepEqual([title, description], ['x\uFFFD', '\uFFFDy']);
    assert.deepEqual(stored, { 'a\uFFFD': ['b\uFFFD', { c: '\uFFFD', literally: '\\u0000' }] });
  });

  // spec: E40, E41, W13
  test('problems are listed newest first, page by page, and can be narrowed', async (t) => {
    const store = await open(t);
    await aPool(store, { launchConfigs: [launchConfig('a')] });
    const reports = Array.from({ length: 7 }, (_, index) => report(index % 2 === 0 ? { launchConfigId: 'a' } : {}));
    for (const [index, each] of reports.entries()) await store.recordProblem(each, after(Math.floor(index / 3)));
    await store.recordProblem(report({ workerPoolId: 'other/pool' }), now);
    const pages = await allPages<Problem, NewestFirstKey>(3, async (page) =>
      store.problemsPage({ workerPoolId: poolId }, page),
    );
    assert.deepEqual(
      pages.map((page) => page.length),
      [3, 3, 1],
    );
    const listed = pages.flat();
    assert.equal(new Set(listed.map(({ errorId }) => errorId)).size, 7);
    assert.deepEqual(
      listed.map(({ reported }) => reported.getTime() - now.getTime()),
      [2, 1, 1, 1, 0, 0, 0],
    );
    const ofA = await store.problemsPage({ workerPoolId: poolId, launchConfigId: 'a' }, all);
    assert.equal(ofA.rows.length, 4);
    const errorId = reports[1]?.errorId ?? '';
    assert.equal(only((await store.problemsPage({ workerPoolId: poolId, errorId }, all)).rows).errorId, errorId);
    const both = { workerPoolId: poolId, errorId, launchConfigId: 'a' };
    assert.deepEqual(await store.problemsPage(both, all), { rows: [], next: null });
  });

  // spec: E42, W22
  test('statistics have seven UTC days and 24 UTC hours with their zeroes, the newest last', async (t) => {
    const store = await open(t);
    const at = new Date('2026-03-04T00:30:00Z');
    const before = (ms: number): Date => new Date(at.getTime() - ms);
    const days = [0, 0, 1 / 24, 2, 6.01, 6.03, 8];
    for (const ago of days) await store.recordProblem(report(), before(ago * dayMs));
    const { daily, hourly, title } = await store.problemStats(null, at);
    assert.deepEqual(
      daily.map(({ start, count }) => `${start.toISOString().slice(0, 10)} ${count}`),
      ['2026-02-26 1', '2026-02-27 0', '2026-02-28 0', '2026-03-01 0', '2026-03-02 1', '2026-03-03 1', '2026-03-04 2'],
    );
    assert.equal(hourly.length, 24);
    assert.deepEqual(hourly.at(-1), { start: new Date('2026-03-04T00:00:00Z'), count: 2 });
    assert.deepEqual(hourly.at(-2), { start: new Date('2026-03-03T23:00:00Z'), count: 1 });
    assert.deepEqual(hourly[0], { start: new Date('2026-03-03T01:00:00Z'), count: 0 });
    assert.equal(
      hourly.reduce((sum, { count }) => sum + count, 0),
      3,
    );
    assert.deepEqual(title, { 'Instance Creation Error': 7 });
  });

  // spec: E42, E43
  test('statistics count by title, code, pool and launch config, those without under other and unknown', async (t) => {
    const store = await open(t);
    await store.recordProblem(report({ launchConfigId: 'a' }), now);
    await store.recordProblem(report({ launchConfigId: 'a', extra: { code: 'Quota' }, title: 'Odd' }), now);
    await store.recordProblem(report({ extra: {} }), now);
    await store.recordProblem(report({ extra: { code: 7 }, workerPoolId: 'other/pool' }), now);
    const ofAll = await store.problemStats(null, now);
    assert.deepEqual(ofAll.title, { 'Instance Creation Error': 3, Odd: 1 });
    assert.deepEqual(ofAll.code, { other: 2, InsufficientInstanceCapacity: 1, Quota: 1 });
    assert.deepEqual(ofAll.workerPool, { [poolId]: 3, 'other/pool': 1 });
    assert.deepEqual(ofAll.launchConfig, {});
    const ofOne = await store.problemStats(poolId, now);
    assert.deepEqual(ofOne.code, { other: 1, InsufficientInstanceCapacity: 1, Quota: 1 });
    assert.deepEqual(ofOne.workerPool, { [poolId]: 3 });
    assert.deepEqual(ofOne.launchConfig, { a: 2, unknown: 1 });
    const ofNone = await store.problemStats('no/such', now);
    assert.deepEqual([ofNone.title, ofNone.code, ofNone.workerPool, ofNone.launchConfig], [{}, {}, {}, {}]);
    assert.equal(ofNone.daily.length, 7);
  });

  // spec: W22
  test('a breakdown names a thousand at most and counts the rare ones together', async (t) => {
    const store = await open(t);
    const titles = Array.from({ length: 1003 }, (_, index) => `machine ${index} broke`);
    await Promise.all([...titles, 'machine 7 broke'].map(async (title) => store.recordProblem(report({ title }), now)));
    const { title } = await store.problemStats(null, now);
    assert.equal(Object.keys(title).length, 1001);
    assert.equal(title['machine 7 broke'], 2);
    assert.equal(title['other'], 3);
  });

  test('a title like a member of every object is counted like others', async (t) => {
    const store = await open(t);
    for (const title of ['__proto__', 'constructor']) await store.recordProblem(report({ title }), now);
    const { title } = await store.problemStats(null, now);
    assert.deepEqual(Object.entries(title), [
      ['__proto__', 1],
      ['constructor', 1],
    ]);
  });

  // spec: api 7.5, E65
  test('problems expire by the time they were reported', async (t) => {
    const store = await open(t);
    await store.recordProblem(report(), now);
    await store.recordProblem(report(), after(1));
    assert.equal(await store.expireProblems(now), 0);
    assert.equal(await store.expireProblems(after(1)), 1);
    assert.equal((await store.problemsPage({ workerPoolId: poolId }, all)).rows.length, 1);
  });
}
