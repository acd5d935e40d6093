import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hastyClock, someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { CallGate } from './call-gate.ts';
import { launchCall, LaunchUncertain } from './launch-call.ts';

const never = new AbortController().signal;

/** A call whose attempts end as told: `ok`, `lost` (no answer) or `no` (a refusal). */
function launchThatEnds(outcomes: readonly ('ok' | 'lost' | 'no' | 'later')[]): Promise<string> {
  const kinds: Record<string, 'passing' | 'throttled'> = { lost: 'passing', later: 'throttled' };
  const gate = new CallGate(
    {
      providerId: 'p',
      scope: 's',
      kind: 'run',
      limit: { intervalMs: 1000, cap: 100 },
      throttleBackOffMs: 100,
      timeoutMs: 10_000,
      longestWaitMs: 10_000,
      readFailure: (error) => {
        const code = (error as Error).message;
        return { kind: kinds[code] ?? 'final', code, retryAfterMs: null };
      },
    },
    someSurroundings({ clock: hastyClock(100) }),
  );
  const left = [...outcomes];
  return launchCall(
    gate,
    'run',
    never,
    (error) => (error as Error).message === 'lost',
    async () => {
      const outcome = left.shift() ?? assert.fail('no more attempts were expected');
      if (outcome !== 'ok') {
        throw new Error(outcome);
      }
      return outcome;
    },
  );
}

test('a success is one, whatever came before', async () => {
  assert.equal(await launchThatEnds(['ok']), 'ok');
  assert.equal(await launchThatEnds(['lost', 'lost', 'ok']), 'ok');
  assert.equal(await launchThatEnds(['later', 'lost', 'ok']), 'ok');
});

test('a refusal is certain as long as no answer was lost', async () => {
  await assert.rejects(launchThatEnds(['no']), { message: 'no' });
  await assert.rejects(launchThatEnds(['later', 'no']), { message: 'no' });
});

test('after a lost answer nothing but a success is certain', async () => {
  for (const outcomes of [
    ['lost', 'no'],
    ['lost', 'later', 'no'],
    ['lost', 'lost', 'lost'],
  ] as const) {
    await assert.rejects(launchThatEnds(outcomes), (error) => {
      assert.ok(error instanceof LaunchUncertain);
      assert.equal((error.cause as Error).message, outcomes.at(-1));
      return true;
    });
  }
});
