import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { refuseConfig } from './pool-config.ts';

function anAwsConfig(...requests: readonly JsonObject[]): JsonObject {
  const launchConfigs = requests.map((request) => ({
    region: 'us-west-2',
    launchConfig: { ImageId: 'ami-1', ...request },
  }));
  return { minCapacity: 0, maxCapacity: 1, launchConfigs };
}

/** What is said of the config of an AWS pool; empty: nothing. */
async function refusal(config: JsonObject, toleratesReservedMembers: boolean): Promise<string> {
  const parts = {
    rootUrl: 'https://tc.example.com',
    configSchemaOf: () => 'config-aws' as const,
    settings: { toleratesReservedMembers },
  };
  try {
    await refuseConfig(parts, { providerType: 'aws' }, config, () => Promise.resolve(null));
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const members = ['IamInstanceProfile', 'UserData', 'MinCount', 'MaxCount'];

// spec: api 5.4, W24, P-12
test('each reserved member of a launch config is refused by itself, unless an operator lets it be', async () => {
  for (const member of members) {
    const config = anAwsConfig({}, { [member]: 'x' });
    assert.match(
      await refusal(config, false),
      new RegExp(`data/launchConfigs/1/launchConfig/${member} must NOT be there`),
    );
    assert.equal(await refusal(config, true), '');
  }
  assert.equal(await refusal(anAwsConfig(Object.fromEntries(members.slice(1).map((name) => [name, 1]))), true), '');
});

// spec: W24
test('all four together are refused whatever the operator says, and so is everything else that is wrong', async () => {
  const all = anAwsConfig(Object.fromEntries(members.map((name) => [name, 1])));
  for (const member of members) assert.ok((await refusal(all, true)).includes(`launchConfig/${member} must NOT`));
  const [launchConfig = {}] = anAwsConfig({ IamInstanceProfile: {} })['launchConfigs'] as JsonObject[];
  const odd = { ...launchConfig, additionalUserData: { rootUrl: 'x' } };
  assert.match(
    await refusal({ minCapacity: 0, maxCapacity: 1, launchConfigs: [odd] }, true),
    /additionalUserData\/rootUrl must NOT be there$/,
  );
  assert.match(await refusal({ ...anAwsConfig(), minCapacity: 2 }, true), /must be <= maxCapacity/);
  assert.match(await refusal({ launchConfigs: 'none' }, true), /data\/launchConfigs must be array/);
  assert.match(
    await refusal({ launchConfigs: [1, { launchConfig: 2 }] }, true),
    /data\/launchConfigs\/0 must be object/,
  );
});
