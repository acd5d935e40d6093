import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { refusalClasses } from './launch.ts';
import type { LaunchedWorker, Refusal, RefusalClass } from './launch.ts';
import type { Setback } from './launch-store.ts';
import { gateOf, nextSetback, probeTaken, provenScopes, setbackPaces } from './setback.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const after = (ms: number) => new Date(noon.getTime() + ms);
const noJitter = () => 0;

const aRefusal = (refusal: Partial<Refusal> = {}): Refusal => ({
  class: 'capacity',
  code: 'InsufficientInstanceCapacity',
  message: 'not now',
  scope: 'us-west-2a/m5.large',
  retryAfterMs: null,
  requestId: null,
  ...refusal,
});

const refused = (previous: Setback | null, now: Date, refusal: Partial<Refusal> = {}, isProbe = false): Setback =>
  nextSetback(previous, aRefusal(refusal), { providerId: 'aws', isProbe, now }, noJitter);

const restMs = (setback: Setback, now: Date) => setback.until.getTime() - now.getTime();

/** A scope's rests when each probe is refused the moment it may be sent. */
function restsOf(refusalClass: RefusalClass, times: number): number[] {
  const rests: number[] = [];
  let now = noon;
  let setback: Setback | null = null;
  for (let count = 0; count < times; count += 1) {
    setback = refused(setback, now, { class: refusalClass });
    rests.push(restMs(setback, now));
    now = setback.until;
  }
  return rests;
}

// spec: P-08
describe('a refused scope rests', () => {
  test('ever longer, at the pace of its class', () => {
    const minutes = (refusalClass: RefusalClass) => restsOf(refusalClass, 6).map((ms) => ms / 60_000);
    assert.deepEqual(minutes('capacity'), [2, 4, 8, 16, 30, 30]);
    assert.deepEqual(minutes('quota'), [5, 10, 20, 40, 60, 60]);
    assert.deepEqual(minutes('auth'), [1, 2, 4, 8, 15, 15]);
    assert.deepEqual(minutes('configuration'), [60, 120, 240, 480, 960, 1440]);
    assert.deepEqual(
      restsOf('throttle', 8).map((ms) => ms / 1000),
      [2, 4, 8, 16, 32, 64, 120, 120],
    );
    assert.deepEqual(
      restsOf('transient', 6).map((ms) => ms / 1000),
      [5, 10, 20, 40, 80, 120],
    );
  });

  // spec: P-08
  test('as long as the cloud asks, when that is longer, up to an hour', () => {
    assert.equal(restMs(refused(null, noon, { class: 'throttle', retryAfterMs: 60_000 }), noon), 60_000);
    assert.equal(restMs(refused(null, noon, { class: 'capacity', retryAfterMs: 1_000 }), noon), 120_000);
    assert.equal(restMs(refused(null, noon, { class: 'throttle', retryAfterMs: 1e12 }), noon), 3_600_000);
  });

  test('no longer for refusals of the same wave, as many as there are', () => {
    const first = refused(null, noon);
    const second = refused(first, after(1_000));
    assert.equal(second, first);
  });

  test('longer when the cloud asks for it while it rests', () => {
    const first = refused(null, noon, { class: 'throttle' });
    const second = refused(first, after(1_000), { class: 'throttle', retryAfterMs: 30_000 });
    assert.deepEqual(second.until, after(31_000));
    assert.equal(second.failures, 1);
  });

  test('at the other pace when another class is refused, whichever ends later', () => {
    const throttled = refused(null, noon, { class: 'throttle' });
    const soldOut = refused(throttled, after(500), { class: 'capacity', code: 'NoStock' });
    assert.deepEqual([soldOut.class, soldOut.code, soldOut.failures], ['capacity', 'NoStock', 1]);
    assert.deepEqual(soldOut.until, after(120_500));
    assert.equal(refused(soldOut, after(600), { class: 'throttle' }), soldOut);
  });

  test('longer after a refused probe, although the taken probe kept it closed', () => {
    const first = refused(null, noon);
    const probing = probeTaken(first, first.until);
    assert.equal(gateOf([first.scope], new Map([[first.scope, probing]]), first.until).kind, 'closed');
    const answeredAt = new Date(first.until.getTime() + 5_000);
    const second = refused(probing, answeredAt, {}, true);
    assert.equal(second.failures, 2);
    assert.equal(restMs(second, answeredAt), 240_000);
    assert.deepEqual(second.since, noon);
  });

  test('for a time within the bounds of its class, whatever happened before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ class: fc.constantFrom(...refusalClasses), laterMs: fc.nat({ max: 7_200_000 }) })),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (refusals, chance) => {
          let now = noon;
          let setback: Setback | null = null;
          for (const { class: refusalClass, laterMs } of refusals) {
            now = new Date(now.getTime() + laterMs);
            const before: Setback | null = setback;
            const asked = { providerId: 'aws', isProbe: false, now };
            setback = nextSetback(before, aRefusal({ class: refusalClass }), asked, () => chance);
            assert.ok(setback.until > now);
            assert.ok(restMs(setback, now) <= setbackPaces[setback.class].longestMs);
            assert.ok(before === null || setback.until >= before.until);
          }
        },
      ),
    );
  });

  test('by chance a little shorter, so that scopes do not come back together', () => {
    const setback = nextSetback(null, aRefusal(), { providerId: 'aws', isProbe: false, now: noon }, () => 0.5);
    assert.equal(restMs(setback, noon), 108_000);
  });
});

describe('the gate of a launch config', () => {
  const zone = refused(null, noon);
  const account = refused(null, noon, { class: 'quota', scope: 'account' });
  const setbacks = new Map([zone, account].map((setback) => [setback.scope, setback]));
  const scopes = ['account', 'us-west-2a/m5.large', 'us-west-2'];

  test('is open when none of its scopes has a setback', () => {
    assert.deepEqual(gateOf(['us-west-2'], setbacks, noon), { kind: 'open' });
  });

  test('is closed until the last of its scopes has rested', () => {
    assert.deepEqual(gateOf(scopes, setbacks, noon), { kind: 'closed', setback: account });
    assert.deepEqual(gateOf(scopes, setbacks, after(180_000)), { kind: 'closed', setback: account });
  });

  test('lets one probe through when all have rested', () => {
    const gate = gateOf(scopes, setbacks, account.until);
    assert.deepEqual(gate, { kind: 'half-open', scopes: ['account', 'us-west-2a/m5.large'] });
  });
});

describe('a probe proves', () => {
  const started: LaunchedWorker = { workerGroup: 'us-west-2', workerId: 'i-1', providerData: {} };

  test('all its scopes when machines started', () => {
    assert.deepEqual(provenScopes(['a', 'b'], { kind: 'settled', launched: [started], refusal: null }), ['a', 'b']);
  });

  test('all but the one refused when only some started', () => {
    const refusal = aRefusal({ scope: 'b' });
    assert.deepEqual(provenScopes(['a', 'b'], { kind: 'settled', launched: [started], refusal }), ['a']);
  });

  test('nothing when none started or nobody knows', () => {
    const refusal = aRefusal({ scope: 'b' });
    assert.deepEqual(provenScopes(['a', 'b'], { kind: 'settled', launched: [], refusal }), []);
    assert.deepEqual(provenScopes(['a', 'b'], { kind: 'unknown', launched: [], refusal }), []);
  });
});
