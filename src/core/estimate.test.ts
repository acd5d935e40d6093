import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { estimate } from './estimate.ts';
import type { Estimate } from './estimate.ts';
import type { FleetTally } from './launch-store.ts';

const at = new Date('2026-01-01T00:00:00Z');

interface Situation {
  pending: number;
  claimed?: number;
  min?: number;
  max: number;
  ratio?: number;
  ordered?: number;
  requested?: number;
  running?: number;
  stopping?: number;
  quarantined?: number;
  unanswered?: number;
}

const tallyOf = (situation: Situation): FleetTally => ({
  ordered: situation.ordered ?? 0,
  requested: situation.requested ?? 0,
  running: situation.running ?? 0,
  stopping: situation.stopping ?? 0,
  quarantined: situation.quarantined ?? 0,
  unanswered: situation.unanswered ?? 0,
  silentWorkerGroups: new Set(),
  byLaunchConfig: new Map(),
  bootingByLaunchConfig: new Map(),
  byWorkerGroup: new Map(),
});

const estimated = (situation: Situation): Estimate =>
  estimate({ pendingTasks: situation.pending, claimedTasks: situation.claimed ?? 0, at }, tallyOf(situation), {
    minCapacity: situation.min ?? 0,
    maxCapacity: situation.max,
    scalingRatio: situation.ratio ?? 1,
  });

/** The rows of spec/provisioning.md 2.5 with our answer, then those of evidence.md 6.1. */
const workedValues: readonly [name: string, situation: Situation, toRequest: number, code: string][] = [
  ['nothing at all', { pending: 0, max: 0 }, 0, 'no-need'],
  ['one for each task', { pending: 100, max: 100 }, 100, 'pending-tasks'],
  ['no more than the maximum', { pending: 100, max: 50 }, 50, 'maximum'],
  ['half a unit for each task', { pending: 100, claimed: 25, max: 100, ratio: 0.5, running: 25 }, 50, 'pending-tasks'],
  ['idle workers first', { pending: 11, max: 50, running: 10 }, 1, 'pending-tasks'],
  ['busy workers do not count', { pending: 5, claimed: 10, max: 50, running: 10 }, 5, 'pending-tasks'],
  ['more claimed than exists', { pending: 0, claimed: 11, max: 50, running: 10 }, 0, 'no-need'],
  ['a part of a unit is one unit', { pending: 1, max: 100, ratio: 0.3 }, 1, 'pending-tasks'],
  ['stopping capacity takes room', { pending: 20, max: 50, stopping: 100 }, 0, 'maximum'],
  ['the maximum is hard, where the original starts 10', { pending: 0, min: 10, max: 5 }, 5, 'maximum'],
  [
    'stopping keeps no minimum, where the original starts 0',
    { pending: 0, min: 10, max: 100, stopping: 10 },
    10,
    'minimum',
  ],
  [
    'booting counts once for the minimum, where the original starts 0',
    { pending: 0, min: 10, max: 100, requested: 5 },
    5,
    'minimum',
  ],
  [
    'booting counts once for tasks, where the original starts 0',
    { pending: 100, max: 1000, requested: 50 },
    50,
    'pending-tasks',
  ],
  [
    'booting counts once at size, where the original starts 200',
    { pending: 1000, max: 2000, requested: 400 },
    600,
    'pending-tasks',
  ],
  ['orders in flight are booting', { pending: 20, max: 100, ordered: 4, requested: 6 }, 10, 'pending-tasks'],
  ['40 of 100 booting, where the original starts 20', { pending: 100, max: 1000, requested: 40 }, 60, 'pending-tasks'],
  [
    'busy and booting, where the original starts 80',
    { pending: 100, claimed: 50, max: 1000, running: 50, requested: 10 },
    90,
    'pending-tasks',
  ],
  ['running capacity keeps the minimum', { pending: 0, min: 10, max: 100, running: 5 }, 5, 'minimum'],
  [
    'quarantined capacity takes room, where the original starts 10 more',
    { pending: 10, max: 10, quarantined: 10 },
    0,
    'maximum',
  ],
  ['quarantined capacity does no work', { pending: 10, max: 100, quarantined: 10 }, 10, 'pending-tasks'],
  [
    'what was ordered and is not answered serves no task',
    { pending: 10, max: 100, unanswered: 10 },
    10,
    'pending-tasks',
  ],
  ['what was ordered and is not answered takes room', { pending: 10, max: 12, unanswered: 10 }, 2, 'maximum'],
  ['idle capacity is enough', { pending: 5, max: 50, running: 10 }, 0, 'covered'],
  ['one is the minimum, none there', { pending: 0, min: 1, max: 10 }, 1, 'minimum'],
  ['one is the minimum, one booting', { pending: 0, min: 1, max: 10, requested: 1 }, 0, 'no-need'],
];

