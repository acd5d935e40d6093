import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#core/telemetry.ts';
import type { Log, LogLevel } from '#core/telemetry.ts';
import { aPool, poolId, dayMs } from '#test/conformance/store/samples.ts';
import { aLoopWorld, testingId } from '#test/loop-world.ts';
import { jobNamed } from './jobs.ts';

test('the jobs are found under both spellings that deployments use, and nothing else is a job', () => {
  for (const name of ['workers', 'worker-pools', 'launch-configs', 'errors']) {
    const camelCase = name.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    assert.notEqual(jobNamed(`expire-${name}`), null);
    assert.notEqual(jobNamed(`expire${camelCase}`), null);
  }
  for (const name of ['', 'expire', 'expire-orders', 'constructor', 'server']) assert.equal(jobNamed(name), null);
});

test('a job does its work once, and says how much that was', async (t) => {
  const { parts, store, clock } = await aLoopWorld(t);
  await aPool(store, { providerId: testingId });
  const incident = { kind: 'creation-error', title: 'No', description: 'no', extra: {}, launchConfigId: null };
  await store.recordProblem({ errorId: 'e1', workerPoolId: poolId, ...incident }, clock.now());
  await clock.step(8 * dayMs);
  assert.equal(await jobNamed('expire-errors')?.(parts), 1);
  assert.equal(await jobNamed('expireErrors')?.(parts), 0);
});

// spec: api 9.2
test('each run of a job leaves a line in the log, of success or with its error', async (t) => {
  const { parts, store } = await aLoopWorld(t);
  const lines: [type: string, level: LogLevel, status: unknown][] = [];
  const write: Log['write'] = (type, level, { status }) => void lines.push([type, level, status]);
  const told = { ...parts, log: { write, child: () => silentLog } };
  await jobNamed('expire-errors')?.(told);
  const broken = { ...store, expireWorkers: () => Promise.reject(new Error('the database is away')) };
  await assert.rejects(async () => await jobNamed('expire-workers')?.({ ...told, store: broken }), /is away/);
  assert.deepEqual(lines, [
    ['monitor.periodic', 'notice', 'success'],
    ['monitor.periodic', 'err', 'exception'],
  ]);
});
