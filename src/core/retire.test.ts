import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { estimate } from './estimate.ts';
import { retire } from './retire.ts';
import type { RetirementCandidate } from './retire.ts';
import type { TerminationDecision } from './worker.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(noon.getTime() - minutes * 60_000);

const aWorker = (workerId: string, worker: Partial<RetirementCandidate> = {}): RetirementCandidate => ({
  workerPoolId: 'proj/pool',
  workerGroup: 'us-west-2',
  workerId,
  created: minutesAgo(60),
  capacity: 1,
  launchConfigId: 'lc',
  isLaunchConfigArchived: false,
  isStatic: false,
  lastActive: null,
  decision: null,
  ...worker,
});

/** Workers a (newest), b, c … created a minute apart. */
const workers = (count: number, worker: Partial<RetirementCandidate> = {}) =>
  Array.from({ length: count }, (_, index) =>
    aWorker(String.fromCodePoint(97 + index), { created: minutesAgo(60 + index), ...worker }),
  );

interface Asked {
  pending?: number;
  claimed?: number;
  min?: number;
  max?: number;
  ratio?: number;
  at?: Date;
}

const retired = (of: readonly RetirementCandidate[], asked: Asked = {}) =>
  retire(
    of,
    { pendingTasks: asked.pending ?? 0, claimedTasks: asked.claimed ?? 0, at: asked.at ?? noon },
    { minCapacity: asked.min ?? 0, maxCapacity: asked.max ?? 100, scalingRatio: asked.ratio ?? 1 },
    noon,
  );

/** The ids of those told to end. */
const endingOf = (of: readonly RetirementCandidate[], asked: Asked = {}) =>
  retired(of, asked)
    .all.filter(({ decision }) => decision?.terminate)
    .map(({ worker }) => worker.workerId)
    .join('');

// spec: api 7.7, E59, provisioning 4.6
describe('told to end are', () => {
  test('all when there are no tasks and no minimum', () => {
    assert.equal(endingOf(workers(2)), 'ab');
  });

  test('none of as many as the minimum', () => {
    assert.equal(endingOf(workers(2), { min: 2 }), '');
  });

  test('the older of two when the maximum is one', () => {
    assert.equal(endingOf(workers(2), { pending: 5, max: 1 }), 'b');
  });

  test('none of three with one pending and two claimed tasks', () => {
    assert.equal(endingOf(workers(3), { pending: 1, claimed: 2 }), '');
  });

  test('the older ones beyond what tasks need', () => {
    assert.equal(endingOf(workers(5), { claimed: 2 }), 'cde');
  });

  // spec: P-45
  test('none of ten busy ones at a ratio of a half, where the original tells five (P-45)', () => {
    assert.equal(endingOf(workers(10), { claimed: 10, ratio: 0.5 }), '');
    assert.equal(endingOf(workers(10), { claimed: 10, pending: 5, ratio: 0.5 }), '');
  });

  test('none that could take a pending task, whatever the ratio', () => {
    assert.equal(endingOf(workers(10), { pending: 12, ratio: 0.5 }), '');
    assert.equal(endingOf(workers(10), { pending: 4, ratio: 0.5 }), 'efghij');
  });

  test("those of archived launch configs, who take nobody's place", () => {
    const [a, b, c] = workers(3);
    assert.ok(a && b && c);
    assert.equal(endingOf([{ ...a, isLaunchConfigArchived: true }, b, c], { claimed: 1 }), 'ac');
    assert.equal(endingOf([{ ...a, isLaunchConfigArchived: true }, b, c], { claimed: 2 }), 'a');
  });

  test('no machine that is needed in part', () => {
    assert.equal(endingOf(workers(3, { capacity: 4 }), { claimed: 5 }), 'c');
  });

  // spec: E59, W32
  test('static workers never, and advice that one has is cleared (W32)', () => {
    const decision: TerminationDecision = { terminate: true, reason: 'over capacity', decidedAt: minutesAgo(9) };
    const { changes } = retired([aWorker('a', { isStatic: true, decision })]);
    assert.deepEqual(
      changes.map((advice) => advice.decision),
      [null],
    );
  });
});

// spec: P-45
describe('of those that are not all needed', () => {
  test('the silent go first, the longest silent before the others', () => {
    const [a, b, c, d] = workers(4);
    assert.ok(a && b && c && d);
    const all = [{ ...a, lastActive: minutesAgo(90) }, { ...b, lastActive: minutesAgo(70) }, c, d];
    assert.equal(endingOf(all, { claimed: 2 }), 'ab');
    assert.equal(endingOf(all, { claimed: 3 }), 'a');
  });

  test('a worker that shows life less often than others is not thought idle: busy ones do', () => {
    const [a, b] = workers(2);
    assert.ok(a && b);
    assert.equal(
      endingOf(
        [
          { ...a, lastActive: minutesAgo(50) },
          { ...b, lastActive: noon },
        ],
        { claimed: 1 },
      ),
      'b',
    );
  });

  test('those known to hold a claim stay before all others', () => {
    const [a, b, c] = workers(3);
    assert.ok(a && b && c);
    const holding = { work: { idleSince: null } };
    assert.equal(endingOf([a, b, { ...c, ...holding }], { claimed: 1 }), 'ab');
  });

  test('the longest idle go first', () => {
    const [a, b, c] = workers(3);
    assert.ok(a && b && c);
    const idle = (minutes: number) => ({ work: { idleSince: minutesAgo(minutes) } });
    assert.equal(
      endingOf(
        [
          { ...a, ...idle(9) },
          { ...b, ...idle(1) },
          { ...c, ...idle(5) },
        ],
        { claimed: 2 },
      ),
      'a',
    );
  });

  test('only a maximum below the claims tells one that works to end after its task', () => {
    const all = workers(3, { work: { idleSince: null } });
    assert.equal(endingOf(all, { claimed: 3 }), '');
    assert.equal(endingOf(all, { claimed: 3, max: 2 }), 'c');
  });
});

