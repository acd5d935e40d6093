import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { capacityFor } from './scaling.ts';

// spec: provisioning 2.5
test('a part of a unit is a whole one, however small', () => {
  assert.equal(capacityFor(12, 0.3), 4);
  assert.equal(capacityFor(1, 1e-12), 1);
});

test('a ratio in decimals is multiplied as decimals', () => {
  assert.equal(capacityFor(100, 0.07), 7);
  fc.assert(
    fc.property(fc.nat({ max: 10_000 }), fc.nat({ max: 100 }), (tasks, hundredths) => {
      assert.equal(capacityFor(tasks, hundredths / 100), Math.ceil((tasks * hundredths) / 100));
    }),
    { numRuns: 2000 },
  );
});
