import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentialTerms } from './credential-terms.ts';
import type { JsonObject } from './json.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const hourMs = 3_600_000;

/** Hours of validity, and whether the worker must end with it. */
const termsOf = (reregistrationTimeoutMs: number | null, isStatic = false, poolConfig: JsonObject | null = null) => {
  const worker = { terminateAfter: isStatic ? null : noon, reregistrationTimeoutMs };
  const { expires, terminateAfter } = credentialTerms(worker, poolConfig, noon);
  return [(expires.getTime() - noon.getTime()) / hourMs, terminateAfter?.getTime() === expires.getTime()];
};

// spec: api 1.20, 1.21
test('a worker gets the time it was started with, or 96 hours, and must end with its credentials', () => {
  assert.deepEqual(termsOf(10 * hourMs), [10, true]);
  assert.deepEqual(termsOf(null), [96, true]);
});

// spec: W9
test("a worker started before its pool changed keeps its time, a static one has the pool's (W9)", () => {
  const poolConfig = { lifecycle: { reregistrationTimeout: 7200 } };
  assert.deepEqual(termsOf(10 * hourMs, false, poolConfig), [10, true]);
  assert.deepEqual(termsOf(null, true, poolConfig), [2, false]);
});

// spec: api 1.20, E53
test('a static worker of a pool without a lifecycle, or without a pool, gets 96 hours and no end', () => {
  assert.deepEqual(termsOf(null, true, {}), [96, false]);
  assert.deepEqual(termsOf(null, true, null), [96, false]);
});

test('a stored time-out that credentials cannot have gives the nearest that they can', () => {
  assert.deepEqual(termsOf(-5), [96, true]);
  assert.deepEqual(termsOf(0), [96, true]);
  assert.deepEqual(termsOf(1000 * hourMs), [720, true]);
});
