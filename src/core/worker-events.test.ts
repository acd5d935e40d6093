import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerEvent } from './worker-events.ts';

const noon = new Date('2026-01-01T12:00:00Z');
const worker = {
  workerPoolId: 'proj/pool',
  providerId: 'aws',
  workerGroup: 'us-west-2',
  workerId: 'i-1',
  capacity: 2,
  launchConfigId: 'lc-1',
};
const payload = { ...worker, timestamp: '2026-01-01T12:00:00.000Z' };

// spec: api 8.3, provisioning 1.8
test('each step of a worker has its message, and only its removal tells a reason', () => {
  const told = (['request', 'register', 'stop', 'remove'] as const).map((move) =>
    workerEvent(worker, move, 'because', noon),
  );
  assert.deepEqual(told, [
    { exchange: 'worker-requested', payload },
    { exchange: 'worker-running', payload },
    { exchange: 'worker-stopped', payload },
    { exchange: 'worker-removed', payload: { ...payload, reason: 'because' } },
  ]);
});

// spec: provisioning 1.5
test('a removal without a reason says that it is unknown', () => {
  const event = workerEvent(worker, 'remove', '', noon);
  assert.ok(event.exchange === 'worker-removed');
  assert.equal(event.payload.reason, 'unknown');
});

// spec: api 8.3
test('a worker without a launch config names none', () => {
  const event = workerEvent({ ...worker, launchConfigId: null }, 'stop', '', noon);
  assert.ok(!('launchConfigId' in event.payload));
});
