import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amounts, counted, lasting, listed } from './wording.ts';

test('one is singular, all else is plural', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => counted(count, 'machine')),
    ['0 machines', '1 machine', '2 machines'],
  );
  assert.equal(counted(2, 'capacity', 'capacity'), '2 capacity');
});

test('a length of time is told in the unit that keeps it readable', () => {
  const told = [900, 45_000, 119_000, 120_000, 3_600_000, 7_200_000, 9_000_000, 345_600_000].map(lasting);
  assert.deepEqual(told, ['1 s', '45 s', '119 s', '2 min', '60 min', '2 h', '2.5 h', '96 h']);
});

test('a long list tells its first few and how many more', () => {
  assert.equal(listed(['a', 'b', 'c']), 'a, b, c');
  assert.equal(listed(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 more');
});

test('amounts of nothing are not told', () => {
  assert.deepEqual(amounts({ idle: 3, booting: 0, busy: 10 }), ['3 idle', '10 busy']);
});
