import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextLook } from './next-look.ts';
import type { WorkerState } from './worker.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const later = (ms: number) => new Date(noon.getTime() + ms);

const secondsOf = (state: WorkerState, attempts: number, terminateAfter: Date | null = null) => {
  const due = nextLook({ state, attempts, terminateAfter }, noon);
  return due === null ? null : Math.round((due.getTime() - noon.getTime()) / 100) / 10;
};

// spec: P-02
test('a requested worker is looked at within seconds, later once a minute', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 6, 7, 100].map((attempts) => secondsOf('requested', attempts)),
    [5, 7.5, 11.3, 16.9, 57, 60, 60],
  );
});

// spec: P-02, P-21
test('a stopping worker is looked at within seconds, later every two minutes', () => {
  assert.deepEqual(
    [0, 1, 2, 5, 10, 11, 5000].map((attempts) => secondsOf('stopping', attempts)),
    [2, 3, 4.5, 15.2, 115.3, 120, 120],
  );
});

// spec: provisioning 1.4
test('a requested worker is looked at as soon as its time is up', () => {
  assert.deepEqual(nextLook({ state: 'requested', attempts: 50, terminateAfter: later(20_000) }, noon), later(20_001));
  assert.equal(secondsOf('requested', 50, later(-1)), 60);
});

test('a running worker has its observation, a stopped one needs none', () => {
  assert.equal(secondsOf('running', 0), null);
  assert.equal(secondsOf('stopped', 0), null);
});

test('whoever is on the way in or out is looked at again, in the future and within two minutes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<WorkerState[]>('requested', 'stopping'),
      fc.nat(),
      fc.option(fc.integer({ min: -1_000_000, max: 1_000_000 }).map(later)),
      (state, attempts, terminateAfter) => {
        const due = nextLook({ state, attempts, terminateAfter }, noon);
        assert.ok(due !== null && due > noon && due <= later(120_000));
      },
    ),
  );
});
