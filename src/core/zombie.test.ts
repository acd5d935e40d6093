import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { QueueWorker } from './demand.ts';
import type { FleetMember } from './worker.ts';
import { looksLikeZombie, zombie } from './zombie.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(noon.getTime() - minutes * 60_000);
const key = { workerPoolId: 'proj/pool', workerGroup: 'us-west-2', workerId: 'i-1' };

const aMember = (member: Partial<FleetMember> = {}): FleetMember => ({
  ...key,
  state: 'running',
  launchConfigId: 'lc',
  capacity: 1,
  created: minutesAgo(600),
  registeredAt: minutesAgo(598),
  terminateAfter: minutesAgo(-600),
  queueInactivityTimeoutMs: null,
  lastActive: null,
  queueCheckedAt: minutesAgo(5),
  attempts: 0,
  ...member,
});

const seen = (worker: Partial<QueueWorker> | null, at = noon) => ({
  worker:
    worker === null
      ? null
      : { ...key, firstClaim: null, lastDateActive: null, quarantineUntil: null, latestTask: null, ...worker },
  at,
});

const whyNot = (...[member, answer]: [FleetMember, Parameters<typeof zombie>[1]]) => {
  const verdict = zombie(member, answer, noon);
  return verdict.isZombie ? 'zombie' : verdict.why;
};

// spec: api 7.8, E67, provisioning 1.6
describe('a zombie is a worker', () => {
  test('that the queue has never seen for its time-out', () => {
    assert.deepEqual(zombie(aMember(), seen(null), noon), {
      isZombie: true,
      reason: `worker never claimed work: registered=${minutesAgo(598).toISOString()}, queueInactivityTimeout=7200s`,
      guards: { ifInactiveSince: minutesAgo(120) },
    });
  });

  test('that never registered nor claimed for its time-out; the removal holds only while it has not registered', () => {
    const member = aMember({ state: 'requested', registeredAt: null, queueInactivityTimeoutMs: 1_200_000 });
    assert.deepEqual(zombie(member, seen(null), noon), {
      isZombie: true,
      reason: `worker never claimed work: created=${minutesAgo(600).toISOString()}, queueInactivityTimeout=1200s`,
      guards: { ifInactiveSince: minutesAgo(20), ifUnregistered: true },
    });
  });

  test('that was not active for its time-out', () => {
    const answer = seen({ firstClaim: minutesAgo(500), lastDateActive: minutesAgo(121) });
    assert.deepEqual(zombie(aMember(), answer, noon), {
      isZombie: true,
      reason: `worker inactive: lastDateActive=${minutesAgo(121).toISOString()}, queueInactivityTimeout=7200s`,
      guards: { ifInactiveSince: minutesAgo(120) },
    });
  });
});

