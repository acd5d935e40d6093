import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mayReregister, secretRefusal } from './reregister.ts';
import type { RegistrationSecrets } from './worker-store.ts';
import type { Worker } from './worker.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const before = (ms: number) => new Date(noon.getTime() - ms);

const aWorker = (worker: Partial<Worker> = {}): Worker => ({
  workerPoolId: 'proj/pool',
  workerGroup: 'us-west-2',
  workerId: 'i-1',
  providerId: 'aws',
  state: 'running',
  capacity: 1,
  launchConfigId: 'lc',
  created: before(60_000),
  expires: before(-86_400_000),
  lastModified: before(60_000),
  lastChecked: before(60_000),
  terminateAfter: before(-86_400_000),
  reregistrationTimeoutMs: null,
  queueInactivityTimeoutMs: null,
  registeredAt: before(50_000),
  stoppedAt: null,
  previousState: null,
  removalReason: null,
  decision: null,
  scope: 'us-west-2',
  providerData: {},
  ...worker,
});

const secrets: RegistrationSecrets = {
  current: { kid: 'k', hash: 'new' },
  previous: { kid: 'k', hash: 'old' },
  previousValidUntil: before(-1),
};

type Presented = Parameters<typeof mayReregister>[2];
const refusalOf = (worker: Worker | null, presented: Presented, stored = secrets) => {
  const verdict = mayReregister(worker, stored, presented, noon);
  assert.ok(verdict.kind === 'refused');
  return verdict.refusal;
};

describe('a worker may renew its credentials', () => {
  // spec: api 1.21
  test('with its current secret', () => {
    assert.deepEqual(mayReregister(aWorker(), secrets, 'current', noon), { kind: 'may' });
  });

  // spec: W3, P-35
  test('with the secret before while its grace lasts: the answer that replaced it may have been lost (P-35)', () => {
    assert.deepEqual(mayReregister(aWorker(), secrets, 'previous', noon), { kind: 'may' });
  });
});

describe('a renewal is refused', () => {
  // spec: api 1.21, E51
  test('with one face for an unknown worker, one without a secret and a wrong or outdated secret', () => {
    const refusals = [
      refusalOf(null, 'neither'),
      refusalOf(aWorker(), 'current', { current: null, previous: null, previousValidUntil: null }),
      refusalOf(aWorker(), 'neither'),
      refusalOf(aWorker(), 'previous', { ...secrets, previousValidUntil: noon }),
      refusalOf(aWorker(), 'previous', { ...secrets, previousValidUntil: null }),
    ];
    assert.deepEqual(
      refusals.map(({ why }) => why),
      ['no-worker', 'no-secret', 'wrong-secret', 'wrong-secret', 'wrong-secret'],
    );
    assert.ok(refusals.every(({ face }) => face === secretRefusal));
  });

  test('with one face for a wrong secret whatever the state of the worker', () => {
    assert.equal(refusalOf(aWorker({ state: 'stopped' }), 'neither').face, secretRefusal);
  });

  // spec: api 1.21, E52
  test('when the worker does not run', () => {
    for (const state of ['requested', 'stopping', 'stopped'] as const) {
      const { why, face } = refusalOf(aWorker({ state }), 'current');
      assert.deepEqual({ why, code: face.code }, { why: 'wrong-state', code: 'invalid-input' });
    }
  });

  // spec: api 1.21, E52
  test('when the worker has expired', () => {
    assert.equal(refusalOf(aWorker({ expires: before(1) }), 'current').why, 'expired');
  });
});
