import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff, isWorthRepeating } from './backoff.ts';

test('delays grow to a minute and end after 15 minutes', () => {
  const backoff = new Backoff(0);
  const delays: number[] = [];
  let nowMs = 0;
  for (let next = backoff.next(nowMs, () => 0.5); next !== undefined; next = backoff.next(nowMs, () => 0.5)) {
    delays.push(next - nowMs);
    nowMs = next;
  }
  assert.deepEqual(delays.slice(0, 4), [500, 750, 1125, 1688]);
  assert.equal(Math.max(...delays), 60_000);
  assert.ok(nowMs > 14 * 60_000 && nowMs <= 15 * 60_000, String(nowMs));
});

test('delays are drawn around their mean', () => {
  assert.equal(
    new Backoff(0).next(0, () => 0),
    250,
  );
  assert.equal(
    new Backoff(0).next(0, () => 0.999),
    750,
  );
});

test('no answer and 5xx are worth repeating, a refusal is not', () => {
  assert.deepEqual([0, 500, 503, 400, 404, 200].map(isWorthRepeating), [true, true, true, false, false, false]);
});
