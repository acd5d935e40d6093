import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { check, confirmed, youngForMs } from './check.ts';
import type { Seen, Verdict } from './check.ts';
import { nextLook } from './next-look.ts';
import type { FleetMember, WorkerState } from './worker.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const minuteMs = 60_000;
const minutesAgo = (minutes: number) => new Date(noon.getTime() - minutes * minuteMs);

/** A worker that has been there for an hour and was active a minute ago. */
const aMember = (member: Partial<FleetMember> = {}): FleetMember => ({
  workerPoolId: 'proj/pool',
  workerGroup: 'us-west-2',
  workerId: 'i-1',
  state: 'running',
  launchConfigId: 'lc',
  capacity: 1,
  created: minutesAgo(60),
  registeredAt: minutesAgo(58),
  terminateAfter: minutesAgo(-600),
  queueInactivityTimeoutMs: 7_200_000,
  lastActive: minutesAgo(1),
  queueCheckedAt: minutesAgo(5),
  attempts: 0,
  ...member,
});
const requested = (member: Partial<FleetMember> = {}) =>
  aMember({ state: 'requested', registeredAt: null, lastActive: null, ...member });
const stopping = (member: Partial<FleetMember> = {}) => aMember({ state: 'stopping', ...member });

const allSeen: readonly Seen[] = [
  'starting',
  'alive',
  'suspended',
  'failed',
  'ending',
  'dormant',
  'gone',
  'absent',
  'confirmed-absent',
  'confirmed-failed',
];
const kindsOf = (member: FleetMember) =>
  Object.fromEntries(allSeen.map((seen) => [seen, check(member, seen, noon).kind]));

describe('a worker in its prime', () => {
  // spec: provisioning 1.10, 4.3
  test('is kept while the cloud shows it, inspected when not, and stopped when that proves its end', () => {
    assert.deepEqual(kindsOf(aMember()), {
      starting: 'keep',
      alive: 'keep',
      suspended: 'keep',
      failed: 'inspect',
      ending: 'keep',
      dormant: 'stop',
      gone: 'stop',
      absent: 'inspect',
      'confirmed-absent': 'stop',
      'confirmed-failed': 'remove',
    });
    assert.deepEqual(kindsOf(requested()), kindsOf(aMember()));
  });

  // spec: provisioning 1.5, 8.6
  test('that failed at the cloud by both kinds of evidence is removed for the cloud’s reason, unless it registers meanwhile', () => {
    assert.deepEqual(
      [confirmed('failed'), confirmed(undefined), confirmed('alive')],
      ['confirmed-failed', 'confirmed-absent', 'alive'],
    );
    const why = 'failed power state; powerStates=PowerState/deallocated';
    const removal = (isRequested: boolean): Verdict => ({
      kind: 'remove',
      reason: { code: 'failed', text: why },
      guards: { ifUnregistered: isRequested },
    });
    assert.deepEqual(check(aMember(), 'confirmed-failed', noon, why), removal(false));
    assert.deepEqual(check(requested(), 'confirmed-failed', noon, why), removal(true));
    assert.equal(check(aMember(), 'failed', noon, why).kind, 'inspect');
  });

  test('that has ended is stopped for the cloud’s reason where it gives one', () => {
    for (const seen of ['gone', 'dormant'] as const) {
      assert.equal(check(aMember(), seen, noon, 'preempted').reason.text, 'preempted');
    }
  });

  test('that is stopped at the cloud is deleted as well, for what is left costs money', () => {
    const verdict = check(aMember(), 'dormant', noon);
    assert.ok(verdict.kind === 'stop' && verdict.mustDelete);
    for (const seen of ['gone', 'confirmed-absent'] as const) {
      const gone = check(aMember(), seen, noon);
      assert.ok(gone.kind === 'stop' && !gone.mustDelete);
    }
  });
});

test('each verdict says why', () => {
  const whyOf = (member: FleetMember, seen: Seen) => check(member, seen, noon).reason;
  assert.deepEqual(whyOf(aMember(), 'alive'), { code: 'alive', text: 'alive at the cloud' });
  assert.deepEqual(whyOf(aMember(), 'ending'), { code: 'ending', text: 'on its way out at the cloud' });
  assert.deepEqual(whyOf(aMember(), 'absent'), { code: 'absent', text: 'not in the list of the cloud' });
  assert.deepEqual(whyOf(requested({ created: minutesAgo(1) }), 'absent'), {
    code: 'young',
    text: 'not shown by the cloud 60 s after its start: may still appear',
  });
  assert.deepEqual(whyOf(stopping({ attempts: 3 }), 'alive'), {
    code: 'still-there',
    text: 'still there (alive) after 3 looks',
  });
});

