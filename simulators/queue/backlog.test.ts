import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Backlog } from './backlog.ts';
import { priorities } from './wire.ts';

test('the highest priority comes first, and within one the eldest', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...priorities)), (given) => {
      const backlog = new Backlog<{ priority: string; number: number }>();
      const items = given.map((priority, number) => ({ priority, number }));
      for (const [index, priority] of given.entries()) {
        backlog.add(priority, items[index]!);
      }
      const taken = Array.from({ length: items.length }, () => backlog.take(() => true));
      const expected = priorities.flatMap((priority) => items.filter((item) => item.priority === priority));
      assert.deepEqual(taken, expected);
      assert.equal(
        backlog.take(() => true),
        undefined,
      );
    }),
  );
});

test('what does not wait any more is passed over', () => {
  const backlog = new Backlog<number>();
  for (let number = 1; number <= 5000; number++) {
    backlog.add('lowest', number);
  }
  assert.equal(
    backlog.take((number) => number > 4000),
    4001,
  );
  assert.equal(
    backlog.take(() => true),
    4002,
  );
});
