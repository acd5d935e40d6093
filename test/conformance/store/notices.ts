import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incidentWindowMs } from '#core/mail.ts';
import type { ProblemReport } from '#core/problem-store.ts';
import type { Store } from '#core/store.ts';
import { aPool, after, dayMs, minuteMs, now, poolId } from './samples.ts';
import type { OpenStore } from './samples.ts';

let errors = 0;

/** Reports a problem; says its id. */
async function report(store: Store, at: Date, other: Partial<ProblemReport> = {}): Promise<string> {
  errors += 1;
  const errorId = `notice-${String(errors).padStart(4, '0')}`;
  const problem = { kind: 'creation-error', title: 'Instance Creation Error', description: 'none left', extra: {} };
  await store.recordProblem({ errorId, workerPoolId: poolId, launchConfigId: null, ...problem, ...other }, at);
  return errorId;
}

async function waiting(store: Store): Promise<string[]> {
  return (await store.waitingNotices(100)).map(({ problem }) => problem.errorId);
}

/** What every store promises of incidents. */
export function noticePromises(open: OpenStore): void {
  // spec: api 7.4, provisioning 10.2, E44, W49, P-37
  test('many errors of one kind and title are one incident; another title or pool is another', async (t) => {
    const store = await open(t);
    await aPool(store, { emailOnError: true, owner: 'who@example.com' });
    await aPool(store, { workerPoolId: 'proj-a/other', emailOnError: true });
    const first = await report(store, now);
    await report(store, after(minuteMs));
    const other = await report(store, after(minuteMs), { title: 'User Data is too long' });
    const elsewhere = await report(store, after(2 * minuteMs), { workerPoolId: 'proj-a/other' });
    assert.deepEqual(await waiting(store), [first, other, elsewhere]);
    assert.equal((await store.waitingNotices(1))[0]?.owner, 'who@example.com');
  });

  // spec: E44
  test('a pool that wants no mail has no incidents', async (t) => {
    const store = await open(t);
    await aPool(store, { emailOnError: false });
    await report(store, now);
    assert.deepEqual(await waiting(store), []);
  });

  // spec: E44, W49, P-37
  test('an incident that was told is not told again within its window, and is after it', async (t) => {
    const store = await open(t);
    await aPool(store, { emailOnError: true });
    const first = await report(store, now);
    await store.confirmNotices([first], now);
    await report(store, after(incidentWindowMs - 1));
    assert.deepEqual(await waiting(store), []);
    const next = await report(store, after(incidentWindowMs));
    assert.deepEqual(await waiting(store), [next]);
  });

  test('an incident whose mail cannot leave for hours is told once, by its first error', async (t) => {
    const store = await open(t);
    await aPool(store, { emailOnError: true });
    const first = await report(store, now);
    for (let hour = 1; hour <= 5; hour += 1) await report(store, after(hour * incidentWindowMs));
    assert.deepEqual(await waiting(store), [first]);
  });

  test('an incident goes with the error that opened it', async (t) => {
    const store = await open(t);
    await aPool(store, { emailOnError: true });
    await report(store, now);
    await store.expireProblems(after(dayMs));
    assert.deepEqual(await waiting(store), []);
  });
}
