import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolConfigProblems } from './pool-config-rules.ts';

const limits = { minCapacity: 5, maxCapacity: 3 };

// spec: api 5.1, W23
test('a minimum above the maximum is refused', () => {
  assert.match(
    poolConfigProblems('aws', limits).join(),
    /^data\/minCapacity must be <= maxCapacity, but 5 is above 3$/,
  );
  assert.deepEqual(poolConfigProblems('aws', { minCapacity: 3, maxCapacity: 3 }), []);
  assert.deepEqual(poolConfigProblems('aws', { minCapacity: 0, maxCapacity: 0 }), []);
});

// spec: api 5.2, W23
test('each time-out that is not positive is refused', () => {
  const lifecycle = { registrationTimeout: -1, reregistrationTimeout: 0, queueInactivityTimeout: 1200 };
  const problems = poolConfigProblems('google', { lifecycle });
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /^data\/lifecycle\/registrationTimeout must be > 0, not -1$/);
  assert.match(problems[1] ?? '', /^data\/lifecycle\/reregistrationTimeout must be > 0, not 0$/);
  assert.deepEqual(poolConfigProblems('google', { lifecycle: {} }), []);
  assert.deepEqual(poolConfigProblems('static', {}), []);
});

test('a number that the database cannot hold is refused, wherever it stands', () => {
  const huge = 2_147_483_648;
  const launchConfigs = [
    { capacityPerInstance: huge },
    { workerManager: { capacityPerInstance: 1, maxCapacity: huge } },
  ];
  assert.deepEqual(
    poolConfigProblems('aws', { maxCapacity: huge, lifecycle: { registrationTimeout: huge }, launchConfigs }),
    [
      'data/maxCapacity must be <= 2147483647',
      'data/lifecycle/registrationTimeout must be <= 2147483647',
      'data/launchConfigs/0/capacityPerInstance must be <= 2147483647',
      'data/launchConfigs/1/workerManager/maxCapacity must be <= 2147483647',
    ],
  );
  assert.deepEqual(poolConfigProblems('aws', { maxCapacity: huge - 1, launchConfigs: [] }), []);
});

// spec: W23
test('what is stored already is tolerated, with the same values', () => {
  assert.deepEqual(poolConfigProblems('aws', { ...limits, scalingRatio: 1 }, limits), []);
  assert.equal(poolConfigProblems('aws', { ...limits, minCapacity: 6 }, limits).length, 1);
  assert.equal(poolConfigProblems('aws', limits, {}).length, 1);
});

// spec: api 5.8
test('a pool without a provider may say anything', () => {
  assert.deepEqual(poolConfigProblems('null', limits), []);
});
