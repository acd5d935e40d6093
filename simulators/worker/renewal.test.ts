import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renewAfterMs } from './renewal.ts';

const minuteMs = 60_000;

// spec: provisioning 11.4
test('credentials are renewed when worker-runner renews them', () => {
  // left → after, minutes: the table of spec/provisioning.md 11.4.
  const table = [
    [90, 60],
    [31, 5],
    [20, 5],
    [4, 3.5],
    [0.5, 0],
    [0, 0],
  ] as const;
  for (const [left, after] of table) {
    assert.equal(renewAfterMs(left * minuteMs), after * minuteMs, `${left} min left`);
  }
});

// spec: provisioning 11.4
test('a renewal is never in the past, and never in the last 30 seconds if there is a choice', () => {
  fc.assert(
    fc.property(fc.integer({ min: -minuteMs, max: 31 * 24 * 60 * minuteMs }), (leftMs) => {
      const afterMs = renewAfterMs(leftMs);
      assert.ok(afterMs >= 0);
      assert.ok(afterMs === 0 || leftMs - afterMs >= minuteMs / 2);
    }),
  );
});
