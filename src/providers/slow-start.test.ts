import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlowStart } from './slow-start.ts';

const never = new AbortController().signal;

/** Lets so many wait to enter, and tells how many are in. */
function aCrowd(slowStart: SlowStart, count: number, signal = never): { entered: () => number } {
  let entered = 0;
  for (let index = 0; index < count; index++) {
    slowStart.enter(signal).then(
      () => (entered += 1),
      () => undefined,
    );
  }
  return { entered: () => entered };
}

const settled = (): Promise<void> => Promise.resolve().then(() => undefined);

test('any number enters as long as none is throttled', async () => {
  const slowStart = new SlowStart();
  const { entered } = aCrowd(slowStart, 1000);
  await settled();
  assert.equal(entered(), 1000);
});

test('after one is throttled they enter one, two, four at a time, and in the end all', async () => {
  const slowStart = new SlowStart();
  await slowStart.enter(never);
  slowStart.leave('throttled');
  const { entered } = aCrowd(slowStart, 1000);
  const widths: number[] = [];
  for (let left = 0; entered() < 1000 || left < 1000;) {
    await settled();
    const width = entered() - left;
    widths.push(width);
    for (let index = 0; index < width; index++) {
      slowStart.leave('success');
    }
    left += width;
  }
  assert.deepEqual(widths, [1, 2, 4, 8, 16, 32, 64, 873]);
});

test('a failure that says nothing of the rate changes nothing, another throttling starts over', async () => {
  const slowStart = new SlowStart();
  await slowStart.enter(never);
  slowStart.leave('throttled');
  const { entered } = aCrowd(slowStart, 10);
  await settled();
  slowStart.leave('success');
  await settled();
  assert.equal(entered(), 3);
  slowStart.leave('other');
  await settled();
  assert.equal(entered(), 4);
  slowStart.leave('throttled');
  slowStart.leave('other');
  await settled();
  assert.equal(entered(), 5);
  assert.equal(slowStart.waiting, 5);
});

test('who is aborted while waiting leaves the queue, with the reason', async () => {
  const slowStart = new SlowStart();
  await slowStart.enter(never);
  slowStart.leave('throttled');
  await slowStart.enter(never);
  const controller = new AbortController();
  const reason = new Error('stop');
  const waiting = slowStart.enter(controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  await assert.rejects(slowStart.enter(controller.signal), (error) => error === reason);
  assert.equal(slowStart.waiting, 0);
});
