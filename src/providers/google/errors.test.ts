import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RefusalClass } from '#core/launch.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { NotStarted } from '#providers/call-gate.ts';
import {
  GoogleError,
  isConflict,
  isNotFound,
  mayHaveHappened,
  operationRefusal,
  readFailure,
  refusalOf,
} from './errors.ts';
import { placementOf, scopesOf } from './place.ts';

const scopes = scopesOf(
  placementOf({ zone: 'us-west1-b', machineType: 'n2-standard-4', scheduling: { provisioningModel: 'SPOT' } }),
);

/** Reason and status of a call's answer, and what they mean. */
const calls: readonly (readonly [reason: string, status: number, RefusalClass, keyof typeof scopes])[] = [
  // 403 is not one thing.
  ['rateLimitExceeded', 403, 'throttle', 'calls'],
  ['userRateLimitExceeded', 403, 'throttle', 'calls'],
  ['RATE_LIMIT_EXCEEDED', 429, 'throttle', 'calls'],
  ['quotaExceeded', 403, 'quota', 'regionQuota'],
  ['forbidden', 403, 'auth', 'configuration'],
  ['PERMISSION_DENIED', 403, 'auth', 'configuration'],
  ['accessNotConfigured', 403, 'auth', 'account'],
  ['SERVICE_DISABLED', 403, 'auth', 'account'],
  ['insufficientPermissions', 403, 'auth', 'account'],
  ['somethingNew', 403, 'auth', 'configuration'],
  ['authError', 401, 'auth', 'account'],
  ['required', 401, 'auth', 'account'],
  ['invalid_grant', 400, 'auth', 'account'],
  ['somethingNew', 429, 'throttle', 'calls'],
  ['required', 400, 'configuration', 'configuration'],
  ['invalid', 400, 'configuration', 'configuration'],
  ['notFound', 404, 'configuration', 'configuration'],
  ['conditionNotMet', 412, 'configuration', 'configuration'],
  ['somethingNew', 413, 'configuration', 'configuration'],
  ['insufficientCapacity', 503, 'capacity', 'capacity'],
  ['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', 503, 'capacity', 'capacity'],
  ['resourceNotReady', 400, 'transient', 'zone'],
  ['backendError', 503, 'transient', 'zone'],
  ['internalError', 500, 'transient', 'zone'],
  ['HTTP 502', 502, 'transient', 'zone'],
  ['somethingNew', 408, 'transient', 'zone'],
];

/** Codes of operations. */
const operations: readonly (readonly [code: string, status: number | null, RefusalClass, keyof typeof scopes])[] = [
  ['ZONE_RESOURCE_POOL_EXHAUSTED', 503, 'capacity', 'capacity'],
  ['ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS', null, 'capacity', 'capacity'],
  ['VM_MIN_COUNT_NOT_REACHED', null, 'capacity', 'capacity'],
  ['IP_SPACE_EXHAUSTED', 400, 'capacity', 'addresses'],
  ['QUOTA_EXCEEDED', 403, 'quota', 'regionQuota'],
  ['RATE_LIMIT_EXCEEDED', 403, 'throttle', 'calls'],
  ['PERMISSIONS_ERROR', 403, 'auth', 'configuration'],
  ['RESOURCE_NOT_FOUND', 404, 'configuration', 'configuration'],
  ['UNSUPPORTED_OPERATION', 400, 'configuration', 'configuration'],
  ['RESOURCE_OPERATION_RATE_EXCEEDED', 403, 'transient', 'zone'],
  ['INTERNAL_ERROR', 500, 'transient', 'zone'],
  ['SOMETHING_NEW', 400, 'configuration', 'configuration'],
  ['SOMETHING_NEW', null, 'transient', 'zone'],
];

const quotaMessage = (metric: string): string => `Quota '${metric}' exceeded.  Limit: 24.0 in region us-west1.`;

