import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsReference } from './metrics-reference.ts';

// spec: api 2.8, 9.3
test('the metrics reference names each metric with its labels, buckets and processes', () => {
  const reference = metricsReference({
    worker_manager_existing_capacity: {
      type: 'gauge',
      help: 'Capacity that works or will',
      labels: ['workerPoolId', 'workerGroup'],
      registers: ['provision'],
    },
    http_request_duration_seconds: {
      type: 'histogram',
      help: 'Time to answer a request',
      labels: [],
      buckets: [0.1, 1],
      registers: ['default'],
    },
  });
  assert.deepEqual(reference, {
    $schema: '/schemas/common/metrics-reference-v0.json#',
    serviceName: 'worker-manager',
    apiVersion: 'v1',
    metrics: [
      {
        name: 'worker_manager_existing_capacity',
        type: 'gauge',
        title: 'Existing Capacity',
        description: 'Capacity that works or will.',
        labels: { workerPoolId: 'The worker pool.', workerGroup: 'The group of the workers.' },
        registers: ['provision'],
      },
      {
        name: 'http_request_duration_seconds',
        type: 'histogram',
        title: 'Http Request Duration Seconds',
        description: 'Time to answer a request.',
        labels: {},
        buckets: [0.1, 1],
        registers: ['default'],
      },
    ],
  });
});

test('a metric with a label that nobody described is not published', () => {
  const table = { x: { type: 'gauge', help: 'x', labels: ['nonsense'], registers: [] } } as const;
  // @ts-expect-error a label without words
  assert.ok(metricsReference(table));
});
