import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SteppedClock } from './clock.ts';
import { every } from './every.ts';

const start = new Date('2026-01-01T00:00:00Z');

function aRhythm() {
  const clock = new SteppedClock(start);
  const controller = new AbortController();
  const errors: unknown[] = [];
  const rhythm = { clock, intervalMs: 10, signal: controller.signal, onError: (error: unknown) => errors.push(error) };
  return { clock, controller, errors, rhythm, elapsedMs: () => clock.now().getTime() - start.getTime() };
}

describe('every', () => {
  test('runs at once and then at each interval until aborted', async () => {
    const { clock, controller, rhythm, elapsedMs } = aRhythm();
    const startedAt: number[] = [];
    const done = every(rhythm, async () => void startedAt.push(elapsedMs()));
    await clock.step(35);
    controller.abort();
    await done;
    await clock.step(100);
    assert.deepEqual(startedAt, [0, 10, 20, 30]);
    assert.equal(clock.pending, 0);
  });

  test('the length of a run does not shift the next, and a long one is followed at once without overlap', async () => {
    const { clock, controller, rhythm, elapsedMs } = aRhythm();
    const lengths = [4, 25, 1, 1];
    const spans: string[] = [];
    const done = every(rhythm, async () => {
      const from = elapsedMs();
      await clock.sleep(lengths.shift() ?? 0);
      spans.push(`${from}-${elapsedMs()}`);
    });
    await clock.step(50);
    controller.abort();
    await done;
    assert.deepEqual(spans, ['0-4', '10-35', '35-36', '45-46']);
  });

  test('a run that throws is reported and does not end the rhythm', async () => {
    const { clock, controller, errors, rhythm } = aRhythm();
    let runs = 0;
    const done = every(rhythm, async () => {
      runs += 1;
      throw new Error(`run ${runs}`);
    });
    await clock.step(20);
    controller.abort();
    await done;
    assert.deepEqual(errors.map(String), ['Error: run 1', 'Error: run 2', 'Error: run 3']);
  });

  test('waits for the run under way when aborted, and does not call its end an error', async () => {
    const { clock, controller, errors, rhythm } = aRhythm();
    let isEnded = false;
    const done = every(rhythm, async (signal) => {
      try {
        await clock.sleep(1000, signal);
      } finally {
        isEnded = true;
      }
    });
    await clock.step(5);
    controller.abort(new Error('stop'));
    await done;
    assert.ok(isEnded);
    assert.deepEqual(errors, []);
  });

  test('an already aborted signal runs nothing', async () => {
    const { controller, rhythm } = aRhythm();
    controller.abort();
    await every(rhythm, () => assert.fail('ran'));
  });
});
