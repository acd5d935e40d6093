import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { breakerVerdict, launchConfigTripStreak, poolTripStreak } from './breaker.ts';
import type { BreakerVerdict } from './breaker.ts';
import { candidatesOf } from './candidates.ts';
import { estimate } from './estimate.ts';
import { wholePool } from './launch-record.ts';
import type { FleetTally, LaunchRecord } from './launch-store.ts';
import { select } from './select.ts';

const start = new Date('2026-01-01T00:00:00Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const atMinute = (minutes: number) => new Date(start.getTime() + minutes * minuteMs);

/** A record whose machines were lost between two minutes, none having registered. */
const losing = (streak: number, from: number, to: number, launchConfigId = 'lc'): LaunchRecord => ({
  launchConfigId,
  attempts: 0,
  failures: 0,
  asOf: start,
  unregisteredStreak: streak,
  streakSince: streak === 0 ? null : atMinute(from),
  lastRegistrationAt: null,
  lastLossAt: streak === 0 ? null : atMinute(to),
});

const nextTryAfter = (verdict: BreakerVerdict, to: number): number =>
  verdict.kind === 'wait' && verdict.nextTry !== null
    ? (verdict.nextTry.getTime() - atMinute(to).getTime()) / minuteMs
    : 0;

describe('the breaker', () => {
  test('does not trip without a record or before its number of losses', () => {
    assert.equal(breakerVerdict(undefined, 0, start).kind, 'working');
    assert.equal(breakerVerdict(losing(launchConfigTripStreak - 1, 0, 1), 0, atMinute(1)).kind, 'working');
    assert.equal(breakerVerdict(losing(poolTripStreak - 1, 0, 1, wholePool), 0, atMinute(1)).kind, 'working');
  });

  test('trips at its number of losses, and says so', () => {
    const verdict = breakerVerdict(losing(5, 0, 1), 0, atMinute(1));
    assert.deepEqual(verdict, {
      kind: 'wait',
      nextTry: atMinute(2),
      reason: { code: 'crash-loop', text: '5 machines in a row ended without registering; the next tries in 60 s' },
    });
    assert.equal(breakerVerdict(losing(poolTripStreak, 0, 1, wholePool), 0, atMinute(1)).kind, 'wait');
  });

  test('lets one try after half the time that it has been failing, a minute at least and an hour at most', () => {
    const waits = [
      [0, 0],
      [0, 1],
      [0, 10],
      [0, 60],
      [0, 120],
      [0, 10_000],
    ].map(([from = 0, to = 0]) => nextTryAfter(breakerVerdict(losing(5, from, to), 0, atMinute(to)), to));
    assert.deepEqual(waits, [1, 1, 5, 30, 60, 60]);
  });

  test('forgives many lost at once as soon as few lost at once', () => {
    assert.equal(nextTryAfter(breakerVerdict(losing(1000, 0, 1), 0, atMinute(1)), 1), 1);
  });

  test('lets none try beside one that boots, however long that takes', () => {
    const verdict = breakerVerdict(losing(5, 0, 1), 1, atMinute(500));
    assert.ok(verdict.kind === 'wait' && verdict.nextTry === null && verdict.reason.code === 'probe-under-way');
  });

  test('lets one try when it is time', () => {
    assert.equal(breakerVerdict(losing(5, 0, 1), 0, atMinute(2)).kind, 'probe');
  });

  test('is closed by a registration at once', () => {
    assert.equal(
      breakerVerdict({ ...losing(0, 0, 0), lastRegistrationAt: atMinute(1) }, 0, atMinute(1)).kind,
      'working',
    );
  });
});

interface Machine {
  launchConfigId: string;
  endsAt: number;
}

/** A pool with endless demand, provisioned by the real decisions; its machines never register before `fixedAt`. Times in ms from the start. */
function simulate(world: {
  launchConfigs: number;
  max: number;
  bootLimitMs: number;
  lastsMs: number;
  fixedAt: number;
}) {
  const ids = Array.from({ length: world.launchConfigs }, (_, index) => `lc-${index}`);
  const records = new Map([wholePool, ...ids].map((id) => [id, losing(0, 0, 0, id)]));
  const bootMs = 2 * minuteMs;
  let booting: Machine[] = [];
  const running: Machine[] = [];
  let launched = 0;
  let fullAt: number | null = null;
  let chance = 0.5;
  const random = () => (chance = (chance + 0.6180339887498949) % 1);
  const note = (machine: Machine, change: (record: LaunchRecord) => LaunchRecord) => {
    for (const id of [machine.launchConfigId, wholePool]) {
      const record = records.get(id);
      if (record !== undefined) records.set(id, change(record));
    }
  };
  const lose = (machine: Machine, now: Date) =>
    note(machine, (record) => ({
      ...record,
      unregisteredStreak: record.unregisteredStreak + 1,
      streakSince: record.streakSince ?? now,
      lastLossAt: now,
    }));
  const register = (machine: Machine, now: Date) =>
    note(machine, (record) => ({ ...record, unregisteredStreak: 0, streakSince: null, lastRegistrationAt: now }));

  for (let ms = 0; ms < world.lastsMs; ms += 10_000) {
    const now = new Date(start.getTime() + ms);
    const isFixed = ms >= world.fixedAt;
    const ended = booting.filter((machine) => machine.endsAt <= ms);
    booting = booting.filter((machine) => machine.endsAt > ms);
    for (const machine of ended) {
      if (isFixed) running.push(machine);
      (isFixed ? register : lose)(machine, now);
    }
    const perConfig = (machines: readonly Machine[]) =>
      new Map(ids.map((id) => [id, machines.filter((machine) => machine.launchConfigId === id).length]));
    const tally: FleetTally = {
      ordered: 0,
      requested: booting.length,
      running: running.length,
      stopping: 0,
      quarantined: 0,
      unanswered: 0,
      silentWorkerGroups: new Set(),
      byLaunchConfig: perConfig([...booting, ...running]),
      bootingByLaunchConfig: perConfig(booting),
      byWorkerGroup: new Map(),
    };
    const { toRequest } = estimate({ pendingTasks: 1_000_000, claimedTasks: running.length, at: now }, tally, {
      minCapacity: 0,
      maxCapacity: world.max,
      scalingRatio: 1,
    });
    const limits = { capacityPerInstance: 1, initialWeight: 1, maxCapacity: world.max };
    const options = ids.map((launchConfigId) => ({
      launchConfigId,
      limits,
      workerGroup: 'us-west-2',
      backOffScopes: [],
    }));
    const found = candidatesOf(options, { tally, records: [...records.values()], setbacks: [] }, now);
    for (const choice of select(toRequest, found, random).choices) {
      launched += choice.instances;
      // A broken machine ends at its registration timeout, a sound one is up sooner.
      const endsAt = ms + (isFixed ? bootMs : world.bootLimitMs);
      for (let index = 0; index < choice.instances; index += 1) {
        booting.push({ launchConfigId: choice.launchConfigId, endsAt });
      }
    }
    if (running.length === world.max) fullAt ??= ms;
  }
  return { launched, fullAt };
}

describe('a pool whose machines never register', () => {
  test('starts its first wave, then about one machine an hour', () => {
    const world = { launchConfigs: 3, max: 100, bootLimitMs: 10 * minuteMs, fixedAt: Infinity };
    const day = simulate({ ...world, lastsMs: 24 * hourMs }).launched;
    const week = simulate({ ...world, lastsMs: 7 * 24 * hourMs }).launched;
    assert.ok(day <= 100 + 24 + 10, `${day} in a day`);
    assert.ok(week - day <= 6 * 24, `${week - day} in the next six`);
  });

  test('starts a bounded number, whatever its size and however long its machines take to fail', () => {
    fc.assert(
      fc.property(
        fc.record({
          launchConfigs: fc.integer({ min: 1, max: 6 }),
          max: fc.integer({ min: 1, max: 60 }),
          bootLimitMs: fc.integer({ min: 1, max: 60 }).map((minutes) => minutes * minuteMs),
        }),
        (shape) => {
          const { launched } = simulate({ ...shape, lastsMs: 12 * hourMs, fixedAt: Infinity });
          // The wave, one replacement for each loss before the pool trips, and probes: 13 until they are an hour apart, then one an hour.
          assert.ok(launched <= shape.max + poolTripStreak + 13 + 12, `${launched}`);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('heals by itself within two hours of the repair: one probe registers and all follow', () => {
    const fixedAt = 20 * hourMs;
    const world = { launchConfigs: 3, max: 50, bootLimitMs: 10 * minuteMs, lastsMs: 24 * hourMs, fixedAt };
    const { fullAt } = simulate(world);
    assert.ok(fullAt !== null && fullAt - fixedAt < 2 * hourMs, String(fullAt));
  });
});
