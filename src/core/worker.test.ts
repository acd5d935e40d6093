import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canMove, isDeclared, moves, workerStates } from './worker.ts';
import type { MoveName } from './worker.ts';

const names = Object.keys(moves) as MoveName[];

// spec: provisioning 1.1
test('the table of moves is that of spec/provisioning.md 1.1', () => {
  const allowed = workerStates.map((state) => [state, names.filter((move) => canMove(state, move))]);
  assert.deepEqual(allowed, [
    ['requested', ['register', 'remove', 'stop']],
    ['running', ['remove', 'stop']],
    ['stopping', ['stop']],
    ['stopped', []],
  ]);
});

// spec: provisioning 1.1
test('there is no way back', () => {
  for (const { from, to } of Object.values(moves)) {
    assert.ok(from.every((state) => workerStates.indexOf(state) < workerStates.indexOf(to)));
  }
});

test('a worker without an end of life is a declared one', () => {
  assert.equal(isDeclared({ terminateAfter: null }), true);
  assert.equal(isDeclared({ terminateAfter: new Date(0) }), false);
});
