import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { seededRandom, shuffle, systemRandom } from './random.ts';

const take = (count: number, random: () => number): number[] => Array.from({ length: count }, () => random());

describe('seeded chance', () => {
  test('every number is in [0, 1), and the same seed repeats them', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (seed) => {
        const numbers = take(50, seededRandom(seed));
        assert.ok(numbers.every((number) => number >= 0 && number < 1));
        assert.deepEqual(take(50, seededRandom(seed)), numbers);
      }),
    );
  });

  test('near seeds part at once', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        assert.notDeepEqual(take(2, seededRandom(seed)), take(2, seededRandom(seed + 1)));
      }),
    );
  });

  test('is uniform: each tenth of a hundred thousand numbers holds a tenth of them', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const number of take(100_000, seededRandom(42))) {
      counts[Math.floor(number * 10)]! += 1;
    }
    assert.ok(
      counts.every((count) => Math.abs(count - 10_000) < 500),
      counts.join(' '),
    );
  });

  test('the sequence of a seed never changes: reported seeds stay good', () => {
    assert.deepEqual(
      take(3, seededRandom(42)).map((number) => number * 2 ** 32),
      [1264412219, 1947509147, 3919439299],
    );
  });
});

test('the system chance is in [0, 1)', () => {
  assert.ok(take(100, systemRandom).every((number) => number >= 0 && number < 1));
});

describe('shuffle', () => {
  test('keeps every item, and leaves the given list as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const before = [...items];
        const shuffled = shuffle(items, seededRandom(seed));
        assert.deepEqual(items, before);
        assert.deepEqual(
          shuffled.toSorted((a, b) => a - b),
          items.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  test('every order of three comes up equally often', () => {
    const random = seededRandom(1);
    const counts = new Map<string, number>();
    for (let turn = 0; turn < 6000; turn++) {
      const order = shuffle(['a', 'b', 'c'], random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    for (const [order, count] of counts) {
      assert.ok(Math.abs(count - 1000) < 150, `${order} came up ${count} times`);
    }
  });
});
