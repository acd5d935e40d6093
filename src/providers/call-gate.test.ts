import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { CallGate } from './call-gate.ts';
import type { CallFailure, CallGateOptions } from './call-gate.ts';

const start = new Date('2026-01-01T00:00:00Z');
const never = new AbortController().signal;

class CloudError extends Error {
  readonly failure: CallFailure;
  constructor(kind: CallFailure['kind'], code: string, retryAfterMs: number | null = null) {
    super(code);
    this.failure = { kind, code, retryAfterMs };
  }
}

function aGate(special: Partial<CallGateOptions> = {}) {
  const clock = new SteppedClock(start);
  const surroundings = someSurroundings({ clock });
  const gate = new CallGate(
    {
      providerId: 'p',
      scope: 'us-west-2',
      kind: 'run',
      limit: { intervalMs: 10_000, cap: 100 },
      throttleBackOffMs: 2000,
      timeoutMs: 60_000,
      longestWaitMs: 600_000,
      readFailure: (error) =>
        error instanceof CloudError ? error.failure : { kind: 'final', code: 'TIMEOUT', retryAfterMs: null },
      ...special,
    },
    surroundings,
  );
  const sinceStart = (): number => clock.now().getTime() - start.getTime();
  return { clock, gate, heard: surroundings.heard, sinceStart };
}