// spec: provisioning 7.9, P-08
describe('what Google’s errors mean', () => {
  for (const [reason, status, refusalClass, scope] of calls) {
    test(`${reason} with status ${status} is ${refusalClass} of the ${scope}`, () => {
      const refusal = refusalOf(new GoogleError(reason, 'words', { status }), scopes);
      assert.deepEqual(
        [refusal.class, refusal.scope, refusal.code, refusal.message],
        [refusalClass, scopes[scope], reason, 'words'],
      );
      assert.equal(refusal.kind, undefined);
    });
  }

  for (const [code, status, refusalClass, scope] of operations) {
    test(`an operation that ends with ${code} (${status}) is refused for ${refusalClass} of the ${scope}`, () => {
      const item = { code, message: 'words', quotaMetric: null };
      const refusal = operationRefusal([item, { ...item, message: 'more' }], status, 'operation-1', scopes);
      assert.deepEqual(
        [refusal.class, refusal.scope, refusal.code, refusal.message],
        [refusalClass, scopes[scope], code, 'words; more'],
      );
      assert.deepEqual([refusal.kind, refusal.title], ['operation-error', 'Operation Error']);
    });
  }

  test('a quota closes what it limits, and no more', () => {
    const metrics: Readonly<Record<string, keyof typeof scopes>> = {
      CPUS: 'cpuQuota',
      N2_CPUS: 'cpuQuota',
      PREEMPTIBLE_CPUS: 'cpuQuota',
      CPUS_ALL_REGIONS: 'projectQuota',
      NVIDIA_T4_GPUS: 'gpuQuota',
      PREEMPTIBLE_NVIDIA_V100_GPUS: 'gpuQuota',
      GPUS_ALL_REGIONS: 'projectQuota',
      SSD_TOTAL_GB: 'diskQuota',
      DISKS_TOTAL_GB: 'diskQuota',
      IN_USE_ADDRESSES: 'addressQuota',
      INSTANCES: 'regionQuota',
      ANYTHING_NEW: 'regionQuota',
    };
    for (const [metric, scope] of Object.entries(metrics)) {
      const told = new GoogleError('quotaExceeded', quotaMessage(metric), { status: 403 });
      assert.equal(refusalOf(told, scopes).scope, scopes[scope], `${metric}, by its words`);
      const quotaMetric = `compute.googleapis.com/${metric.toLowerCase()}`;
      const item = { code: 'QUOTA_EXCEEDED', message: 'too many', quotaMetric };
      assert.equal(operationRefusal([item], 403, 'o', scopes).scope, scopes[scope], `${metric}, by its name`);
    }
  });

  test('no answer is transient, and the machine may exist; a no is not, even one with status 503', () => {
    assert.ok(mayHaveHappened(new GoogleError('ECONNRESET', 'gone')));
    assert.ok(mayHaveHappened(new DeadlineExceeded(5)));
    assert.ok(mayHaveHappened(new GoogleError('backendError', '', { status: 503 })));
    assert.ok(!mayHaveHappened(new GoogleError('insufficientCapacity', '', { status: 503 })));
    assert.ok(!mayHaveHappened(new GoogleError('forbidden', '', { status: 403 })));
    assert.ok(!mayHaveHappened(new NotStarted(5)));
  });

  test('other calls wait when Google wants fewer, so long as it says; what may pass is repeated', () => {
    const throttled = new GoogleError('rateLimitExceeded', '', { status: 403, retryAfterMs: 7000 });
    assert.deepEqual(readFailure(throttled), { kind: 'throttled', code: 'rateLimitExceeded', retryAfterMs: 7000 });
    assert.equal(readFailure(new GoogleError('backendError', '', { status: 503 })).kind, 'passing');
    assert.equal(readFailure(new GoogleError('forbidden', '', { status: 403 })).kind, 'final');
    assert.equal(readFailure(new GoogleError('quotaExceeded', '', { status: 403 })).kind, 'final');
    assert.deepEqual(readFailure(new DeadlineExceeded(5)), { kind: 'final', code: 'TIMEOUT', retryAfterMs: null });
  });

  test('not found and conflicts are told by their status', () => {
    assert.ok(isNotFound(new GoogleError('notFound', '', { status: 404 })));
    assert.ok(isConflict(new GoogleError('alreadyExists', '', { status: 409 })));
    assert.ok(!isNotFound(new GoogleError('ECONNRESET', '')));
  });

  test('long words are cut, and a defect is nobody’s no', () => {
    assert.equal(refusalOf(new GoogleError('invalid', 'x'.repeat(5000)), scopes).message.length, 1001);
    assert.throws(() => refusalOf(new TypeError('a defect'), scopes), TypeError);
  });
});
