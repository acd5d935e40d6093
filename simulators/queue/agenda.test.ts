import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Agenda } from './agenda.ts';

test('what is due comes in order of time, and nothing before its time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 })), fc.integer({ min: 0, max: 1000 }), (times, now) => {
      const agenda = new Agenda<number>();
      for (const [index, atMs] of times.entries()) {
        agenda.add(atMs, index);
      }
      const taken: number[] = [];
      for (let due = agenda.takeDue(now); due !== undefined; due = agenda.takeDue(now)) {
        assert.equal(times[due.item], due.atMs);
        taken.push(due.atMs);
      }
      assert.deepEqual(
        taken,
        times.filter((atMs) => atMs <= now).toSorted((one, other) => one - other),
      );
      assert.equal(agenda.size, times.length - taken.length);
    }),
  );
});

test('things noted while others are taken keep the order', () => {
  const agenda = new Agenda<string>();
  agenda.add(5, 'late');
  agenda.add(1, 'early');
  assert.equal(agenda.takeDue(10)?.item, 'early');
  agenda.add(3, 'between');
  assert.equal(agenda.takeDue(10)?.item, 'between');
  assert.equal(agenda.takeDue(10)?.item, 'late');
  assert.equal(agenda.takeDue(10), undefined);
});
