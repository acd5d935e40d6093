import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whenAborted } from './abort.ts';

describe('when a signal is aborted', () => {
  test('every callback is called once, in order', () => {
    const controller = new AbortController();
    const called: string[] = [];
    const note = (): void => void called.push('same');
    whenAborted(controller.signal, () => called.push('first'));
    whenAborted(controller.signal, note);
    whenAborted(controller.signal, note);
    controller.abort();
    controller.abort();
    assert.deepEqual(called, ['first', 'same', 'same']);
  });

  test('one that was taken back is not called, the others are', () => {
    const controller = new AbortController();
    const called: string[] = [];
    const takeBack = whenAborted(controller.signal, () => called.push('taken back'));
    whenAborted(controller.signal, () => called.push('kept'));
    takeBack();
    controller.abort();
    assert.deepEqual(called, ['kept']);
  });

  test('an already aborted signal calls at once, no signal never', () => {
    const called: string[] = [];
    whenAborted(AbortSignal.abort(), () => called.push('aborted'));
    whenAborted(undefined, () => called.push('none'))();
    assert.deepEqual(called, ['aborted']);
  });
});
