import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RefusalClass } from '#core/launch.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { CallError, failureOf, tellingOf } from './call-error.ts';
import { NotStarted } from './call-gate.ts';

class CloudError extends CallError {
  override readonly name = 'CloudError';
}

describe('what a call ended with', () => {
  test('is told in the cloud’s words, with what it asks for', () => {
    const error = new CloudError('SlowDown', 'too many', { status: 503, requestId: 'r-1', retryAfterMs: 7000 });
    assert.equal(error.message, 'SlowDown: too many');
    assert.deepEqual(tellingOf(error), {
      code: 'SlowDown',
      message: 'too many',
      requestId: 'r-1',
      retryAfterMs: 7000,
    });
  });

  test('is told at no more than a thousand characters', () => {
    const words = 'x'.repeat(1000);
    assert.equal(tellingOf(new CloudError('Long', words)).message, words);
    assert.equal(tellingOf(new CloudError('Longer', `${words}y`)).message, `${words}…`);
  });

  test('has a code of ours where no cloud gave one', () => {
    const errors = [new DeadlineExceeded(5), new NotStarted(5), new TypeError('a defect')];
    assert.deepEqual(
      errors.map((error) => tellingOf(error).code),
      ['TIMEOUT', 'NotStarted', 'InternalFailure'],
    );
    assert.deepEqual([tellingOf(errors[0]).requestId, tellingOf(errors[0]).retryAfterMs], [null, null]);
  });

  test('is repeated where it may pass, slows others down where there were too many, and else is final', () => {
    const kinds: Readonly<Record<RefusalClass, string>> = {
      capacity: 'final',
      quota: 'final',
      throttle: 'throttled',
      auth: 'final',
      configuration: 'final',
      transient: 'passing',
    };
    const error = new CloudError('Any', '', { retryAfterMs: 7000 });
    for (const refusalClass of Object.keys(kinds) as RefusalClass[]) {
      const expected = { kind: kinds[refusalClass], code: 'Any', retryAfterMs: 7000 };
      assert.deepEqual(
        failureOf(error, () => refusalClass),
        expected,
      );
    }
  });

  test('is not repeated when it ran out of time: it had its chance', () => {
    const failure = failureOf(new DeadlineExceeded(5), () => 'transient');
    assert.deepEqual(failure, { kind: 'final', code: 'TIMEOUT', retryAfterMs: null });
  });
});
