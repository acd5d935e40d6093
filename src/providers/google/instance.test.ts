import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presenceOf } from './instance.ts';

// spec: provisioning 1.10, P-14
test('every state means something, also one that is new to us', () => {
  const states = {
    PENDING: 'starting',
    PROVISIONING: 'starting',
    STAGING: 'alive',
    RUNNING: 'alive',
    REPAIRING: 'alive',
    SUSPENDING: 'suspended',
    SUSPENDED: 'suspended',
    PENDING_STOP: 'ending',
    STOPPING: 'ending',
    DEPROVISIONING: 'ending',
    TERMINATED: 'dormant',
    STOPPED: 'dormant',
    TELEPORTING: 'suspended',
  };
  for (const [state, presence] of Object.entries(states)) {
    assert.equal(presenceOf(state), presence, state);
  }
});
