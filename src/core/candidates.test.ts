import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { candidatesOf } from './candidates.ts';
import type { Candidates, LaunchConfigOption } from './candidates.ts';
import { wholePool } from './launch-record.ts';
import type { FleetTally, LaunchRecord, Setback } from './launch-store.ts';
import { select } from './select.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const minutesAfter = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);
const evenly =
  (chance = 0.5) =>
  () =>
    (chance = (chance + 0.6180339887498949) % 1);

interface Shape {
  weight?: number;
  max?: number;
  perInstance?: number;
  scopes?: readonly string[];
}

const anOption = (launchConfigId: string, shape: Shape = {}): LaunchConfigOption => ({
  launchConfigId,
  limits: {
    capacityPerInstance: shape.perInstance ?? 1,
    initialWeight: shape.weight ?? 1,
    maxCapacity: shape.max ?? 100,
  },
  workerGroup: 'us-west-2',
  backOffScopes: shape.scopes ?? [],
});

const aTally = (present: Record<string, number> = {}, booting: Record<string, number> = {}): FleetTally => ({
  ordered: 0,
  requested: Object.values(booting).reduce((sum, capacity) => sum + capacity, 0),
  running: 0,
  stopping: 0,
  quarantined: 0,
  unanswered: 0,
  silentWorkerGroups: new Set(),
  byLaunchConfig: new Map(Object.entries(present)),
  bootingByLaunchConfig: new Map(Object.entries(booting)),
  byWorkerGroup: new Map(),
});

const aRecord = (launchConfigId: string, record: Partial<LaunchRecord> = {}): LaunchRecord => ({
  launchConfigId,
  attempts: 0,
  failures: 0,
  asOf: noon,
  unregisteredStreak: 0,
  streakSince: null,
  lastRegistrationAt: null,
  lastLossAt: null,
  ...record,
});

const tripped = (launchConfigId: string) =>
  aRecord(launchConfigId, { unregisteredStreak: 20, streakSince: noon, lastLossAt: noon });

const aSetback = (scope: string, until: Date): Setback => ({
  providerId: 'aws',
  scope,
  class: 'capacity',
  code: 'InsufficientInstanceCapacity',
  message: 'not now',
  failures: 1,
  since: noon,
  until,
});

function found(
  options: readonly LaunchConfigOption[],
  known: { tally?: FleetTally; records?: readonly LaunchRecord[]; setbacks?: readonly Setback[]; now?: Date } = {},
): Candidates {
  const { tally = aTally(), records = [], setbacks = [], now = noon } = known;
  return candidatesOf(options, { tally, records, setbacks }, now);
}

const weightsOf = ({ candidates }: Candidates) =>
  Object.fromEntries(
    candidates.map(({ launchConfigId, weight }) => [launchConfigId, Math.round(weight * 1000) / 1000]),
  );
const exclusionsOf = ({ excluded }: Candidates) =>
  Object.fromEntries(excluded.map(({ launchConfigId, reason }) => [launchConfigId, reason.code]));

/** How many machines each launch config gets of as many as asked for. */
const pickedOf = (candidates: Candidates, toRequest = 20) =>
  Object.fromEntries(
    select(toRequest, candidates, evenly()).choices.map(({ launchConfigId, instances }) => [launchConfigId, instances]),
  );

// spec: api 6.4, provisioning 3.1
describe('the situations of spec/provisioning.md 3.5, with our answers', () => {
  test('maxima 10, existing 10, 5, 10: only the second, until its 5 are used', () => {
    const options = ['a', 'b', 'c'].map((id) => anOption(id, { max: 10 }));
    const candidates = found(options, { tally: aTally({ a: 10, b: 5, c: 10 }) });
    assert.deepEqual(weightsOf(candidates), { b: 0.5 });
    assert.deepEqual(exclusionsOf(candidates), { a: 'full', c: 'full' });
    assert.deepEqual(pickedOf(candidates), { b: 5 });
  });

  test('all of 25 errors on one: the other gets nearly everything', () => {
    const records = [aRecord('a', { attempts: 25, failures: 25 })];
    const candidates = found([anOption('a', { max: 1000 }), anOption('b', { max: 1000 })], { records });
    assert.deepEqual(weightsOf(candidates), { a: 0.138, b: 1 });
    const { a = 0, b = 0 } = pickedOf(candidates, 1000);
    assert.ok(Math.abs(a - 121) < 10 && a + b === 1000, `${a}`);
  });

  // spec: P-18
  test('one single error does not exclude (P-18)', () => {
    const records = [aRecord('a', { attempts: 1, failures: 1 })];
    assert.deepEqual(weightsOf(found([anOption('a'), anOption('b')], { records })), { a: 0.8, b: 1 });
  });

  test('a single one, 60 of 100 used, half of its launches failing: starts normally, 40 remaining', () => {
    const records = [aRecord('a', { attempts: 100, failures: 52 })];
    const candidates = found([anOption('a')], { tally: aTally({ a: 60 }), records });
    assert.deepEqual(weightsOf(candidates), { a: 0.2 });
    assert.equal(candidates.candidates[0]?.remaining, 40);
    assert.deepEqual(pickedOf(candidates), { a: 20 });
  });

  // spec: P-18
  test('two starved ones share what is to be started (P-18)', () => {
    const records = ['a', 'b'].map((id) => aRecord(id, { attempts: 10, failures: 50 }));
    const candidates = found([anOption('a'), anOption('b')], { records });
    assert.deepEqual(weightsOf(candidates), { a: 0.01, b: 0.01 });
    assert.deepEqual(pickedOf(candidates), { a: 10, b: 10 });
  });

  // spec: P-10
  test('initialWeight 0 is off, alone and beside a full one (P-10)', () => {
    assert.deepEqual(exclusionsOf(found([anOption('a', { weight: 0 })])), { a: 'off' });
    const beside = found([anOption('a', { weight: 0 }), anOption('b', { max: 5 })], { tally: aTally({ b: 5 }) });
    assert.deepEqual(exclusionsOf(beside), { a: 'off', b: 'full' });
  });

  test('a small initial weight stays a small chance however full it is', () => {
    const options = [anOption('a', { weight: 0.1 }), anOption('b')];
    assert.deepEqual(weightsOf(found(options, { tally: aTally({ a: 10 }) })), { a: 0.09, b: 1 });
  });

  // spec: P-10
  test('maxCapacity 0 is off (P-10)', () => {
    assert.deepEqual(exclusionsOf(found([anOption('a', { max: 0 })])), { a: 'off' });
  });
});

