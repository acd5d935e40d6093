import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { readAzureSettings } from './settings.ts';

const known: JsonObject = { clientId: 'c', secret: 's', domain: 't', subscriptionId: 'sub', resourceGroupName: 'rg' };

function read(members: JsonObject): { settings: ReturnType<typeof readAzureSettings>; problems: readonly string[] } {
  const reader = new SettingsReader(members);
  const settings = readAzureSettings(reader);
  reader.rejectUnread();
  return { settings, problems: reader.problems };
}

// spec: provisioning 8.1
describe('settings', () => {
  test('that deployments have today are all that is needed', () => {
    const { settings, problems } = read(known);
    assert.deepEqual(problems, []);
    assert.deepEqual(settings.credentials, { kind: 'secret', tenantId: 't', clientId: 'c', secret: 's' });
    assert.deepEqual(settings.limits.write, { intervalMs: 20_000, cap: 200 });
  });

  test('set limits by the names of the queues', () => {
    const apiRateLimits = { query: { interval: 1000, intervalCap: 5 }, opRead: { intervalCap: 7 } };
    const { settings, problems } = read({ ...known, apiRateLimits });
    assert.deepEqual(problems, []);
    assert.deepEqual(settings.limits.delete, { intervalMs: 1000, cap: 5 });
    assert.deepEqual(settings.limits.opRead, { intervalMs: 10_000, cap: 7 });
  });

  test('may log in by a certificate, a federated token or the machine’s own identity', () => {
    const { secret: _secret, ...others } = known;
    assert.equal(read({ ...others, certificatePath: '/c.pem' }).settings.credentials.kind, 'certificate');
    assert.equal(read({ ...others, federatedTokenFile: '/token' }).settings.credentials.kind, 'workload');
    const { settings, problems } = read({ identity: 'managed', subscriptionId: 'sub', resourceGroupName: 'rg' });
    assert.deepEqual([settings.credentials, problems], [{ kind: 'managed', clientId: null }, []]);
  });

  test('without a way to log in, or with two, are wrong', () => {
    const { secret: _secret, ...others } = known;
    assert.equal(read(others).problems.length, 1);
    assert.equal(read({ ...known, certificatePath: '/c.pem' }).problems.length, 1);
    assert.ok(
      !read({ ...known, secret: 5 })
        .problems.join()
        .includes('5'),
    );
  });
});
