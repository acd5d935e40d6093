import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SteppedClock, systemClock } from './clock.ts';

const start = new Date('2026-01-01T00:00:00Z');

describe('the system clock', () => {
  test('tells the present time', () => {
    const before = Date.now();
    const now = systemClock.now().getTime();
    assert.ok(now >= before && now <= Date.now());
  });

  test('sleeps at least as long as asked', async () => {
    const before = performance.now();
    await systemClock.sleep(20);
    assert.ok(performance.now() - before >= 19);
  });

  test('a sleep longer than a timer can hold does not end at once', async () => {
    const ended = new AbortController();
    const sleep = systemClock.sleep(2 ** 31 + 1000, ended.signal);
    const first = await Promise.race([sleep.then(() => 'sleep'), systemClock.sleep(20).then(() => 'later')]);
    assert.equal(first, 'later');
    ended.abort(new Error('enough'));
    await assert.rejects(sleep, /enough/);
  });

  test('an aborted sleep rejects with the reason, whether aborted before or meanwhile', async () => {
    await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort(new Error('before'))), /before/);
    const controller = new AbortController();
    const sleep = systemClock.sleep(60_000, controller.signal);
    controller.abort(new Error('meanwhile'));
    await assert.rejects(sleep, /meanwhile/);
  });
});

describe('a stepped clock', () => {
  test('stands still until it is stepped', async () => {
    const clock = new SteppedClock(start);
    await systemClock.sleep(5);
    assert.deepEqual(clock.now(), start);
    await clock.step(1500);
    assert.deepEqual(clock.now(), new Date('2026-01-01T00:00:01.500Z'));
  });

  test('wakes a sleeper at its own instant, not before and not at the end of the step', async () => {
    const clock = new SteppedClock(start);
    const wokenAt: number[] = [];
    void clock.sleep(100).then(() => wokenAt.push(clock.now().getTime() - start.getTime()));
    await clock.step(99);
    assert.deepEqual(wokenAt, []);
    assert.equal(clock.pending, 1);
    await clock.step(1000);
    assert.deepEqual(wokenAt, [100]);
    assert.equal(clock.pending, 0);
  });

  test('what a woken sleeper sets off happens before the next one wakes', async () => {
    const clock = new SteppedClock(start);
    const events: string[] = [];
    const loop = async (): Promise<void> => {
      for (let turn = 1; turn <= 3; turn++) {
        await clock.sleep(10);
        await Promise.resolve();
        events.push(`turn ${turn}`);
      }
    };
    const done = loop();
    void clock.sleep(25).then(() => events.push('between'));
    await clock.step(30);
    await done;
    assert.deepEqual(events, ['turn 1', 'turn 2', 'between', 'turn 3']);
  });

  test('sleepers wake in order of due time, equals in order of falling asleep', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 30 }), async (delays) => {
        const clock = new SteppedClock(start);
        const woken: { ms: number; index: number }[] = [];
        delays.forEach((ms, index) => void clock.sleep(ms).then(() => woken.push({ ms, index })));
        await clock.step(50);
        const expected = delays.map((ms, index) => ({ ms, index })).toSorted((a, b) => a.ms - b.ms);
        assert.deepEqual(woken, expected);
      }),
      { numRuns: 50 },
    );
  });

  test('an aborted sleeper rejects with the reason and is forgotten', async () => {
    const clock = new SteppedClock(start);
    const controller = new AbortController();
    const sleep = clock.sleep(10, controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(sleep, /enough/);
    assert.equal(clock.pending, 0);
    await assert.rejects(clock.sleep(10, controller.signal), /enough/);
    assert.equal(clock.pending, 0);
  });

  test('a sleep of no length ends without a step', async () => {
    const clock = new SteppedClock(start);
    await clock.sleep(0);
    assert.deepEqual(clock.now(), start);
  });

  test('steps asked for together follow one another', async () => {
    const clock = new SteppedClock(start);
    const wokenAt: number[] = [];
    void clock.sleep(15).then(() => wokenAt.push(clock.now().getTime() - start.getTime()));
    await Promise.all([clock.step(10), clock.step(10)]);
    assert.deepEqual(wokenAt, [15]);
    assert.equal(clock.now().getTime() - start.getTime(), 20);
  });

  test('refuses to go back', () => {
    assert.throws(() => new SteppedClock(start).step(-1), RangeError);
  });
});