describe('a young worker', () => {
  // spec: P-19
  test('that the cloud does not show yet is waited for', () => {
    const young = requested({ created: minutesAgo(4) });
    assert.equal(check(young, 'absent', noon).kind, 'keep');
    assert.equal(check(young, 'confirmed-absent', noon).kind, 'keep');
    assert.equal(check(young, 'gone', noon).kind, 'stop');
  });

  test('is no longer young after five minutes', () => {
    const grown = requested({ created: new Date(noon.getTime() - youngForMs) });
    assert.equal(check(grown, 'absent', noon).kind, 'inspect');
    assert.equal(check(grown, 'confirmed-absent', noon).kind, 'stop');
  });

  test('that has just registered is there, whatever a list says', () => {
    const fresh = aMember({ registeredAt: minutesAgo(1) });
    assert.equal(check(fresh, 'confirmed-absent', noon).kind, 'keep');
  });

  // spec: provisioning 1.8
  test('that has worked and is not in a list is asked about: the cloud may know what became of it', () => {
    const fresh = aMember({ registeredAt: minutesAgo(1) });
    assert.deepEqual(check(fresh, 'absent', noon), {
      kind: 'inspect',
      reason: { code: 'absent', text: 'not in the list of the cloud' },
    });
    assert.equal(check(fresh, 'gone', noon).kind, 'stop');
  });

  test('that is to end is not believed gone either', () => {
    assert.equal(
      check(stopping({ created: minutesAgo(1), registeredAt: null }), 'confirmed-absent', noon).kind,
      'keep',
    );
  });
});

describe('time limits', () => {
  const removed: Verdict = {
    kind: 'remove',
    reason: { code: 'time-limit', text: 'terminateAfter time exceeded' },
    guards: { ifTerminateAfterBefore: noon },
  };

  // spec: provisioning 1.4, P-14
  test('hold for every presence that is not an end: suspended, ending and not found as well', () => {
    for (const seen of ['alive', 'suspended', 'ending', 'absent'] as const) {
      assert.deepEqual(check(aMember({ terminateAfter: minutesAgo(1) }), seen, noon), removed);
    }
  });

  // spec: provisioning 1.4, P-29
  test('hold for a machine that never appears', () => {
    const young = requested({ created: minutesAgo(1), terminateAfter: minutesAgo(0.5) });
    assert.deepEqual(check(young, 'confirmed-absent', noon), removed);
  });

  test('are not reached at their instant, nor by a worker without one', () => {
    assert.equal(check(aMember({ terminateAfter: noon }), 'alive', noon).kind, 'keep');
    assert.equal(check(aMember({ terminateAfter: null }), 'alive', noon).kind, 'keep');
  });

  // spec: P-15, W48
  test('fire once: a worker that is stopping already is not removed again (P-15)', () => {
    assert.equal(check(stopping({ terminateAfter: minutesAgo(1) }), 'ending', noon).kind, 'keep');
  });
});

describe('a worker without a sign of work', () => {
  // spec: provisioning 1.6
  test('for its time-out is asked about, never removed on what is known here', () => {
    const verdict = check(
      aMember({ created: minutesAgo(300), registeredAt: minutesAgo(290), lastActive: minutesAgo(130) }),
      'alive',
      noon,
    );
    assert.deepEqual(verdict, {
      kind: 'ask-queue',
      reason: { code: 'looks-idle', text: `no sign of work known since ${minutesAgo(130).toISOString()}` },
    });
  });

  test('is asked about also when suspended, and also before it registered', () => {
    assert.equal(check(requested({ created: minutesAgo(130) }), 'suspended', noon).kind, 'ask-queue');
  });

  test('is left alone when it registered a moment ago, however long it took to boot', () => {
    assert.equal(
      check(aMember({ created: minutesAgo(300), registeredAt: minutesAgo(1), lastActive: null }), 'alive', noon).kind,
      'keep',
    );
  });

  // spec: provisioning 1.3
  test('has two hours unless its pool says otherwise', () => {
    const silent = (minutes: number, queueInactivityTimeoutMs: number | null) =>
      check(
        aMember({
          created: minutesAgo(500),
          registeredAt: minutesAgo(500),
          lastActive: minutesAgo(minutes),
          queueInactivityTimeoutMs,
        }),
        'alive',
        noon,
      ).kind;
    assert.deepEqual([silent(119, null), silent(121, null), silent(21, 1_200_000)], ['keep', 'ask-queue', 'ask-queue']);
  });
});

