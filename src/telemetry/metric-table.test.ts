import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceFiles } from '#test/tidy/source-file.ts';
import { metricTable } from './metric-table.ts';
import type { MetricDefinition } from './metric-table.ts';

/* The table of spec/api.md 9.3, written down once more: dashboards and alerts of deployments go by it. */
const boot = [15, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 1800];
const startup = [5, 10, 15, 30, 45, 60, 90, 120, 180, 300, 600];
const lifetime = [60, 300, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800, 1209600];
const quick = [0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const iteration = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 6000];

type Row = readonly [name: string, type: string, labels: string, registers: string, buckets?: readonly number[]];
const request = 'method name status service';
const pool = 'workerPoolId providerId';
const group = `${pool} workerGroup`;
const deployment =
  'errorKind errorCode statusCode provisioningState provisioningOperation targetResourceType vmSize priority';
const all = 'default provision scan';

const specified: readonly Row[] = [
  ['http_requests_total', 'counter', request, 'default'],
  ['http_request_duration_seconds', 'histogram', request, 'default', quick],
  ['iterate_duration_seconds', 'histogram', 'name status', all, iteration],
  ['worker_manager_existing_capacity', 'gauge', group, 'provision'],
  ['worker_manager_stopping_capacity', 'gauge', group, 'provision'],
  ['worker_manager_requested_capacity', 'gauge', group, 'provision'],
  ['worker_manager_desired_capacity', 'gauge', pool, 'provision'],
  ['worker_manager_total_idle_capacity', 'gauge', pool, 'provision'],
  ['worker_manager_adjusted_pending_tasks', 'gauge', pool, 'provision'],
  ['worker_manager_pending_tasks', 'gauge', pool, 'provision'],
  ['worker_manager_claimed_tasks', 'gauge', pool, 'provision'],
  ['worker_manager_worker_pool_provision_seconds', 'histogram', pool, 'provision', quick],
  ['worker_manager_worker_registration_seconds', 'histogram', pool, all, boot],
  ['worker_manager_worker_provision_seconds', 'histogram', group, 'default provision', boot],
  ['worker_manager_worker_startup_seconds', 'histogram', group, 'default provision', startup],
  ['worker_manager_worker_lifetime_seconds', 'histogram', pool, all, lifetime],
  ['worker_manager_worker_registration_failures_total', 'counter', pool, all],
  // With the group as a label of its own: without it one group overwrites the other (W38).
  ['worker_manager_worker_pool_scan_seen_workers', 'gauge', group, 'scan'],
  ['worker_manager_worker_pool_scan_errors', 'gauge', group, 'scan'],
  ['worker_manager_workers_to_terminate', 'gauge', `${pool} reason`, 'scan'],
  ['worker_manager_azure_throttle_total', 'counter', 'providerId operationType', 'provision scan'],
  ['worker_manager_azure_teardown_total', 'counter', `${pool} mode`, 'scan'],
  ['worker_manager_azure_arm_deployment_errors_total', 'counter', `${group} ${deployment}`, 'provision scan'],
  ['worker_manager_azure_ratelimit_remaining', 'gauge', 'providerId limitType', 'provision scan'],
];

const table: ReadonlyMap<string, MetricDefinition> = new Map(Object.entries(metricTable));

// spec: api 9.3, W38
test('every metric that dashboards know is there, with its type, labels, buckets and processes', () => {
  for (const [name, type, labels, registers, buckets] of specified) {
    const found = table.get(name);
    assert.ok(found !== undefined, `there is no ${name}`);
    const { help: _, ...rest } = found;
    const expected = { type, labels: labels.split(' '), registers: registers.split(' ') };
    assert.deepEqual({ ...rest }, buckets === undefined ? expected : { ...expected, buckets }, name);
  }
});

/** What is declared and never set, each for its reason. */
const neverSet: ReadonlySet<string> = new Set([
  // These come with the provider for Azure.
  'worker_manager_azure_throttle_total',
  'worker_manager_azure_teardown_total',
  'worker_manager_azure_arm_deployment_errors_total',
  'worker_manager_azure_ratelimit_remaining',
]);

/** Whether some code names it: as a text, or as a text with a gap (`worker_manager_${sum}_capacity`). */
function isNamed(name: string, code: string): boolean {
  if (code.includes(`'${name}'`)) return true;
  const templates = code.matchAll(/`(worker_manager_[^`]*\$\{[^`]*)`/g);
  return [...templates].some(([, text = '']) => new RegExp(`^${text.replaceAll(/\$\{[^}]*\}/g, '.+')}$`).test(name));
}

// spec: api 9.3
test('every metric that is declared is set somewhere, but for those whose reason is given', async () => {
  const files = await readSourceFiles(['src']);
  const isTable = /metric-table|\.test\.ts$/;
  const code = files.flatMap(({ path, text }) => (isTable.test(path) ? [] : [text])).join('\n');
  assert.equal(isNamed('worker_manager_never_heard_of_total', code), false);
  const unnamed = [...table.keys()].filter((name) => !isNamed(name, code));
  for (const name of unnamed) assert.ok(neverSet.has(name), `nobody sets ${name}`);
});
