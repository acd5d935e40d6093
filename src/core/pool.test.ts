import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { launchConfigLimits, lifecycleOf, poolLimits, terminateAfterRequest } from './pool.ts';

const noon = new Date('2026-01-01T12:00:00Z');

describe('the lifecycle of a pool', () => {
  // spec: api 5.2, E66, provisioning 1.3
  test('gives a worker the smaller of its two time-outs to register (spec/provisioning.md 1.3)', () => {
    const rows = [
      [undefined, undefined, 345_600, 345_600_000],
      [10, undefined, 10, 345_600_000],
      [undefined, 10, 10, 10_000],
      [100, 10, 10, 10_000],
      [10, 100, 10, 100_000],
    ] as const;
    for (const [registrationTimeout, reregistrationTimeout, seconds, reregistrationTimeoutMs] of rows) {
      const lifecycle = lifecycleOf({
        lifecycle: {
          ...(registrationTimeout === undefined ? {} : { registrationTimeout }),
          ...(reregistrationTimeout === undefined ? {} : { reregistrationTimeout }),
        },
      });
      assert.equal((terminateAfterRequest(lifecycle, noon).getTime() - noon.getTime()) / 1000, seconds);
      assert.equal(lifecycle.reregistrationTimeoutMs, reregistrationTimeoutMs);
    }
  });

  // spec: api 5.2, E66, provisioning 1.3
  test('is the default where it is absent, 0 or negative', () => {
    const defaults = {
      registrationTimeoutMs: null,
      reregistrationTimeoutMs: 345_600_000,
      queueInactivityTimeoutMs: 7_200_000,
    };
    assert.deepEqual(lifecycleOf({}), defaults);
    for (const seconds of [0, -1]) {
      const lifecycle = {
        registrationTimeout: seconds,
        reregistrationTimeout: seconds,
        queueInactivityTimeout: seconds,
      };
      assert.deepEqual(lifecycleOf({ lifecycle }), defaults);
    }
  });
});

describe('limits', () => {
  test('of a pool without any are none', () => {
    assert.deepEqual(poolLimits({}), { minCapacity: 0, maxCapacity: 0, scalingRatio: 1 });
    const config = { minCapacity: 1, maxCapacity: 2, scalingRatio: 0.5 };
    assert.deepEqual(poolLimits(config), config);
  });

  // spec: api 5.3
  test('of a launch config are the defaults where it sets none', () => {
    const defaults = { capacityPerInstance: 1, initialWeight: 1, maxCapacity: 50 };
    assert.deepEqual(launchConfigLimits({}, 50), defaults);
    assert.deepEqual(launchConfigLimits({ workerManager: {} }, 50), defaults);
  });

  // spec: api 5.3, 5.9
  test('of a launch config are read from its workerManager first, then from the deprecated place', () => {
    assert.equal(launchConfigLimits({ capacityPerInstance: 4 }, 50).capacityPerInstance, 4);
    const both = { capacityPerInstance: 4, workerManager: { capacityPerInstance: 2 } };
    assert.equal(launchConfigLimits(both, 50).capacityPerInstance, 2);
  });

  // spec: P-10
  test("of a launch config never exceed the pool's (P-10), and 0 stays 0", () => {
    assert.equal(launchConfigLimits({ workerManager: { maxCapacity: 500 } }, 100).maxCapacity, 100);
    const off = launchConfigLimits({ workerManager: { maxCapacity: 0, initialWeight: 0 } }, 100);
    assert.deepEqual([off.maxCapacity, off.initialWeight], [0, 0]);
  });

  test('never have a machine bring nothing', () => {
    assert.equal(launchConfigLimits({ workerManager: { capacityPerInstance: 0 } }, 100).capacityPerInstance, 1);
  });
});
