import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LaunchedWorker, LaunchOrder, LaunchOutcome, Refusal } from './launch.ts';
import { settle } from './settle.ts';

const placedAt = new Date('2026-01-01T12:00:00Z');
const minutes = (count: number) => new Date(placedAt.getTime() + count * 60_000);

const order: LaunchOrder = {
  orderId: 'order-1',
  workerPoolId: 'proj/pool',
  providerId: 'aws',
  launchConfigId: 'lc',
  scope: 'us-west-2',
  workerGroup: 'us-west-2',
  count: 3,
  capacityPerInstance: 1,
  placedAt,
};
const refusal: Refusal = {
  class: 'transient',
  code: 'ECONNRESET',
  message: 'connection reset',
  scope: 'us-west-2',
  retryAfterMs: null,
  requestId: null,
};
const machines = (count: number): LaunchedWorker[] =>
  Array.from({ length: count }, (_, index) => ({ workerGroup: 'us-west-2', workerId: `i-${index}`, providerData: {} }));
const found = (count: number): LaunchOutcome => ({ kind: 'settled', launched: machines(count), refusal: null });

const unknown: LaunchOutcome = { kind: 'unknown', launched: [], refusal };

const verdictOf = (answer: LaunchOutcome, now: Date) => {
  const { kind, reason } = settle(order, answer, [], now);
  return `${kind}: ${reason.code}`;
};

// spec: P-48
describe('an abandoned order', () => {
  test('all of whose machines are found is adopted at once', () => {
    const verdict = settle(order, found(3), [], minutes(1));
    assert.ok(verdict.kind === 'adopt' && verdict.outcome.launched.length === 3);
    assert.equal(verdict.reason.text, '3 of 3 machines found');
  });

  test('a part of whose machines is found is adopted when the others had time to appear', () => {
    assert.equal(verdictOf(found(2), minutes(7.9)), 'wait: may-appear');
    assert.equal(verdictOf(found(2), minutes(8)), 'adopt: found-part');
  });

  test('of which not all is known has what is known become workers while the rest is waited for', () => {
    const { kind, outcome } = settle(order, found(2), [], minutes(1));
    assert.deepEqual([kind, outcome], ['wait', { kind: 'unknown', launched: machines(2) }]);
    const [first, second, third] = machines(3);
    const all = settle(order, { ...unknown, launched: [first!, second!] }, [second!, third!], minutes(1));
    assert.deepEqual(all.outcome.launched, machines(3), 'each once');
  });

  test('all of whose machines are known is settled, whatever is still shown of them', () => {
    const verdict = settle(order, found(1), machines(3), minutes(1));
    assert.deepEqual([verdict.kind, verdict.outcome.launched], ['adopt', machines(3)]);
  });

  test('none of whose machines is found lapses when they had time to appear', () => {
    assert.equal(verdictOf(found(0), minutes(7.9)), 'wait: may-appear');
    const verdict = settle(order, found(0), [], minutes(8));
    assert.ok(verdict.kind === 'lapse' && verdict.outcome.launched.length === 0);
  });

  test('of which the cloud says nothing never lapses, and people are told after half an hour', () => {
    for (const age of [1, 8, 29, 30, 100_000]) {
      const verdict = settle(order, unknown, [], minutes(age));
      assert.ok(verdict.kind === 'wait' && verdict.isTimeToTell === age >= 30);
    }
  });

  test('is asked about again, in seconds while it is fresh, every five minutes when it is old', () => {
    const waits = [0, 0.5, 4, 20, 1000].map((age) => {
      const verdict = settle(order, unknown, [], minutes(age));
      return verdict.kind === 'wait' ? (verdict.askAgainAt.getTime() - minutes(age).getTime()) / 1000 : null;
    });
    assert.deepEqual(waits, [5, 7.5, 60, 300, 300]);
  });

  test('loses no machine that was found, whatever its age', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.nat({ max: 10_000 }), (count, age) => {
        const verdict = settle(order, found(count), [], minutes(age));
        assert.ok(verdict.kind !== 'lapse' || count === 0);
        assert.equal(verdict.outcome.launched.length, count);
      }),
    );
  });
});
