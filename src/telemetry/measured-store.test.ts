// spec: api 9.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Log, LogLevel, Metrics } from '#core/telemetry.ts';
import { silentMetrics } from '#core/telemetry.ts';
import { SteppedClock } from '#lib/clock.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import {
  after,
  aPool,
  anOrder,
  launched,
  now,
  only,
  poolId,
  registered,
  terms,
} from '#test/conformance/store/samples.ts';
import { measuredStore } from './measured-store.ts';

/** A measured store, and what was written and measured by it. */
async function aMeasuredStore(t: TestContext) {
  const clock = new SteppedClock(now);
  const entries: { type: string; level: LogLevel; fields: Readonly<Record<string, unknown>> }[] = [];
  const log: Log = { write: (type, level, fields) => void entries.push({ type, level, fields }), child: () => log };
  const numbers: [name: string, value: number][] = [];
  const metrics: Metrics = {
    ...silentMetrics,
    count: (name) => void numbers.push([name, 1]),
    observe: (name, _labels, value) => void numbers.push([name, value]),
  };
  const store = measuredStore(await openPostgresStore(t), { log, metrics, clock });
  await aPool(store);
  return { store, clock, entries, numbers, types: () => entries.map(({ type }) => type) };
}

test('a working life is logged and measured once at each move', async (t) => {
  const { store, clock, entries, numbers, types } = await aMeasuredStore(t);
  const [requested] = await store.settleOrder(await anOrder(store), launched(1), terms, now);
  assert.ok(requested);
  await clock.step(60_000);
  const worker = await registered(store, requested, after(60_000));
  await clock.step(30_000);
  await store.moveWorkers([{ worker, move: 'remove', reason: 'asked for' }], after(90_000));
  await clock.step(10_000);
  await store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], after(100_000));

  assert.deepEqual(types(), ['worker-requested', 'worker-running', 'worker-removed', 'worker-stopped']);
  assert.equal(entries[1]?.fields['registrationDuration'], 60);
  assert.equal(entries[2]?.fields['reason'], 'asked for');
  assert.equal(entries[2]?.fields['workerAge'], 90);
  assert.equal(entries[2]?.fields['runningDuration'], 30);
  assert.deepEqual(numbers, [
    ['worker_manager_worker_registration_seconds', 60],
    ['worker_manager_worker_lifetime_seconds', 30],
  ]);
});

test('a worker that never registered counts as a failed registration, once', async (t) => {
  const { store, entries, numbers } = await aMeasuredStore(t);
  const worker = only(await store.settleOrder(await anOrder(store), launched(1), terms, now));
  await store.moveWorkers([{ worker, move: 'remove', reason: 'too late' }], now);
  await store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], now);
  await store.moveWorkers([{ worker, move: 'stop', reason: 'gone' }], now);
  assert.deepEqual(numbers, [['worker_manager_worker_registration_failures_total', 1]]);
  assert.equal(entries.at(-1)?.fields['runningDuration'], null);
});

test('a move that did not happen is not told', async (t) => {
  const { store, types } = await aMeasuredStore(t);
  const worker = only(await store.settleOrder(await anOrder(store), launched(1), terms, now));
  const guarded = { worker, move: 'remove', reason: 'time', ifTerminateAfterBefore: now } as const;
  assert.deepEqual(await store.moveWorkers([guarded], now), []);
  assert.deepEqual(types(), ['worker-requested']);
});

// spec: api 7.4, provisioning 10.2, E44
test('an error of a pool is logged when it is stored, whoever reports it, and never with what it says beyond its description', async (t) => {
  const { store, entries } = await aMeasuredStore(t);
  const report = {
    errorId: 'e1',
    workerPoolId: poolId,
    kind: 'termination-error',
    title: 'Instance Termination Error',
    description: 'it does not end',
  };
  await store.recordProblem({ ...report, extra: { code: 'private' }, launchConfigId: null }, now);
  const { workerPoolId, errorId, kind, title, description } = report;
  assert.deepEqual(entries, [
    {
      type: 'worker-error',
      level: 'notice',
      fields: { workerPoolId, errorId, kind, title, description, reported: now },
    },
  ]);
});

test('an error that could not be stored is not logged', async (t) => {
  const { store, types } = await aMeasuredStore(t);
  const broken = { errorId: 'e1', workerPoolId: poolId, kind: 'k', title: 't', description: 'd', extra: {} };
  await store.recordProblem({ ...broken, launchConfigId: null }, now);
  await assert.rejects(store.recordProblem({ ...broken, launchConfigId: null }, now));
  assert.deepEqual(types(), ['worker-error']);
});
