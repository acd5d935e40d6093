// spec: api 9.3
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

const poolLabels = { workerPoolId: 'a/b', providerId: 'aws' };

// spec: W38, P-38
test('a gauge of a vanished group lingers no longer than its forgetting', async () => {
  const metrics = createMetrics();
  const name = 'worker_manager_existing_capacity';
  metrics.gauge(name, { ...poolLabels, workerGroup: 'us-east-1' }, 3);
  metrics.gauge(name, { ...poolLabels, workerGroup: 'us-west-2' }, 4);
  metrics.forget(name, poolLabels);
  metrics.gauge(name, { ...poolLabels, workerGroup: 'us-west-2' }, 5);
  const { text } = await metrics.exposition();
  assert.doesNotMatch(text, /us-east-1/);
  assert.match(text, /workerGroup="us-west-2"\} 5/);
});

test('labels a metric does not declare are dropped, missing ones are empty', async () => {
  const metrics = createMetrics();
  metrics.count('worker_manager_worker_registration_failures_total', { ...poolLabels, other: 'x' });
  metrics.count('worker_manager_worker_registration_failures_total', { workerPoolId: 'a/b' }, 2);
  const { text } = await metrics.exposition();
  assert.doesNotMatch(text, /other/);
  assert.match(text, /workerPoolId="a\/b",providerId=""\} 2/);
});

test('a configured prefix stands before every name', async () => {
  const metrics = createMetrics('tc');
  metrics.observe('iterate_duration_seconds', { name: 'provision', status: 'success' }, 2);
  const { text } = await metrics.exposition();
  assert.match(text, /tc_iterate_duration_seconds_bucket\{le="5",name="provision",status="success"\} 1/);
});
