import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SteppedClock } from './clock.ts';
import { seededRandom } from './random.ts';
import { backOffMs, retry } from './retry.ts';
import type { RetryOptions, RetryVerdict } from './retry.ts';

const start = new Date('2026-01-01T00:00:00Z');

function aRetry(classify: (error: unknown) => RetryVerdict = () => 'retry') {
  const clock = new SteppedClock(start);
  const options: RetryOptions = {
    attempts: 4,
    firstDelayMs: 100,
    maxDelayMs: 250,
    clock,
    random: () => 0.5,
    classify,
  };
  const triedAt: number[] = [];
  const failing = async (attempt: number): Promise<never> => {
    triedAt.push(clock.now().getTime() - start.getTime());
    throw new Error(`attempt ${attempt}`);
  };
  return { clock, options, failing, triedAt };
}

describe('retry', () => {
  test('the first success is the result, and nothing is tried after it', async () => {
    const { options, clock } = aRetry();
    const result = retry(options, async (attempt) => {
      if (attempt < 3) {
        throw new Error('not yet');
      }
      return attempt;
    });
    await clock.step(10_000);
    assert.equal(await result, 3);
  });

  test('waits longer after each failure, and rejects with the last error when the attempts are used up', async () => {
    const { options, clock, failing, triedAt } = aRetry();
    const result = assert.rejects(retry(options, failing), /attempt 4/);
    await clock.step(10_000);
    await result;
    assert.deepEqual(triedAt, [0, 75, 75 + 150, 75 + 150 + 187.5].map(Math.floor));
  });

  test('an error that is not worth it is thrown at once', async () => {
    const { options, failing, triedAt } = aRetry(() => 'stop');
    await assert.rejects(retry(options, failing), /attempt 1/);
    assert.deepEqual(triedAt, [0]);
  });

  test('the time that the other side asks for is kept', async () => {
    const { options, clock, failing, triedAt } = aRetry(() => ({ afterMs: 5000 }));
    const result = assert.rejects(retry({ ...options, attempts: 2 }, failing));
    await clock.step(10_000);
    await result;
    assert.deepEqual(triedAt, [0, 5000]);
  });

  test('an abort ends the wait between two attempts', async () => {
    const { options, clock, failing, triedAt } = aRetry();
    const controller = new AbortController();
    const result = assert.rejects(retry({ ...options, signal: controller.signal }, failing), /stopped/);
    await clock.step(10);
    controller.abort(new Error('stopped'));
    await result;
    assert.deepEqual(triedAt, [0]);
    assert.equal(clock.pending, 0);
  });

  test('an abort beforehand tries nothing', async () => {
    const { options, failing, triedAt } = aRetry();
    await assert.rejects(retry({ ...options, signal: AbortSignal.abort(new Error('stopped')) }, failing), /stopped/);
    assert.deepEqual(triedAt, []);
  });
});

test('a back-off lies in the upper half of a wait that doubles up to its maximum', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer(),
      (failures, firstDelayMs, maxDelayMs, seed) => {
        const delayMs = backOffMs(failures, { firstDelayMs, maxDelayMs }, seededRandom(seed));
        const longestMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (failures - 1));
        assert.ok(delayMs >= longestMs / 2 && delayMs <= longestMs);
      },
    ),
  );
});
