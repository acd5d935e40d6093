import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decayed, failureRate, launchRecordHalfLifeMs } from './launch-record.ts';
import type { LaunchRecord } from './launch-store.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const after = (ms: number) => new Date(noon.getTime() + ms);

const aRecord = (attempts: number, failures: number): LaunchRecord => ({
  launchConfigId: 'lc',
  attempts,
  failures,
  asOf: noon,
  unregisteredStreak: 0,
  streakSince: null,
  lastRegistrationAt: null,
  lastLossAt: null,
});

// spec: P-18
test('half of a record is forgotten in a quarter of an hour', () => {
  const faded = decayed(aRecord(40, 20), after(launchRecordHalfLifeMs));
  assert.deepEqual(faded, { ...aRecord(20, 10), asOf: after(15 * 60_000) });
});

test('a record from a clock that is ahead does not grow', () => {
  assert.equal(decayed(aRecord(40, 20), after(-60_000)).attempts, 40);
});

// spec: P-18
test('one lone failure costs a launch config a fifth of its weight, not all of it', () => {
  assert.equal(failureRate(aRecord(1, 1), noon), 0.2);
});

// spec: P-18
test('failing always is near 1, never failing and no record are 0', () => {
  assert.ok(failureRate(aRecord(100, 100), noon) > 0.95);
  assert.equal(failureRate(aRecord(100, 0), noon), 0);
  assert.equal(failureRate(undefined, noon), 0);
});

test('more failures than attempts, as running machines report them, are a rate of 1', () => {
  assert.equal(failureRate(aRecord(2, 50), noon), 1);
});

// spec: P-18
test('what failed is forgiven with time', () => {
  const rates = [0, 15, 30, 60, 120].map((minutes) => failureRate(aRecord(10, 10), after(minutes * 60_000)));
  assert.deepEqual(
    rates.map((rate) => Math.round(rate * 100)),
    [71, 56, 38, 14, 1],
  );
});
