import assert from 'node:assert/strict';
import { test } from 'node:test';
import { googleModule } from '#providers/google/index.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';

/* Against the real Compute Engine, reading only: that its answers are what the simulator's are. Nothing is started. */
const { GOOGLE_PROJECT: project = '', GOOGLE_WORKER_SERVICE_ACCOUNT_ID: workerServiceAccountId = '' } = process.env;
const skip =
  project === '' || workerServiceAccountId === ''
    ? 'needs GOOGLE_PROJECT, GOOGLE_WORKER_SERVICE_ACCOUNT_ID and application default credentials'
    : false;

test('the service account is found, the project observed, and an unknown machine unknown', { skip }, async () => {
  const reader = new SettingsReader({ project, workerServiceAccountId });
  const { signal } = new AbortController();
  const { fleet } = await googleModule.configure(reader)('worker-manager-tests', someSurroundings(), signal);
  assert.ok(fleet);
  for await (const page of fleet.observe(project, signal)) {
    for (const sighting of page) assert.match(sighting.workerId, /^\d+$/);
  }
  const unknown = ['1234567890123456789', '1234567890123456790'].map((workerId) => ({
    workerPoolId: 'proj/pool',
    workerGroup: 'us-central1-a',
    workerId,
    providerData: {},
  }));
  assert.deepEqual(await fleet.inspect(project, unknown, signal), []);
});
