import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SteppedClock } from './clock.ts';
import { TokenBucket } from './rate-limit.ts';

const start = new Date('2026-01-01T00:00:00Z');

function aBucket(capacity: number, refillPerSecond: number) {
  const clock = new SteppedClock(start);
  const bucket = new TokenBucket({ clock, capacity, refillPerSecond });
  const taken: { name: string; atMs: number }[] = [];
  const take = (name: string, count = 1, signal?: AbortSignal): Promise<void> =>
    bucket.take(count, signal).then(() => void taken.push({ name, atMs: clock.now().getTime() - start.getTime() }));
  return { clock, bucket, taken, take, times: () => taken.map(({ name, atMs }) => `${name}@${atMs}`) };
}

describe('a token bucket', () => {
  test('lets a burst through at once and the rest at the rate of refill', async () => {
    const { clock, take, times } = aBucket(2, 10);
    for (const name of ['a', 'b', 'c', 'd']) {
      void take(name);
    }
    await clock.step(1000);
    assert.deepEqual(times(), ['a@0', 'b@0', 'c@100', 'd@200']);
    assert.equal(clock.pending, 0);
  });

  test('serves first come first, also when the first wants more', async () => {
    const { clock, take, times } = aBucket(5, 1);
    void take('all', 5);
    void take('much', 3);
    void take('little', 1);
    await clock.step(10_000);
    assert.deepEqual(times(), ['all@0', 'much@3000', 'little@4000']);
  });

  test('one who gives up leaves the queue, takes nothing and holds up nobody', async () => {
    const { clock, bucket, take, times } = aBucket(5, 1);
    const controller = new AbortController();
    void take('all', 5);
    const given = take('much', 5, controller.signal);
    void take('little', 1);
    await clock.step(500);
    assert.equal(bucket.state().waiting, 2);
    controller.abort(new Error('given up'));
    await assert.rejects(given, /given up/);
    assert.equal(bucket.state().waiting, 1);
    await clock.step(1000);
    assert.deepEqual(times(), ['all@0', 'little@1000']);
    assert.equal(clock.pending, 0);
  });

  test('one who gives up in the middle or at the end leaves the others in order', async () => {
    const { clock, take, times } = aBucket(1, 1);
    const [middle, end] = [new AbortController(), new AbortController()];
    void take('a');
    void take('b');
    const gone = [take('c', 1, middle.signal), take('d', 1, middle.signal)];
    void take('e');
    gone.push(take('f', 1, end.signal));
    middle.abort(new Error('gone'));
    end.abort(new Error('gone'));
    void take('g');
    assert.deepEqual(
      (await Promise.allSettled(gone)).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    await clock.step(10_000);
    assert.deepEqual(times(), ['a@0', 'b@1000', 'e@2000', 'g@3000']);
  });

  test('when all have given up no timer is left', async () => {
    const { clock, take } = aBucket(1, 1);
    const controller = new AbortController();
    void take('a');
    const waiting = [take('b', 1, controller.signal), take('c', 1, controller.signal)];
    controller.abort();
    await Promise.allSettled(waiting);
    await clock.step(0);
    assert.equal(clock.pending, 0);
  });

  test('a pause holds everybody back, tokens or not, and fills nothing up', async () => {
    const { clock, bucket, take, times } = aBucket(10, 1);
    void take('nine', 9);
    bucket.pauseUntil(new Date(start.getTime() + 5000));
    void take('a');
    void take('b');
    await clock.step(4000);
    assert.deepEqual(bucket.state().pausedUntil, new Date(start.getTime() + 5000));
    await clock.step(10_000);
    assert.deepEqual(times(), ['nine@0', 'a@5000', 'b@6000']);
    assert.equal(bucket.state().pausedUntil, null);
  });

  test('a later pause extends an earlier one, an earlier one does not shorten it', async () => {
    const { clock, bucket, take, times } = aBucket(1, 1);
    bucket.pauseUntil(new Date(start.getTime() + 1000));
    void take('a');
    bucket.pauseUntil(new Date(start.getTime() + 3000));
    bucket.pauseUntil(new Date(start.getTime() + 2000));
    await clock.step(10_000);
    assert.deepEqual(times(), ['a@3000']);
  });

  test('shows what it holds', async () => {
    const { clock, bucket, take } = aBucket(4, 2);
    await take('a', 4);
    await clock.step(750);
    assert.deepEqual(bucket.state(), { tokens: 1.5, waiting: 0, pausedUntil: null });
    await clock.step(60_000);
    assert.equal(bucket.state().tokens, 4);
  });

  test('refuses what could never be had', async () => {
    const { clock, bucket } = aBucket(2, 1);
    await assert.rejects(bucket.take(3), RangeError);
    await assert.rejects(bucket.take(-1), RangeError);
    await assert.rejects(bucket.take(1, AbortSignal.abort(new Error('gone'))), /gone/);
    assert.equal(bucket.state().tokens, 2);
    assert.throws(() => new TokenBucket({ clock, capacity: 0, refillPerSecond: 1 }), RangeError);
    assert.throws(() => new TokenBucket({ clock, capacity: 1, refillPerSecond: 0 }), RangeError);
  });

  test('never lets through more than capacity and refill allow, never less than it must, and always in order', async () => {
    const asking = fc.record({ afterMs: fc.integer({ min: 0, max: 400 }), count: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(asking, { maxLength: 25 }),
        fc.integer({ min: 5, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        async (askings, capacity, refillPerSecond) => {
          const { clock, take, taken } = aBucket(capacity, refillPerSecond);
          for (const [index, { afterMs, count }] of askings.entries()) {
            await clock.step(afterMs);
            void take(String(index), count);
          }
          await clock.step(((5 * askings.length + 1) / refillPerSecond) * 1000);
          assert.deepEqual(
            taken.map(({ name }) => Number(name)),
            askings.map((_, index) => index),
          );
          assertWithinBudget(
            taken.map(({ atMs }, index) => ({ atMs, count: askings[index]!.count })),
            capacity,
            refillPerSecond,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a hundred thousand who wait and a hundred thousand who give up are no trouble', async () => {
    const { clock, bucket } = aBucket(1000, 1_000_000);
    const controller = new AbortController();
    const waiting = Array.from({ length: 100_000 }, () => bucket.take());
    const leaving = Array.from({ length: 100_000 }, () => bucket.take(1, controller.signal));
    controller.abort(new Error('gone'));
    await Promise.allSettled(leaving);
    await clock.step(200);
    await Promise.all(waiting);
    assert.equal(bucket.state().waiting, 0);
  });
});

function assertWithinBudget(
  grants: { atMs: number; count: number }[],
  capacity: number,
  refillPerSecond: number,
): void {
  for (const [from, first] of grants.entries()) {
    let sum = 0;
    for (const grant of grants.slice(from)) {
      sum += grant.count;
      const allowed = capacity + ((grant.atMs - first.atMs) / 1000) * refillPerSecond;
      assert.ok(sum <= allowed + 1e-6, `${sum} tokens in ${grant.atMs - first.atMs} ms`);
    }
  }
}
