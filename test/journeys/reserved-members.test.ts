// spec: api 5.4, W24, P-12
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { aWorld } from '#test/world.ts';
import { aLaunchConfig, aPool } from './a-pool.ts';

/** A pool whose launch config asks for a role, and for what the service alone decides. */
function anOldPool(): JsonObject {
  const { launchConfig, ...rest } = aLaunchConfig();
  const request = {
    ...(launchConfig as JsonObject),
    IamInstanceProfile: { Name: 'builders' },
    MinCount: 7,
    MaxCount: 9,
  };
  return aPool({ min: 2, launchConfigs: [{ ...rest, launchConfig: request }] });
}

test('a pool that relies on a reserved member is refused by default', async (t) => {
  const world = await aWorld(t);
  await assert.rejects(world.createPool('proj/old', anOldPool()), /IamInstanceProfile must NOT be there/);
});

test('where an operator tolerates it, its machines get the role, and nothing else that is not the pool’s to say', async (t) => {
  const world = await aWorld(t, { settings: () => ({ AWS_TOLERATE_RESERVED_MEMBERS: 'true' }) });
  const created = await world.createPool('proj/old', anOldPool());
  const [launchConfig] = (created['config'] as { launchConfigs: { launchConfig: JsonObject }[] }).launchConfigs;
  assert.deepEqual(launchConfig?.launchConfig['IamInstanceProfile'], { Name: 'builders' }, 'kept as it was sent');
  await world.provision();
  const machines = world.ec2.instances();
  assert.equal(machines.length, 2);
  for (const { profileArn } of machines) assert.match(profileArn ?? '', /:instance-profile\/builders$/);
});