describe('advice', () => {
  const stored = (terminate: boolean, reason: TerminationDecision['reason']): TerminationDecision => ({
    terminate,
    reason,
    decidedAt: minutesAgo(30),
  });

  test('is news only where it changes, and keeps its date otherwise', () => {
    const [a, b] = workers(2);
    assert.ok(a && b);
    const all = [
      { ...a, decision: stored(false, 'needed') },
      { ...b, decision: stored(false, 'needed') },
    ];
    const { changes, all: decided } = retired(all, { claimed: 1 });
    assert.deepEqual(
      changes.map(({ worker, decision }) => [worker.workerId, decision]),
      [['b', { terminate: true, reason: 'over capacity', decidedAt: noon }]],
    );
    assert.deepEqual(decided[0]?.decision?.decidedAt, minutesAgo(30));
  });

  // spec: E59, provisioning 4.6
  test('turns back when demand returns', () => {
    const { changes } = retired(workers(1, { decision: stored(true, 'over capacity') }), { pending: 1 });
    assert.deepEqual(changes[0]?.decision, { terminate: false, reason: 'needed', decidedAt: noon });
  });

  test('is counted by reason', () => {
    const [a, b, c] = workers(3);
    assert.ok(a && b && c);
    const { counts, reason, target } = retired([{ ...a, isLaunchConfigArchived: true }, b, c], { claimed: 1 });
    assert.deepEqual({ counts, target }, { counts: { over_capacity: 1, launch_config_archived: 1 }, target: 1 });
    assert.equal(
      reason.text,
      '1 claimed task and 0 pending need 1: 1 over capacity and 1 of archived launch configs should end',
    );
    assert.equal(retired(workers(1), { claimed: 1 }).reason.text, '1 claimed task and 0 pending need 1: all stay');
  });

  test('is left as it was while the counts of the queue are old, except for archived launch configs', () => {
    const [a, b] = workers(2);
    assert.ok(a && b);
    const { changes, reason } = retired([{ ...a, isLaunchConfigArchived: true }, b], { at: minutesAgo(3) });
    assert.deepEqual(
      changes.map(({ worker }) => worker.workerId),
      ['a'],
    );
    assert.equal(retired([b], { at: minutesAgo(1) }).changes.length, 1);
    assert.deepEqual(reason, { code: 'stale-demand', text: "the queue's counts are 3 min old" });
  });
});

const anyPool = fc.record({
  capacities: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 30 }),
  pending: fc.nat({ max: 100 }),
  claimed: fc.nat({ max: 100 }),
  min: fc.nat({ max: 50 }),
  max: fc.nat({ max: 150 }),
  ratio: fc.integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20),
});
const populationOf = (capacities: readonly number[]) =>
  capacities.map((capacity, index) => aWorker(`w-${index}`, { capacity, created: minutesAgo(index) }));
const sumOf = (all: readonly RetirementCandidate[]) => all.reduce((sum, worker) => sum + worker.capacity, 0);

describe('whatever the pool', () => {
  // spec: provisioning 4.6
  test('what stays is the target, but for the rounding of one machine', () => {
    fc.assert(
      fc.property(anyPool, ({ capacities, ...asked }) => {
        const { all, target } = retired(populationOf(capacities), asked);
        const staying = all.filter(({ decision }) => decision?.terminate === false).map(({ worker }) => worker);
        const leaving = all.length - staying.length;
        assert.ok(leaving === 0 || sumOf(staying) >= target);
        assert.ok(staying.length === 0 || sumOf(staying) - Math.max(...capacities) < target);
      }),
    );
  });

  test('nobody is told to end while capacity is being requested', () => {
    fc.assert(
      fc.property(anyPool, ({ capacities, ...asked }) => {
        const population = populationOf(capacities);
        const { toRequest } = estimate(
          { pendingTasks: asked.pending, claimedTasks: asked.claimed, at: noon },
          {
            ordered: 0,
            requested: 0,
            running: sumOf(population),
            stopping: 0,
            quarantined: 0,
            unanswered: 0,
            silentWorkerGroups: new Set(),
            byLaunchConfig: new Map(),
            bootingByLaunchConfig: new Map(),
            byWorkerGroup: new Map(),
          },
          { minCapacity: asked.min, maxCapacity: asked.max, scalingRatio: asked.ratio },
        );
        assert.ok(toRequest === 0 || endingOf(population, asked) === '');
      }),
    );
  });

  test('asking twice changes nothing the second time', () => {
    fc.assert(
      fc.property(anyPool, ({ capacities, ...asked }) => {
        const { all } = retired(populationOf(capacities), asked);
        const again = all.map(({ worker, decision }) => ({ ...worker, decision }));
        assert.deepEqual(retired(again, asked).changes, []);
      }),
    );
  });
});
