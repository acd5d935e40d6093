// spec: api 9.2, 9.3, provisioning 5.3
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log, LogLevel } from '#core/telemetry.ts';
import { createMetrics } from './metrics.ts';
import { watchProviders } from './provider-watch.ts';

/** A watch, what it logged, each with its logger, and its metrics. */
function aWatch() {
  const entries: [logger: string, type: string, level: LogLevel, fields: Readonly<Record<string, unknown>>][] = [];
  const logger = (path: string): Log => ({
    write: (type, level, fields) => void entries.push([path, type, level, fields]),
    child: (name) => logger(`${path}${name}`),
  });
  const metrics = createMetrics();
  return { watch: watchProviders(logger(''), metrics), entries, metrics };
}

const call = { providerId: 'aws', scope: 'us-east-1', kind: 'run', operation: 'RunInstances', attempt: 1 };

test('every attempt at a call is counted by its outcome, with the time of the call alone', async () => {
  const { watch, metrics } = aWatch();
  watch.onCall({ ...call, outcome: 'ok', durationMs: 40 });
  watch.onCall({ ...call, outcome: 'RequestLimitExceeded', durationMs: 60 });
  const { text } = await metrics.exposition();
  const labels = 'providerId="aws",scope="us-east-1",operation="RunInstances"';
  assert.ok(text.includes(`worker_manager_cloud_calls_total{${labels},outcome="ok"} 1`));
  assert.ok(text.includes(`worker_manager_cloud_calls_total{${labels},outcome="RequestLimitExceeded"} 1`));
  assert.ok(text.includes('worker_manager_cloud_call_seconds_sum{providerId="aws",operation="RunInstances"} 0.1'));
});

test('a pause is told with its reason and length, and its end', () => {
  const { watch, entries } = aWatch();
  const pause = { providerId: 'aws', scope: 'us-east-1', kind: 'run', reason: 'RequestLimitExceeded' };
  watch.onPause({ ...pause, durationMs: 2_000, waiting: 3 });
  watch.onResume({ ...pause, durationMs: 2_000, waiting: 0 });
  const queue = { providerId: 'aws', queueName: 'us-east-1.run' };
  const paused = { ...queue, reason: 'RequestLimitExceeded', queueSize: 3, duration: 2_000 };
  assert.deepEqual(entries, [
    ['provider.aws', 'cloud-api-paused', 'warning', paused],
    ['provider.aws', 'cloud-api-resumed', 'notice', queue],
  ]);
});

test('how calls went is told by provider, and only of those that were called since', () => {
  const { watch, entries } = aWatch();
  watch.tellCalls();
  watch.onCall({ ...call, outcome: 'ok', durationMs: 40 });
  watch.onCall({ ...call, providerId: 'other', outcome: 'ok', durationMs: 1, attempt: 2 });
  watch.tellCalls();
  watch.onCall({ ...call, outcome: 'ok', durationMs: 40 });
  watch.tellCalls();
  assert.deepEqual(
    entries.map(([logger, type, level, fields]) => [logger, type, level, fields['providerId'], fields['retries']]),
    [
      ['provider.aws', 'cloud-api-metrics', 'notice', 'aws', 0],
      ['provider.other', 'cloud-api-metrics', 'notice', 'other', 1],
      ['provider.aws', 'cloud-api-metrics', 'notice', 'aws', 0],
    ],
  );
});

test('a set-up that fails is an error of its provider', () => {
  const { watch, entries } = aWatch();
  const error = new Error('no network');
  watch.onSetUpFailed('aws', error);
  assert.deepEqual(entries, [['provider.aws', 'provider-setup-failed', 'err', { providerId: 'aws', error }]]);
});
