import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Identity, Provider } from './provider.ts';
import { mayRegister, proofRefusal, repeatWindowMs } from './register.ts';
import type { RegistrationFacts } from './register.ts';
import type { Worker } from './worker.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const before = (ms: number) => new Date(noon.getTime() - ms);
const dayMs = 86_400_000;

const identity: Identity = { identify: () => Promise.resolve() };
const aProvider = (provider: Partial<Provider> = {}) => ({
  providerId: 'aws',
  unavailable: null,
  identity,
  ...provider,
});

const aWorker = (worker: Partial<Worker> = {}): Worker => ({
  workerPoolId: 'proj/pool',
  workerGroup: 'us-west-2',
  workerId: 'i-1',
  providerId: 'aws',
  state: 'requested',
  capacity: 1,
  launchConfigId: 'lc',
  created: before(60_000),
  expires: before(-7 * dayMs),
  lastModified: before(60_000),
  lastChecked: before(60_000),
  terminateAfter: before(-dayMs),
  reregistrationTimeoutMs: 4 * dayMs,
  queueInactivityTimeoutMs: 7_200_000,
  registeredAt: null,
  stoppedAt: null,
  previousState: null,
  removalReason: null,
  decision: null,
  scope: 'us-west-2',
  providerData: {},
  ...worker,
});

const verdictOf = (facts: Partial<RegistrationFacts> = {}) =>
  mayRegister(
    {
      pool: { providerId: 'aws', previousProviderIds: [] },
      provider: aProvider(),
      worker: aWorker(),
      reregisteredAt: null,
      hasOpenOrder: false,
      ...facts,
    },
    noon,
  );

const refusalOf = (facts: Partial<RegistrationFacts>) => {
  const verdict = verdictOf(facts);
  assert.ok(verdict.kind === 'refused');
  return verdict.refusal;
};

const registered = (agoMs: number) => aWorker({ state: 'running', registeredAt: before(agoMs) });

describe('a worker may register', () => {
  // spec: api 1.20, E47
  test('when it was requested, also of a provider that the pool had before', () => {
    assert.deepEqual(verdictOf(), { kind: 'may', isRepeat: false });
    const pool = { providerId: 'null-provider', previousProviderIds: ['google', 'aws'] };
    assert.deepEqual(verdictOf({ pool }), { kind: 'may', isRepeat: false });
  });

  // spec: W3, P-34
  test('once more shortly after the first time, when the answer may have been lost (P-34)', () => {
    assert.deepEqual(verdictOf({ worker: registered(0) }), { kind: 'may', isRepeat: true });
    assert.deepEqual(verdictOf({ worker: registered(repeatWindowMs) }), { kind: 'may', isRepeat: true });
  });

  // spec: api 1.20, E53
  test('as often as it likes when an operator declared it', () => {
    const declared = aWorker({ state: 'running', terminateAfter: null, registeredAt: before(30 * dayMs) });
    assert.deepEqual(verdictOf({ worker: declared, reregisteredAt: before(dayMs) }), { kind: 'may', isRepeat: true });
  });
});

describe('a registration is refused', () => {
  // spec: api 1.20, E45
  test('as not found without a pool, a provider or a worker of that name', () => {
    for (const facts of [{ pool: null }, { provider: undefined }, { worker: null }]) {
      assert.equal(refusalOf(facts).face.code, 'not-found');
    }
  });

  // spec: api 1.20, E45
  test('as invalid for a provider that the pool never had', () => {
    const pool = { providerId: 'google', previousProviderIds: ['azure'] };
    const { why, face } = refusalOf({ pool });
    assert.deepEqual({ why, code: face.code }, { why: 'other-pool', code: 'invalid-input' });
  });

  // spec: api 1.20
  test('for the moment when the provider is not usable, without saying why to strangers', () => {
    const { why, detail, face } = refusalOf({ provider: aProvider({ unavailable: 'key of account 42 is wrong' }) });
    assert.deepEqual({ why, code: face.code }, { why: 'provider-unavailable', code: 'unavailable' });
    assert.equal(detail, 'key of account 42 is wrong');
    assert.doesNotMatch(face.message, /42/);
  });

  // spec: P-54
  test('for the moment when its order is still open: it is early, not unknown (P-54)', () => {
    const { why, face } = refusalOf({ worker: null, hasOpenOrder: true });
    assert.deepEqual({ why, code: face.code }, { why: 'not-yet-known', code: 'unavailable' });
  });

  // spec: W34, P-57
  test('with one face, whatever is wrong with the worker', () => {
    const wrong: [string, Partial<RegistrationFacts>][] = [
      ['expired', { worker: aWorker({ expires: before(1) }) }],
      ['other-provider', { worker: aWorker({ providerId: 'google' }) }],
      ['no-identity', { provider: aProvider({ identity: null }) }],
      ['wrong-state', { worker: aWorker({ state: 'stopping' }) }],
      ['wrong-state', { worker: aWorker({ state: 'stopped' }) }],
      ['wrong-state', { worker: registered(repeatWindowMs + 1) }],
      ['wrong-state', { worker: registered(1000), reregisteredAt: before(500) }],
      ['wrong-state', { worker: aWorker({ state: 'running' }) }],
    ];
    for (const [why, facts] of wrong) {
      assert.deepEqual({ why: refusalOf(facts).why, face: refusalOf(facts).face }, { why, face: proofRefusal });
    }
  });

  test('for its state last of all: an expired worker of a provider that was not named is of another provider', () => {
    const expired = { expires: before(1) };
    assert.equal(refusalOf({ worker: aWorker({ ...expired, providerId: 'google' }) }).why, 'other-provider');
    const unproved = { worker: aWorker(expired), provider: aProvider({ identity: null }) };
    assert.equal(refusalOf(unproved).why, 'no-identity');
  });

  // spec: E53
  test('when a declared worker was removed', () => {
    assert.equal(refusalOf({ worker: aWorker({ state: 'stopped', terminateAfter: null }) }).why, 'wrong-state');
  });
});
