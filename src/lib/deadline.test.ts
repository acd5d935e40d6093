import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SteppedClock } from './clock.ts';
import { DeadlineExceeded, withDeadline } from './deadline.ts';

const never = (): Promise<never> => new Promise(() => {});

describe('a deadline', () => {
  test('what is done in time is passed on, result or error, and no timer is left', async () => {
    const clock = new SteppedClock(new Date(0));
    assert.equal(await withDeadline({ clock, limitMs: 100 }, async () => 'done'), 'done');
    await assert.rejects(
      withDeadline({ clock, limitMs: 100 }, async () => {
        throw new Error('its own');
      }),
      /its own/,
    );
    assert.equal(clock.pending, 0);
  });

  test('what takes too long is told to end and rejected, even when it does not listen', async () => {
    const clock = new SteppedClock(new Date(0));
    let told: AbortSignal | undefined;
    const result = withDeadline({ clock, limitMs: 100 }, (signal) => {
      told = signal;
      return never();
    });
    const rejected = assert.rejects(result, (error) => error instanceof DeadlineExceeded && error.limitMs === 100);
    await clock.step(99);
    assert.equal(told?.aborted, false);
    await clock.step(1);
    await rejected;
    assert.equal(told?.aborted, true);
  });

  test('each of the given signals ends it with its reason', async () => {
    const clock = new SteppedClock(new Date(0));
    const [first, second] = [new AbortController(), new AbortController()];
    const signals = [first.signal, undefined, second.signal];
    const result = withDeadline({ clock, limitMs: 100, signals }, never);
    second.abort(new Error('second'));
    await assert.rejects(result, /second/);
    assert.equal(clock.pending, 0);
  });

  test('with a signal that is already aborted nothing is run', async () => {
    const clock = new SteppedClock(new Date(0));
    const signals = [AbortSignal.abort(new Error('before'))];
    await assert.rejects(
      withDeadline({ clock, limitMs: 100, signals }, () => assert.fail('ran')),
      /before/,
    );
    assert.equal(clock.pending, 0);
  });
});
