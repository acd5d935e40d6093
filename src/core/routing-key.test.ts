import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ServiceEvent } from './events.ts';
import { routingKey } from './routing-key.ts';

const worker = {
  workerPoolId: 'foobar/baz',
  providerId: 'testing1',
  workerGroup: 'wg',
  workerId: 'wi',
  capacity: 1,
  timestamp: '2026-01-02T03:04:05.678Z',
};

function problem(more: { workerId?: string; launchConfigId?: string }): ServiceEvent {
  return {
    exchange: 'worker-pool-error',
    payload: {
      workerPoolId: 'foobar/baz',
      providerId: 'testing1',
      errorId: 'abcdefghQZCabcdefghijA',
      kind: 'k',
      title: 't',
      timestamp: '2026-01-02T03:04:05.678Z',
      workerGroup: 'wg',
      ...more,
    },
  };
}

// spec: api 8.2
test('a launch config message names provider, pool and launch config', () => {
  const event: ServiceEvent = {
    exchange: 'launch-config-created',
    payload: {
      workerPoolId: 'aa/bb',
      providerId: 'aws',
      launchConfigId: 'lc-69fc396b949b700ccb6e',
    },
  };
  assert.equal(routingKey(event), 'primary.aws.aa.bb._._.lc-69fc396b949b700ccb6e._');
});

// spec: api 8.2
test('an error message names worker and launch config where it knows them', () => {
  assert.equal(routingKey(problem({ workerId: 'wi' })), 'primary.testing1.foobar.baz.wg.wi._._');
  assert.equal(
    routingKey(problem({ workerId: 'wi2', launchConfigId: 'lc-id-1' })),
    'primary.testing1.foobar.baz.wg.wi2.lc-id-1._',
  );
});

// spec: api 8.2
test('a worker message names the worker', () => {
  for (const exchange of ['worker-requested', 'worker-running', 'worker-stopped'] as const) {
    assert.equal(routingKey({ exchange, payload: worker }), 'primary.testing1.foobar.baz.wg.wi._._');
  }
});

// spec: api 8.2, W33
test('a pool message carries no values unless that is asked for', () => {
  const event: ServiceEvent = {
    exchange: 'worker-pool-updated',
    payload: { workerPoolId: 'aa/bb', providerId: 'aws', previousProviderId: 'gcp' },
  };
  assert.equal(routingKey(event), 'primary._._._._._._._');
  assert.equal(routingKey(event, { namesPools: true }), 'primary.aws.aa.bb._._._._');
});

test('a value that cannot be a word is refused', () => {
  for (const workerId of ['a.b', '#', '', 'x'.repeat(39)]) {
    assert.throws(() => routingKey({ exchange: 'worker-running', payload: { ...worker, workerId } }), RangeError);
  }
});

// spec: api 8.2
test('every key has eight words', () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9-_]{1,38}$/);
  fc.assert(
    fc.property(name, name, name, (providerId, workerGroup, workerId) => {
      const event: ServiceEvent = {
        exchange: 'worker-requested',
        payload: { ...worker, providerId, workerGroup, workerId },
      };
      assert.equal(routingKey(event).split('.').length, 8);
    }),
  );
});
