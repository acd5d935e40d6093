import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SteppedClock } from './clock.ts';
import { mapConcurrently } from './concurrency.ts';

describe('mapping concurrently', () => {
  test('all are run, never more than the limit at a time, with outcomes in the order of the items', async () => {
    const item = fc.record({ ms: fc.integer({ min: 0, max: 20 }), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 20 }), fc.integer({ min: 1, max: 6 }), async (items, limit) => {
        const clock = new SteppedClock(new Date(0));
        let running = 0;
        let most = 0;
        const done = mapConcurrently(items, limit, async ({ ms, fails }, index) => {
          running += 1;
          most = Math.max(most, running);
          await clock.sleep(ms);
          running -= 1;
          if (fails) {
            throw new Error(`item ${index}`);
          }
          return index;
        });
        await clock.step(20 * items.length);
        const outcomes = await done;
        assert.equal(most, Math.min(limit, items.length));
        assert.deepEqual(
          outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason))),
          items.map(({ fails }, index) => (fails ? `Error: item ${index}` : index)),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('one that throws at once ends no other', async () => {
    const outcomes = await mapConcurrently(['a', 'b'], 1, (item) => {
      if (item === 'a') {
        throw new Error('at once');
      }
      return Promise.resolve(item);
    });
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled'],
    );
  });

  test('refuses a limit that would never start anything', async () => {
    await assert.rejects(
      mapConcurrently([1], 0, async () => {}),
      RangeError,
    );
  });
});
