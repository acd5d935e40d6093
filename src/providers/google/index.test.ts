import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { someGoogle } from '#test/conformance/provider/google-rig.ts';
import { providerConformance } from '#test/conformance/provider.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { aGoogleWorld } from '#test/conformance/provider/google-world.ts';
import { never } from '#test/conformance/provider/world.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { googleModule } from './index.ts';

providerConformance('the Google provider', () => aGoogleWorld());

describe('the set-up at Google', () => {
  // spec: provisioning 7.1
  test('costs one call, says why it fails, and works as soon as Google does', async (t) => {
    const { gce } = await someGoogle(t);
    const settings = {
      endpoint: gce.url,
      accessToken: 'a',
      project: gce.project,
      workerServiceAccountId: gce.accounts[0]!.uniqueId,
    };
    const setUp = googleModule.configure(new SettingsReader(settings));
    const surroundings = someSurroundings();
    gce.faults.add({ kind: 'error', action: 'iam.serviceAccounts.get', reason: 'forbidden', times: 1 });
    await assert.rejects(setUp('google-2', surroundings, never), { name: 'GoogleError' });
    const { fleet } = await setUp('google-2', surroundings, never);
    assert.deepEqual(fleet?.scopes(), [gce.project]);
    assert.equal(surroundings.heard.calls.length, 2);
    const wrong = googleModule.configure(new SettingsReader({ ...settings, workerServiceAccountId: '1' }));
    await assert.rejects(wrong('google-3', surroundings, never), /NOT_FOUND|notFound/i);
  });
});
