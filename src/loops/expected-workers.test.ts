import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { workerStates } from '#core/worker.ts';
import type { FleetMember } from '#core/worker.ts';
import { ExpectedWorkers } from './expected-workers.ts';

const anInstant = fc.date({ noInvalidDate: true });
const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value);
const aMember: fc.Arbitrary<FleetMember> = fc.record(
  {
    workerPoolId: fc.constantFrom('a/b', 'c/d'),
    workerGroup: fc.constantFrom('us-west-2', 'eu-central-1'),
    workerId: fc.string({ minLength: 1, maxLength: 3 }),
    state: fc.constantFrom(...workerStates),
    launchConfigId: maybe(fc.constantFrom('lc-1', 'lc-2')),
    capacity: fc.integer({ min: 1, max: 8 }),
    created: anInstant,
    registeredAt: maybe(anInstant),
    terminateAfter: maybe(anInstant),
    queueInactivityTimeoutMs: maybe(fc.nat()),
    lastActive: maybe(anInstant),
    queueCheckedAt: maybe(anInstant),
    attempts: fc.nat(),
  },
  { noNullPrototype: true },
);
const someMembers = fc.uniqueArray(aMember, {
  selector: ({ workerGroup, workerId }) => `${workerGroup}/${workerId}`,
  maxLength: 20,
});

function expecting(members: readonly FleetMember[]): ExpectedWorkers {
  const expected = new ExpectedWorkers();
  for (const member of members) expected.add(member);
  return expected;
}

test('a worker comes out once, as it went in', () => {
  fc.assert(
    fc.property(someMembers, (members) => {
      const expected = expecting(members);
      assert.equal(expected.size, members.length);
      for (const member of members) {
        assert.deepEqual(expected.take(member), member);
        assert.equal(expected.take(member), undefined);
      }
      assert.equal(expected.size, 0);
    }),
  );
});

test('the rest are those that were not taken', () => {
  fc.assert(
    fc.property(someMembers, fc.nat(20), (members, count) => {
      const expected = expecting(members);
      for (const member of members.slice(0, count)) expected.take(member);
      const rest = new Set(expected.rest().map(({ workerGroup, workerId }) => `${workerGroup}/${workerId}`));
      const left = members.slice(count).map(({ workerGroup, workerId }) => `${workerGroup}/${workerId}`);
      assert.deepEqual(rest, new Set(left));
      assert.equal(expected.size, left.length);
    }),
  );
});

test('an id counts only in its own group', () => {
  const member = fc.sample(aMember, 1)[0]!;
  const expected = expecting([member]);
  assert.equal(expected.take({ workerGroup: 'elsewhere', workerId: member.workerId }), undefined);
  assert.equal(expected.size, 1);
});
