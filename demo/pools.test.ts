import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poolLimits } from '#core/pool.ts';
import type { JsonObject } from '#core/json.ts';
import { examplePools } from './pools.ts';

test('the example pools have proper ids, and providers that the demonstration has', () => {
  const pools = examplePools();
  assert.deepEqual(
    pools.map(({ workerPoolId, body }) => [workerPoolId, body['providerId']]),
    [
      ['demo-azure/linux', 'azure-demo'],
      ['demo-azure/windows', 'azure-demo'],
      ['demo-google/build', 'google-demo'],
      ['demo-linux/build', 'aws-demo'],
      ['demo-linux/decision', 'aws-demo'],
      ['demo-metal/mac', 'static-demo'],
    ],
  );
});

test('the example pools of machines from a cloud can grow and know their bounds', () => {
  const grown = examplePools().filter(({ body }) => body['providerId'] !== 'static-demo');
  for (const { workerPoolId, body } of grown) {
    const config = body['config'] as JsonObject;
    const { minCapacity, maxCapacity } = poolLimits(config);
    assert.ok(minCapacity < maxCapacity, workerPoolId);
    assert.ok((config['launchConfigs'] as readonly JsonObject[]).length > 0, workerPoolId);
  }
});
