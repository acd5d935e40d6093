import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Candidate, Candidates } from './candidates.ts';
import { mostInstancesPerTurn, select } from './select.ts';

/** Chance that is spread as evenly as can be: the golden ratio's multiples. */
const evenly =
  (chance = 0.5) =>
  () =>
    (chance = (chance + 0.6180339887498949) % 1);

const aCandidate = (launchConfigId: string, candidate: Partial<Candidate> = {}): Candidate => ({
  launchConfigId,
  capacityPerInstance: 1,
  weight: 1,
  remaining: 1000,
  allowances: [],
  probes: [],
  note: 'weight 1',
  ...candidate,
});

const among = (candidates: readonly Candidate[], allowances: Record<string, number> = {}): Candidates => ({
  candidates,
  excluded: [],
  allowances: new Map(Object.entries(allowances)),
});

const pickedOf = (toRequest: number, candidates: Candidates) =>
  Object.fromEntries(
    select(toRequest, candidates, evenly()).choices.map(({ launchConfigId, instances }) => [launchConfigId, instances]),
  );

describe('the selection', () => {
  test('of a pool without launch configs is empty and says so', () => {
    const { choices, unplaced } = select(5, among([]), evenly());
    assert.deepEqual(choices, []);
    assert.deepEqual(unplaced, {
      capacity: 5,
      reason: { code: 'no-launch-configs', text: 'no place for 5 more capacity: the pool has no launch configs' },
    });
  });

  test('of nothing draws nothing and takes no chance', () => {
    const noChance = () => assert.fail('chance was taken');
    const { choices, unplaced } = select(0, among([aCandidate('a')]), noChance);
    assert.deepEqual({ choices, unplaced }, { choices: [], unplaced: null });
  });

  // spec: provisioning 3.2, 3.3, P-09
  test('follows the weights', () => {
    const candidates = ['a', 'b', 'c'].map((id, index) => aCandidate(id, { weight: [1, 0.5, 0.1][index] ?? 0 }));
    const { a = 0, b = 0, c = 0 } = pickedOf(500, among(candidates));
    assert.ok(Math.abs(a - 312.5) < 5 && Math.abs(b - 156.25) < 5 && Math.abs(c - 31.25) < 5, `${a} ${b} ${c}`);
  });

  // spec: provisioning 3.4
  test('of five units at two per machine is three machines', () => {
    const { choices, capacity, unplaced } = select(5, among([aCandidate('a', { capacityPerInstance: 2 })]), evenly());
    assert.equal(choices[0]?.instances, 3);
    assert.equal(choices[0].reason.code, 'drawn');
    assert.equal(capacity, 6);
    assert.equal(unplaced, null);
  });

  test('of a fraction is one machine', () => {
    assert.deepEqual(pickedOf(0.3, among([aCandidate('a')])), { a: 1 });
  });

  // spec: provisioning 3.2
  test('keeps the maxima: 1, 2 and 97 of 100', () => {
    const candidates = [aCandidate('a', { remaining: 1 }), aCandidate('b', { remaining: 2 }), aCandidate('c')];
    assert.deepEqual(pickedOf(100, among(candidates)), { a: 1, b: 2, c: 97 });
  });

  test('draws a launch config with room for less than a machine once', () => {
    const candidates = among([aCandidate('a', { remaining: 1, capacityPerInstance: 5 })]);
    const { capacity, unplaced } = select(20, candidates, evenly());
    assert.equal(capacity, 5);
    assert.deepEqual(unplaced, {
      capacity: 15,
      reason: { code: 'no-room', text: 'no place for 15 more capacity: a: full with this turn' },
    });
  });

  test('says who is full now and who was left out before', () => {
    const candidates = [aCandidate('a', { remaining: 2 })];
    const reason = { code: 'off' as const, text: 'maxCapacity is 0' };
    const excluded = [{ launchConfigId: 'b', until: null, reason }];
    const { unplaced } = select(3, { candidates, excluded, allowances: new Map() }, evenly());
    assert.deepEqual(unplaced?.reason, {
      code: 'no-room',
      text: 'no place for 1 more capacity: a: full with this turn, b: maxCapacity is 0',
    });
  });

  test('says what weights and room it began with', () => {
    const candidates = among([aCandidate('a', { weight: 0.4, remaining: 7 }), aCandidate('b')]);
    const { weights, remainingCapacity } = select(3, candidates, evenly());
    assert.deepEqual(weights, { a: 0.4, b: 1 });
    assert.deepEqual(remainingCapacity, { a: 7, b: 1000 });
  });

  test('says which launch configs were left out, the first few of many', () => {
    const excluded = ['a', 'b', 'c', 'd', 'e'].map((launchConfigId) => ({
      launchConfigId,
      until: null,
      reason: { code: 'off' as const, text: 'initialWeight is 0' },
    }));
    const { unplaced } = select(1, { candidates: [], excluded, allowances: new Map() }, evenly());
    assert.match(unplaced?.reason.text ?? '', /a: initialWeight is 0, b: initialWeight is 0, c: .* and 2 more$/);
  });

  test('of a mistyped minimum is as many as one turn may start', () => {
    const candidates = among([aCandidate('a', { remaining: 1e12 })]);
    const { capacity, unplaced } = select(1e12, candidates, evenly());
    assert.equal(capacity, mostInstancesPerTurn);
    assert.equal(unplaced?.reason.code, 'turn-limit');
  });

  test('takes one chance for each machine', () => {
    let chances = 0;
    const next = evenly();
    const random = () => {
      chances += 1;
      return next();
    };
    const candidates = Array.from({ length: 110 }, (_, index) => aCandidate(`lc-${index}`));
    assert.equal(select(10_000, among(candidates), random).capacity, 10_000);
    assert.equal(chances, 10_000);
  });
});

