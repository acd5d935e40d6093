import assert from 'node:assert/strict';
import { test } from 'node:test';
import { azureModule } from '#providers/azure/index.ts';
import { workerIdOf } from '#providers/azure/names.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';

/* Against the real Azure, reading only: that its answers are what the simulator's are. Nothing is started. */
const {
  AZURE_SUBSCRIPTION_ID: subscriptionId = '',
  AZURE_TENANT_ID: tenantId = '',
  AZURE_CLIENT_ID: clientId = '',
  AZURE_CLIENT_SECRET: secret = '',
  AZURE_RESOURCE_GROUP: resourceGroupName = 'worker-manager-tests',
} = process.env;
const skip = [subscriptionId, tenantId, clientId, secret].includes('')
  ? 'needs AZURE_SUBSCRIPTION_ID, AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'
  : false;

test('the subscription is observed, and unknown machines are unknown', { skip }, async () => {
  const reader = new SettingsReader({ clientId, secret, domain: tenantId, subscriptionId, resourceGroupName });
  const { signal } = new AbortController();
  const { fleet } = await azureModule.configure(reader)('worker-manager-tests', someSurroundings(), signal);
  assert.ok(fleet);
  for await (const page of fleet.observe(subscriptionId, signal)) {
    for (const sighting of page) assert.match(sighting.workerId, /^vm-[a-z0-9]+$/);
  }
  const unknown = [0, 1].map((index) => ({
    workerPoolId: 'proj/pool',
    workerGroup: 'westus2',
    workerId: workerIdOf('00000000-0000-4000-8000-000000000000', index),
    providerData: {},
  }));
  assert.deepEqual(await fleet.inspect(subscriptionId, unknown, signal), []);
});