describe('a call gate', () => {
  // spec: provisioning 5.3, P-26
  test('hands on the result and tells how long the call itself took', async () => {
    const { clock, gate, heard } = aGate();
    const result = gate.call('RunInstances', never, () => clock.sleep(70).then(() => 'done'));
    await clock.step(1000);
    assert.equal(await result, 'done');
    assert.deepEqual(heard.calls, [
      {
        providerId: 'p',
        scope: 'us-west-2',
        kind: 'run',
        operation: 'RunInstances',
        outcome: 'ok',
        durationMs: 70,
        attempt: 1,
      },
    ]);
  });

  // spec: provisioning 5.1, P-26
  test('lets the burst through at once and the rest at the rate of the limit, whose waiting counts as no duration', async () => {
    const { clock, gate, heard, sinceStart } = aGate({ limit: { intervalMs: 10_000, cap: 5 } });
    const startedAt: number[] = [];
    const calls = Array.from({ length: 8 }, () => gate.call('x', never, async () => startedAt.push(sinceStart())));
    await clock.step(10_000);
    await Promise.all(calls);
    assert.deepEqual(startedAt, [0, 0, 0, 0, 0, 2000, 4000, 6000]);
    assert.ok(heard.calls.every((call) => call.durationMs === 0));
  });

  // spec: provisioning 5.2
  test('tries again soon what fails in passing, and gives up with the error itself', async () => {
    const { clock, gate, heard } = aGate();
    let attempts = 0;
    const failure = new CloudError('passing', 'InternalError');
    const call = gate.call('x', never, async () => {
      attempts += 1;
      throw failure;
    });
    const rejected = assert.rejects(call, (error) => error === failure);
    await clock.step(10_000);
    await rejected;
    assert.equal(attempts, 3);
    assert.deepEqual(
      heard.calls.map((call) => [call.outcome, call.attempt]),
      [
        ['InternalError', 1],
        ['InternalError', 2],
        ['InternalError', 3],
      ],
    );
    assert.deepEqual(heard.pauses, []);
  });

  test('does not ask again when the answer is final', async () => {
    const { gate, heard } = aGate();
    await assert.rejects(gate.call('x', never, () => Promise.reject(new CloudError('final', 'InvalidAMIID.NotFound'))));
    assert.equal(heard.calls.length, 1);
  });

  // spec: provisioning 5.2
  test('when throttled, all its calls stand still for the back-off, which is told, and then go on', async () => {
    const { clock, gate, heard, sinceStart } = aGate();
    let isThrottled = true;
    const call = gate.call('x', never, async () => {
      if (isThrottled) {
        isThrottled = false;
        throw new CloudError('throttled', 'RequestLimitExceeded');
      }
      return sinceStart();
    });
    await clock.step(1);
    const other = gate.call('x', never, async () => sinceStart());
    await clock.step(10_000);
    const [{ durationMs, reason } = assert.fail('no pause')] = heard.pauses;
    assert.equal(reason, 'RequestLimitExceeded');
    assert.ok(durationMs >= 1000 && durationMs <= 2000, `${durationMs}`);
    assert.deepEqual([await call, await other], [durationMs, durationMs]);
    assert.equal(heard.pauses.length, 1);
    assert.equal(heard.resumes.length, 1);
  });

  test('many calls that are throttled together make one pause', async () => {
    const { clock, gate, heard } = aGate();
    const calls = Array.from({ length: 20 }, () => {
      let isThrottled = true;
      return gate.call('x', never, async () => {
        await clock.sleep(50);
        if (isThrottled) {
          isThrottled = false;
          throw new CloudError('throttled', 'RequestLimitExceeded');
        }
      });
    });
    await clock.step(10_000);
    await Promise.all(calls);
    assert.equal(heard.pauses.length, 1);
  });

  test('pauses grow while the throttling lasts, and start over after a success', async () => {
    const { clock, gate, heard } = aGate();
    const throttled = gate.call('x', never, () => Promise.reject(new CloudError('throttled', 'RequestLimitExceeded')));
    const rejected = assert.rejects(throttled, /RequestLimitExceeded/);
    await clock.step(60_000);
    await rejected;
    const durations = heard.pauses.map((pause) => pause.durationMs);
    assert.equal(durations.length, 4);
    durations.forEach((duration, index) => {
      const longest = 2000 * 2 ** index;
      assert.ok(duration >= longest / 2 && duration <= longest, `pause ${index}: ${duration}`);
    });
    await gate.call('x', never, async () => undefined);
    const again = assert.rejects(
      gate.call('x', never, () => Promise.reject(new CloudError('throttled', 'RequestLimitExceeded'))),
    );
    await clock.step(60_000);
    await again;
    assert.ok((heard.pauses[4]?.durationMs ?? 0) <= 2000);
  });

  // spec: provisioning 5.2, P-08
  test('the wish of the cloud is kept, but not a wish for ever', async () => {
    const { clock, gate, heard } = aGate();
    const call = assert.rejects(
      gate.call('x', never, () => Promise.reject(new CloudError('throttled', 'x', 3_600_000))),
    );
    await clock.step(7_200_000);
    await call;
    assert.equal(heard.pauses[0]?.durationMs, 120_000);
    const { gate: other, clock: otherClock, heard: otherHeard } = aGate();
    const second = assert.rejects(other.call('x', never, () => Promise.reject(new CloudError('throttled', 'x', 7000))));
    await otherClock.step(60_000);
    await second;
    assert.equal(otherHeard.pauses[0]?.durationMs, 7000);
  });

  // spec: provisioning 5.1
  test('an attempt that takes too long is ended and not repeated', async () => {
    const { clock, gate, heard } = aGate({ timeoutMs: 5000 });
    let seen: AbortSignal | undefined;
    const call = assert.rejects(
      gate.call('x', never, (signal) => {
        seen = signal;
        return new Promise(() => {});
      }),
      { name: 'DeadlineExceeded' },
    );
    await clock.step(5000);
    await call;
    assert.equal(seen?.aborted, true);
    assert.deepEqual(
      heard.calls.map((call) => [call.outcome, call.durationMs]),
      [['TIMEOUT', 5000]],
    );
  });

  // spec: P-07
  test('an abort ends it at once: waiting for its turn, under way, and between two attempts', async () => {
    const { clock, gate } = aGate({ limit: { intervalMs: 10_000, cap: 1 } });
    const reason = new Error('stop');
    const aborted = (run: () => Promise<unknown>, stepMs: number): Promise<void> => {
      const controller = new AbortController();
      const call = assert.rejects(gate.call('x', controller.signal, run), (error) => error === reason);
      return clock.step(stepMs).then(() => {
        controller.abort(reason);
        return call;
      });
    };
    await aborted(() => new Promise(() => {}), 1);
    await aborted(() => assert.fail('its turn never comes'), 1);
    await clock.step(10_000);
    await aborted(() => Promise.reject(new CloudError('passing', 'InternalError')), 1);
    await clock.step(10_000);
    await aborted(() => Promise.reject(new CloudError('throttled', 'RequestLimitExceeded')), 1);
    assert.ok(clock.pending <= 2, 'only the alarms of the bucket and of the pause are left');
  });

  test('after a pause the waiting calls come back one, two, four at a time', async () => {
    const { clock, gate, heard, sinceStart } = aGate();
    let isThrottled = true;
    const startedAt: number[] = [];
    const call = async (): Promise<void> => {
      startedAt.push(sinceStart());
      await clock.sleep(100);
      if (isThrottled) {
        isThrottled = false;
        throw new CloudError('throttled', 'RequestLimitExceeded');
      }
    };
    const first = gate.call('x', never, call);
    await clock.step(100);
    const others = Array.from({ length: 15 }, () => gate.call('x', never, call));
    await clock.step(60_000);
    await Promise.all([first, ...others]);
    const rounds = [...new Set(startedAt)].map((at) => startedAt.filter((other) => other === at).length);
    assert.deepEqual(rounds, [1, 1, 2, 4, 8, 1]);
    assert.equal(heard.calls.length, 17, 'nobody was throttled a second time');
  });

  test('a call that waits too long for its turn ends without having been made', async () => {
    const { clock, gate, heard } = aGate({ limit: { intervalMs: 10_000, cap: 1 }, longestWaitMs: 5000 });
    await gate.call('x', never, async () => undefined);
    const late = assert.rejects(
      gate.call('x', never, () => assert.fail('its turn never comes')),
      { name: 'NotStarted' },
    );
    await clock.step(5000);
    await late;
    assert.equal(heard.calls.length, 1);
    await clock.step(5000);
    assert.equal(await gate.call('x', never, async () => 'later'), 'later');
  });
});
