import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tallies } from './tallies.ts';

// spec: P-25
test('tallies count by name, start anew when deleted, and forget those that were counted longest ago', () => {
  const tallies = new Tallies(2);
  assert.deepEqual([tallies.add('a'), tallies.add('a'), tallies.add('b'), tallies.add('a')], [1, 2, 1, 3]);
  tallies.add('c');
  assert.deepEqual([tallies.add('a'), tallies.add('b')], [4, 1]);
  tallies.delete('a');
  assert.equal(tallies.add('a'), 1);
});
