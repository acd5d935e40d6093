import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsModule } from '#providers/aws/index.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';

/* Against the real EC2, reading only: that its answers are what the simulator's are. Nothing is started. */
const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env;
const skip = accessKeyId === '' || secretAccessKey === '' ? 'needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' : false;

test('the regions of the account are found, and a region is observed', { skip }, async () => {
  const reader = new SettingsReader({ providerType: 'aws', credentials: { accessKeyId, secretAccessKey } });
  const { signal } = new AbortController();
  const { fleet } = await awsModule.configure(reader)('worker-manager-tests', someSurroundings(), signal);
  assert.ok(fleet);
  assert.ok(fleet.scopes().includes('us-west-2'));
  for await (const page of fleet.observe('us-west-2', signal)) {
    for (const sighting of page) assert.equal(sighting.workerGroup, 'us-west-2');
  }
});
