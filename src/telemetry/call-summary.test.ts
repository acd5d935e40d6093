// spec: api 9.2, provisioning 5.3
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/seed.ts';
import { CallSummary } from './call-summary.ts';

test('calls are summed up by outcome, with the times of the calls alone', () => {
  const summary = new CallSummary();
  for (const durationMs of [10, 20, 30, 40]) summary.add({ outcome: 'ok', durationMs, attempt: 1 });
  summary.add({ outcome: 'RequestLimitExceeded', durationMs: 50, attempt: 1 });
  summary.add({ outcome: 'ok', durationMs: 60, attempt: 2 });
  assert.deepEqual(summary.figures(), {
    total: 6,
    success: 5,
    failed: 1,
    retries: 1,
    byStatus: { '200': 5, RequestLimitExceeded: 1 },
    min: 10,
    max: 60,
    avg: 35,
    median: 30,
    p95: 60,
    p99: 60,
  });
});

// spec: P-25
test('a summary that nobody asks for keeps a thousand times and no more, and counts all the same', () => {
  const summary = new CallSummary();
  for (let call = 0; call < 3_000; call += 1) summary.add({ outcome: 'ok', durationMs: call, attempt: 1 });
  const figures = summary.figures();
  assert.deepEqual([figures.total, figures.min, figures.max, figures.median], [3_000, 0, 2_999, 2_499]);
});

test('percentiles lie between the extremes and rise', () => {
  const durations = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 1_500 });
  const property = fc.property(durations, (times) => {
    const summary = new CallSummary();
    for (const durationMs of times) summary.add({ outcome: 'ok', durationMs, attempt: 1 });
    const figures = summary.figures();
    const { min, median, p95, p99, max, avg } = figures;
    assert.ok(min <= median && median <= p95 && p95 <= p99 && p99 <= max);
    assert.ok(min <= avg && avg <= max);
    assert.equal(figures.total, times.length);
  });
  fc.assert(property, { seed });
});