const someCandidates = fc
  .array(
    fc.record({
      capacityPerInstance: fc.integer({ min: 1, max: 20 }),
      weight: fc.double({ min: 0.0001, max: 1, noNaN: true }),
      remaining: fc.integer({ min: 1, max: 200 }),
      allowances: fc.subarray(['x', 'y', 'z']),
    }),
    { maxLength: 12 },
  )
  .map((shapes) => shapes.map((shape, index) => aCandidate(`lc-${index}`, shape)));
const someAllowances = fc.record({ x: fc.nat({ max: 3 }), y: fc.nat({ max: 3 }), z: fc.constant(1) });
const someChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }).map(evenly);
const someSelection = fc.record({
  candidates: someCandidates,
  allowances: someAllowances,
  toRequest: fc.nat({ max: 2000 }),
  random: someChance,
});

describe('whatever the candidates', () => {
  const holds = (
    promise: (made: ReturnType<typeof select>, asked: { toRequest: number; candidates: readonly Candidate[] }) => void,
  ) =>
    fc.assert(
      fc.property(someSelection, ({ candidates, allowances, toRequest, random }) =>
        promise(select(toRequest, among(candidates, allowances), random), { toRequest, candidates }),
      ),
    );
  const byId = (candidates: readonly Candidate[]) => new Map(candidates.map((one) => [one.launchConfigId, one]));

  // spec: provisioning 3.4
  test('what is asked for is chosen or unplaced, with at most one machine too many', () => {
    holds(({ choices, capacity, unplaced }, { toRequest }) => {
      const largest = Math.max(0, ...choices.map((choice) => choice.capacityPerInstance));
      assert.equal(
        capacity,
        choices.reduce((sum, choice) => sum + choice.instances * choice.capacityPerInstance, 0),
      );
      assert.ok(capacity < toRequest + largest || capacity === 0);
      assert.ok(unplaced === null ? capacity >= toRequest : capacity + unplaced.capacity === toRequest);
    });
  });

  // spec: provisioning 3.4
  test('no launch config gets more than its room, but for the rounding of its last machine', () => {
    holds(({ choices }, { candidates }) => {
      for (const { launchConfigId, instances, capacityPerInstance } of choices) {
        const { remaining = 0 } = byId(candidates).get(launchConfigId) ?? {};
        assert.ok((instances - 1) * capacityPerInstance < remaining);
      }
    });
  });

  test('no allowance is exceeded', () => {
    fc.assert(
      fc.property(someSelection, ({ candidates, allowances, toRequest, random }) => {
        const { choices } = select(toRequest, among(candidates, allowances), random);
        for (const [name, allowed] of Object.entries(allowances)) {
          const using = choices.filter((choice) =>
            byId(candidates).get(choice.launchConfigId)?.allowances.includes(name),
          );
          assert.ok(using.reduce((sum, choice) => sum + choice.instances, 0) <= allowed);
        }
      }),
    );
  });

  test('capacity stays unplaced only when nobody has room or leave', () => {
    fc.assert(
      fc.property(someCandidates, fc.nat({ max: 2000 }), someChance, (candidates, toRequest, random) => {
        const free = candidates.map((candidate) => ({ ...candidate, allowances: [] }));
        const room = free.reduce((sum, candidate) => sum + candidate.remaining, 0);
        const { unplaced } = select(toRequest, among(free), random);
        assert.ok(unplaced === null || toRequest > room);
      }),
    );
  });
});
