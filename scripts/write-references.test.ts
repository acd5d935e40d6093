import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { metricsReference } from '#contract/metrics-reference.ts';
import { servedDocuments } from '#contract/served-documents.ts';
import { metricTable } from '#telemetry/metric-table.ts';
import { writeReferences } from './write-references.ts';

// spec: api 2.8
test('every published document is written where its address says', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'references-'));
  t.after(() => rm(folder, { recursive: true }));
  const paths = await writeReferences(folder);
  const documents = servedDocuments({ metrics: metricsReference(metricTable) });
  assert.equal(paths.length, documents.size);
  for (const [path, content] of documents) {
    assert.deepEqual(JSON.parse(await readFile(join(folder, path), 'utf8')), content, path);
  }
  const { references } = JSON.parse(await readFile(join(folder, 'references/manifest.json'), 'utf8')) as {
    references: string[];
  };
  for (const path of references) assert.ok(paths.includes(path.slice(1)), path);
});

// The names of spec/api.md 9.3.
const names =
  `http_requests_total http_request_duration_seconds iterate_duration_seconds worker_manager_existing_capacity
worker_manager_stopping_capacity worker_manager_requested_capacity worker_manager_desired_capacity worker_manager_total_idle_capacity
worker_manager_adjusted_pending_tasks worker_manager_pending_tasks worker_manager_claimed_tasks worker_manager_worker_pool_provision_seconds
worker_manager_worker_registration_seconds worker_manager_worker_provision_seconds worker_manager_worker_startup_seconds
worker_manager_worker_lifetime_seconds worker_manager_worker_registration_failures_total worker_manager_worker_pool_scan_seen_workers
worker_manager_worker_pool_scan_errors worker_manager_workers_to_terminate worker_manager_azure_throttle_total
worker_manager_azure_ratelimit_remaining worker_manager_azure_teardown_total worker_manager_azure_arm_deployment_errors_total`.split(
    /\s+/,
  );

// spec: api 9.3
test('the published metrics are those that dashboards know, histograms with their buckets', () => {
  const { metrics } = metricsReference(metricTable) as {
    metrics: { name: string; type: string; buckets?: number[]; registers: string[] }[];
  };
  const published = new Set(metrics.map(({ name }) => name));
  for (const name of names) assert.ok(published.has(name), name);
  for (const { name, type, buckets, registers } of metrics) {
    assert.equal(buckets !== undefined, type === 'histogram', name);
    assert.ok(registers.length > 0, name);
  }
});