// spec: api 7.8, E67, provisioning 1.6
describe('a zombie is not a worker', () => {
  test('of which the queue says nothing now, or said it a while ago: stale or missing data never kills', () => {
    assert.equal(whyNot(aMember(), 'unknown'), 'no-fresh-data');
    assert.equal(whyNot(aMember(), seen(null, minutesAgo(2))), 'no-fresh-data');
  });

  test('that claimed or was active within its time-out, by the word of the queue or as known here', () => {
    assert.equal(whyNot(aMember(), seen({ firstClaim: minutesAgo(500), lastDateActive: minutesAgo(119) })), 'active');
    assert.equal(whyNot(aMember(), seen({ lastDateActive: minutesAgo(5) })), 'active');
    assert.equal(whyNot(aMember({ lastActive: minutesAgo(5) }), seen(null)), 'active');
  });

  test('that registered within its time-out, however long it took to boot', () => {
    assert.equal(whyNot(aMember({ registeredAt: minutesAgo(1) }), seen(null)), 'young');
  });

  test('that was created within its time-out', () => {
    assert.equal(whyNot(aMember({ created: minutesAgo(119), registeredAt: null }), seen(null)), 'young');
  });

  test('that the queue once knew and has forgotten', () => {
    assert.equal(whyNot(aMember({ lastActive: minutesAgo(300) }), seen(null)), 'active');
  });

  test('that claimed once and whose last activity the queue does not tell', () => {
    assert.equal(whyNot(aMember(), seen({ firstClaim: minutesAgo(500) })), 'active');
  });

  test('that the queue called idle for the first time: it may just have come back itself', () => {
    assert.equal(whyNot(aMember({ queueCheckedAt: null }), seen(null)), 'asked-once');
    assert.equal(whyNot(aMember({ queueCheckedAt: minutesAgo(2) }), seen(null)), 'asked-once');
    const active = { firstClaim: minutesAgo(500), lastDateActive: minutesAgo(121) };
    // The answer before this one was that it was active.
    const member = aMember({ queueCheckedAt: minutesAgo(120), lastActive: minutesAgo(121) });
    assert.equal(whyNot(member, seen(active)), 'asked-once');
  });

  test('under quarantine', () => {
    const answer = seen({
      firstClaim: minutesAgo(500),
      lastDateActive: minutesAgo(400),
      quarantineUntil: minutesAgo(-1),
    });
    assert.equal(whyNot(aMember(), answer), 'quarantined');
    assert.equal(whyNot(aMember(), seen({ ...answer.worker, quarantineUntil: minutesAgo(1) })), 'zombie');
  });
});

test('a worker looks like a zombie when neither its start nor its last known sign of life is within its time-out', () => {
  const looks = (member: Partial<FleetMember>) => looksLikeZombie(aMember(member), noon);
  assert.equal(looks({}), true);
  assert.equal(looks({ lastActive: minutesAgo(121) }), true);
  assert.equal(looks({ lastActive: minutesAgo(119) }), false);
  assert.equal(looks({ registeredAt: minutesAgo(119), lastActive: minutesAgo(300) }), false);
  assert.equal(looks({ registeredAt: null, created: minutesAgo(119) }), false);
});

test('a worker that the queue just called idle is not asked about again before that answer has aged', () => {
  const looks = (member: Partial<FleetMember>) => looksLikeZombie(aMember(member), noon);
  assert.equal(looks({ queueCheckedAt: null }), true);
  assert.equal(looks({ queueCheckedAt: minutesAgo(2) }), false);
  assert.equal(looks({ queueCheckedAt: minutesAgo(3) }), true);
});

test('no recent sign of life, wherever it is known from, is ever overlooked', () => {
  const aTime = fc.option(fc.nat({ max: 1000 }).map(minutesAgo));
  fc.assert(
    fc.property(
      fc.nat({ max: 1000 }),
      aTime,
      aTime,
      aTime,
      aTime,
      (age, registeredAt, lastActive, firstClaim, lastDateActive) => {
        const member = aMember({ created: minutesAgo(age), registeredAt, lastActive });
        const verdict = zombie(member, seen({ firstClaim, lastDateActive }), noon);
        const signs = [registeredAt ?? member.created, lastActive, firstClaim, lastDateActive];
        const isRecent = signs.some((sign) => sign !== null && sign >= minutesAgo(120));
        assert.ok(!(verdict.isZombie && isRecent));
      },
    ),
  );
});

test('whoever turns out to be a zombie looked like one before the queue was asked', () => {
  const aTime = fc.option(fc.nat({ max: 1000 }).map(minutesAgo));
  fc.assert(
    fc.property(
      fc.nat({ max: 1000 }),
      aTime,
      aTime,
      aTime,
      aTime,
      (age, registeredAt, lastActive, firstClaim, lastDateActive) => {
        const member = aMember({ created: minutesAgo(age), registeredAt, lastActive });
        assert.ok(
          !zombie(member, seen({ firstClaim, lastDateActive }), noon).isZombie || looksLikeZombie(member, noon),
        );
      },
    ),
  );
});