/** At which looks people hear of a stopping worker that is still there. */
function looksTold(seen: Seen): number[] {
  return Array.from({ length: 200 }, (_, attempts) => attempts).filter((attempts) => {
    const verdict = check(stopping({ attempts }), seen, noon);
    return verdict.kind === 'end-again' && verdict.isTimeToTell;
  });
}

describe('a stopping worker', () => {
  // spec: P-21
  test('is ended again while it is there, and stopped when it is gone', () => {
    assert.deepEqual(kindsOf(stopping()), {
      starting: 'end-again',
      alive: 'end-again',
      suspended: 'end-again',
      failed: 'end-again',
      ending: 'keep',
      dormant: 'stop',
      gone: 'stop',
      absent: 'inspect',
      'confirmed-absent': 'stop',
      'confirmed-failed': 'end-again',
    });
  });

  test('that hangs on its way out is ended again', () => {
    assert.equal(check(stopping({ attempts: 7 }), 'ending', noon).kind, 'keep');
    assert.equal(check(stopping({ attempts: 8 }), 'ending', noon).kind, 'end-again');
  });

  test('that does not go is told to people, ever more rarely and never the last time', () => {
    assert.deepEqual(looksTold('alive'), [8, 16, 32, 64, 128]);
  });

  test('that goes slowly is told to people when it has taken a quarter of an hour', () => {
    const [first = 0, ...later] = looksTold('ending');
    assert.deepEqual(later, [32, 64, 128]);
    let at = noon;
    for (let attempts = 0; attempts < first; attempts++) at = nextLook(stopping({ attempts }), at) ?? at;
    const minutes = (at.getTime() - noon.getTime()) / 60_000;
    assert.ok(minutes >= 15 && minutes < 20, `${minutes} minutes`);
  });
});

const anInstant = fc.integer({ min: -10_000, max: 10_000 }).map((minutes) => minutesAgo(minutes));
const aPast = fc.nat({ max: 20_000 }).map((minutes) => minutesAgo(minutes));
const anyMember: fc.Arbitrary<FleetMember> = fc
  .record({
    state: fc.constantFrom<WorkerState[]>('requested', 'running', 'stopping'),
    created: aPast,
    registeredAt: fc.option(aPast),
    terminateAfter: anInstant,
    queueInactivityTimeoutMs: fc.option(fc.integer({ min: 1_200_000, max: 100_000_000 })),
    lastActive: fc.option(aPast),
    attempts: fc.nat({ max: 100 }),
  })
  .map((member) => aMember(member));

describe('whatever the worker', () => {
  // spec: provisioning 4.3
  test('it is stopped only by proof: the cloud says so, or does not know it when asked and it is not young', () => {
    fc.assert(
      fc.property(anyMember, fc.constantFrom(...allSeen), (member, seen) => {
        if (check(member, seen, noon).kind !== 'stop') return;
        const bornAt = Math.max(member.created.getTime(), member.registeredAt?.getTime() ?? 0);
        assert.ok(
          seen === 'gone' ||
            seen === 'dormant' ||
            (seen === 'confirmed-absent' && noon.getTime() - bornAt >= youngForMs),
        );
      }),
    );
  });

  // spec: provisioning 1.4
  test('it is removed only past its time limit, under the guard that it still is, or failed by both kinds of evidence', () => {
    fc.assert(
      fc.property(anyMember, fc.constantFrom(...allSeen), (member, seen) => {
        const verdict = check(member, seen, noon);
        if (verdict.kind !== 'remove') return;
        if (seen === 'confirmed-failed') return assert.equal(verdict.reason.code, 'failed');
        assert.ok(member.state !== 'stopping' && member.terminateAfter !== null && member.terminateAfter < noon);
        assert.equal(verdict.guards.ifTerminateAfterBefore, noon);
      }),
    );
  });

  test('in the end it is removed, and once stopping and gone, stopped: nothing waits for ever', () => {
    fc.assert(
      fc.property(anyMember, fc.constantFrom(...allSeen), (member, seen) => {
        const muchLater = new Date(noon.getTime() + 30_000 * minuteMs);
        const { kind } = check(member, seen, muchLater);
        const isDone =
          kind === 'stop' || kind === 'inspect' || kind === (member.state === 'stopping' ? 'end-again' : 'remove');
        // Only a machine that the cloud itself is ending is still waited for, for some looks.
        assert.ok(isDone || (member.state === 'stopping' && seen === 'ending' && member.attempts < 8), kind);
      }),
    );
  });
});