// spec: provisioning 2.5, P-04, P-16, P-17
describe('the estimate', () => {
  for (const [name, situation, toRequest, code] of workedValues) {
    test(`${name}: ${toRequest}`, () => {
      const result = estimated(situation);
      assert.equal(result.toRequest, toRequest);
      assert.equal(result.reason.code, code);
    });
  }

  test('says in one sentence what it was made of', () => {
    const textOf = (situation: Situation) => estimated(situation).reason.text;
    assert.equal(textOf({ pending: 0, max: 10 }), '0 pending tasks: nothing to do');
    assert.equal(
      textOf({ pending: 12, max: 50, running: 3, requested: 2 }),
      '12 pending tasks, 3 idle, 2 booting: 7 more',
    );
    assert.equal(textOf({ pending: 1, max: 10, requested: 1 }), '1 pending task, 1 booting: enough');
    assert.equal(
      textOf({ pending: 0, min: 4, max: 9, running: 1 }),
      '0 pending tasks, 1 idle: 3 more to keep the minimum 4',
    );
    assert.equal(
      textOf({ pending: 12, max: 10, running: 10, claimed: 10 }),
      '12 pending tasks: 12 more wanted, maximum 10 reached',
    );
    assert.equal(
      textOf({ pending: 12, max: 10, stopping: 3, quarantined: 1 }),
      '12 pending tasks: 12 more wanted, maximum 10 leaves 6 (3 stopping and 1 quarantined counted)',
    );
    assert.match(textOf({ pending: 0, max: 1, running: 50 }), /50 exist, far above the maximum 1$/);
  });

  // spec: api 9.2
  test('gives the numbers of the simple-estimate log', () => {
    const result = estimated({
      pending: 20,
      claimed: 6,
      min: 2,
      max: 100,
      running: 8,
      requested: 3,
      ordered: 1,
      stopping: 5,
    });
    assert.equal(result.existingCapacity, 12);
    assert.equal(result.requestedCapacity, 4);
    assert.equal(result.totalIdleCapacity, 6);
    assert.equal(result.adjustedPendingTasks, 14);
    assert.equal(result.want, 26);
    assert.equal(result.desiredCapacity, 31);
  });

  test('the desired capacity includes what is stopping, up to the maximum', () => {
    assert.equal(estimated({ pending: 10, max: 100, running: 5, stopping: 10 }).desiredCapacity, 20);
    assert.equal(estimated({ pending: 20, max: 50, stopping: 100 }).desiredCapacity, 50);
  });

  test('far too much capacity is an alarm, a little of it is not', () => {
    assert.equal(estimated({ pending: 0, max: 1, running: 50 }).isOverProvisioned, true);
    assert.equal(estimated({ pending: 0, max: 1, running: 5 }).isOverProvisioned, false);
    assert.equal(estimated({ pending: 0, max: 40, running: 50 }).isOverProvisioned, false);
  });
});

const aCount = fc.nat({ max: 5000 });
const aRatio = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);
const aSituation: fc.Arbitrary<Required<Situation>> = fc.record({
  pending: aCount,
  claimed: aCount,
  min: aCount,
  max: aCount,
  ratio: aRatio,
  ordered: aCount,
  requested: aCount,
  running: aCount,
  stopping: aCount,
  quarantined: aCount,
  unanswered: aCount,
});