describe('a launch config waits', () => {
  const options = [anOption('a', { scopes: ['account', 'zone-a'] }), anOption('b', { scopes: ['account', 'zone-b'] })];

  test('while a scope of it rests, and says until when and why', () => {
    const candidates = found(options, { setbacks: [aSetback('zone-a', minutesAfter(5))] });
    assert.deepEqual(weightsOf(candidates), { b: 1 });
    assert.deepEqual(candidates.excluded, [
      {
        launchConfigId: 'a',
        until: minutesAfter(5),
        reason: { code: 'backed-off', text: 'zone-a rests for 5 min after InsufficientInstanceCapacity' },
      },
    ]);
  });

  test('for one probe machine of all that share a scope whose rest has ended', () => {
    const candidates = found(options, { setbacks: [aSetback('account', noon)] });
    const { choices, unplaced } = select(20, candidates, evenly());
    assert.deepEqual(
      choices.map(({ instances, probes, reason }) => [instances, probes, reason.code]),
      [[1, ['account'], 'probe']],
    );
    assert.equal(unplaced?.capacity, 19);
    assert.equal(unplaced.reason.code, 'probing');
  });

  test('for a probe of its own scope, while others take the rest', () => {
    const candidates = found(options, { setbacks: [aSetback('zone-a', noon)] });
    assert.deepEqual(pickedOf(candidates), { a: 1, b: 19 });
  });

  test('for the answer to an earlier order there, while a scope of it would have to be probed', () => {
    const tally = { ...aTally(), unanswered: 3, silentWorkerGroups: new Set(['us-west-2']) };
    const elsewhere = { ...anOption('c', { scopes: ['account'] }), workerGroup: 'us-east-1' };
    const candidates = found([...options, elsewhere], { tally, setbacks: [aSetback('zone-a', noon)] });
    assert.deepEqual(exclusionsOf(candidates), { a: 'unanswered' });
    assert.deepEqual(weightsOf(candidates), { b: 1, c: 1 });
  });

  test('for its breaker, and then for one machine', () => {
    const records = [tripped('a')];
    assert.deepEqual(exclusionsOf(found(options, { records })), { a: 'breaker' });
    assert.deepEqual(pickedOf(found(options, { records, now: minutesAfter(1) })), { a: 1, b: 19 });
    const beside = found(options, { records, tally: aTally({ a: 1 }, { a: 1 }), now: minutesAfter(1) });
    assert.deepEqual(exclusionsOf(beside), { a: 'breaker' });
  });

  test("for the pool's breaker, and then for one machine in all", () => {
    const records = [tripped(wholePool)];
    assert.deepEqual(exclusionsOf(found(options, { records })), { a: 'breaker', b: 'breaker' });
    const probing = select(20, found(options, { records, now: minutesAfter(1) }), evenly());
    assert.equal(probing.capacity, 1);
    const beside = found(options, { records, tally: aTally({ b: 1 }, { b: 1 }), now: minutesAfter(1) });
    assert.deepEqual(exclusionsOf(beside), { a: 'breaker', b: 'breaker' });
  });
});

test('a candidate says how its weight came about', () => {
  const records = [aRecord('a', { attempts: 6, failures: 2 })];
  const setbacks = [aSetback('zone-a', noon)];
  const options = [anOption('a', { weight: 0.5, scopes: ['zone-a'] })];
  const { candidates } = found(options, { tally: aTally({ a: 25 }), records, setbacks });
  assert.equal(
    candidates[0]?.note,
    'weight 0.5, 75 of 100 capacity free; 20 % of recent launches failed; probes zone-a',
  );
});