describe('whatever the situation', () => {
  // spec: P-16
  test('the maximum is never exceeded by a request, not even for the minimum', () => {
    fc.assert(
      fc.property(aSituation, (situation) => {
        const { toRequest, existingCapacity } = estimated(situation);
        const present = existingCapacity + situation.stopping + situation.quarantined + situation.unanswered;
        return toRequest === 0 || present + toRequest <= situation.max;
      }),
    );
  });

  test('a request is a whole number and brings useful capacity to what is wanted', () => {
    fc.assert(
      fc.property(aSituation, (situation) => {
        const { toRequest, want, existingCapacity } = estimated(situation);
        return Number.isInteger(toRequest) && toRequest === Math.max(0, want - existingCapacity);
      }),
    );
  });

  test('more pending tasks never ask for less', () => {
    fc.assert(
      fc.property(aSituation, aCount, (situation, more) => {
        const fuller = { ...situation, pending: situation.pending + more };
        return estimated(fuller).toRequest >= estimated(situation).toRequest;
      }),
    );
  });

  // spec: P-16
  test('more stopping, quarantined or unanswered capacity never asks for more', () => {
    fc.assert(
      fc.property(aSituation, aCount, aCount, aCount, (situation, stopping, quarantined, unanswered) => {
        const tighter = {
          ...situation,
          stopping: situation.stopping + stopping,
          quarantined: situation.quarantined + quarantined,
          unanswered: situation.unanswered + unanswered,
        };
        return estimated(tighter).toRequest <= estimated(situation).toRequest;
      }),
    );
  });

  // spec: P-17
  test('the minimum is met by what works and boots alone, wherever the maximum leaves room', () => {
    fc.assert(
      fc.property(aSituation, (situation) => {
        const { toRequest, existingCapacity } = estimated(situation);
        const room = situation.max - situation.stopping - situation.quarantined - situation.unanswered;
        return existingCapacity + toRequest >= Math.min(situation.min, room);
      }),
    );
  });

  // spec: P-04
  test('asking again while what was asked for boots asks for nothing more', () => {
    fc.assert(
      fc.property(aSituation, fc.nat({ max: 100 }), (situation, percentPlaced) => {
        const first = estimated(situation).toRequest;
        const placed = Math.floor((first * percentPlaced) / 100);
        const second = estimated({ ...situation, ordered: situation.ordered + placed }).toRequest;
        const third = estimated({ ...situation, requested: situation.requested + first }).toRequest;
        assert.equal(second, first - placed);
        assert.equal(third, 0);
      }),
    );
  });
});

/** A pool with an ideal cloud: tasks arrive evenly, machines boot in a fixed time and run one task after another. Times in seconds. */
function simulate(load: { perSecond: number; lastsS: number; bootS: number; taskS: number; everyS: number }) {
  const waits: number[] = [];
  let started = 0;
  const pending: number[] = [];
  let booting: number[] = [];
  let busyUntil: number[] = [];
  for (let now = 0; now < load.lastsS + 4 * (load.bootS + load.taskS); now += 1) {
    if (now < load.lastsS) pending.push(...Array.from({ length: load.perSecond }, () => now));
    const ready = booting.filter((readyAt) => readyAt <= now);
    booting = booting.filter((readyAt) => readyAt > now);
    busyUntil.push(...ready);
    let claimed = 0;
    busyUntil = busyUntil.map((until) => {
      if (until > now) claimed += 1;
      if (until > now || pending.length === 0) return until;
      claimed += 1;
      waits.push(now - (pending.shift() ?? now));
      return now + load.taskS;
    });
    if (now % load.everyS !== 0) continue;
    const { toRequest } = estimated({
      pending: pending.length,
      claimed,
      max: 100_000,
      requested: booting.length,
      running: busyUntil.length,
    });
    started += toRequest;
    booting.push(...Array.from({ length: toRequest }, () => now + load.bootS));
  }
  waits.sort((a, b) => a - b);
  return { started, tasks: waits.length, longestWait: waits.at(-1) ?? 0, unserved: pending.length };
}

// spec: P-04
describe('a ramp is served in one wave', () => {
  test('one task a second with boots of 3 minutes waits one boot and one turn at most (evidence.md 6.1)', () => {
    const { started, tasks, longestWait } = simulate({
      perSecond: 1,
      lastsS: 600,
      bootS: 180,
      taskS: 1200,
      everyS: 10,
    });
    assert.deepEqual({ started, tasks, longestWait }, { started: 600, tasks: 600, longestWait: 189 });
  });

  test('two tasks a second with boots of 5 minutes start exactly one machine each', () => {
    const { started, longestWait } = simulate({ perSecond: 2, lastsS: 900, bootS: 300, taskS: 3600, everyS: 10 });
    assert.deepEqual({ started, longestWait }, { started: 1800, longestWait: 309 });
  });

  test('never more machines than tasks, whatever the times', () => {
    fc.assert(
      fc.property(
        fc.record({
          perSecond: fc.integer({ min: 1, max: 3 }),
          lastsS: fc.integer({ min: 1, max: 120 }),
          bootS: fc.integer({ min: 1, max: 200 }),
          taskS: fc.integer({ min: 1, max: 200 }),
          everyS: fc.integer({ min: 1, max: 30 }),
        }),
        (load) => {
          const { started, tasks, longestWait, unserved } = simulate(load);
          assert.equal(unserved, 0);
          assert.ok(started <= tasks && longestWait < load.bootS + load.everyS);
        },
      ),
      { numRuns: 40 },
    );
  });
});
