import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aVm, group, plainAddress, refused, rigAzure } from './rig.ts';

test('resource groups are made, found, listed and deleted with everything in them', async (t) => {
  const rig = await rigAzure(t);
  const { resources, azure, through, rest } = rig;
  const { resourceGroups } = resources;
  assert.equal((await rest('HEAD', '/resourcegroups/rg-new')).status, 404);
  const made = await resourceGroups.createOrUpdate('rg-new', { location: 'West US', tags: { a: 'b' } });
  assert.deepEqual([made.location, made.properties?.provisioningState, made.tags], ['westus', 'Succeeded', { a: 'b' }]);
  assert.equal((await rest('HEAD', '/resourcegroups/RG-NEW')).status, 204);
  await assert.rejects(
    resourceGroups.createOrUpdate('rg-new', { location: 'eastus' }),
    refused('InvalidResourceGroupLocation', 409),
  );
  const names: (string | undefined)[] = [];
  for await (const { name } of resourceGroups.list()) {
    names.push(name);
  }
  assert.deepEqual(names, [group, 'rg-new']);
  await aVm(rig, 'vm');
  await through(resourceGroups.delete(group, { updateIntervalInMs: 1 }));
  assert.deepEqual(azure.steering.resources(), []);
  await assert.rejects(resourceGroups.get(group), refused('ResourceGroupNotFound', 404));
});

test('nothing is made in a group that is not there, or is being deleted', async (t) => {
  const { network, resources } = await rigAzure(t);
  const make = (name: string) => network.publicIPAddresses.createOrUpdate(name, 'ip', plainAddress);
  await assert.rejects(async () => make('ghost'), refused('ResourceGroupNotFound', 404));
  await resources.resourceGroups.delete(group).submitted();
  assert.equal((await resources.resourceGroups.get(group)).properties?.provisioningState, 'Deleting');
  await assert.rejects(async () => make(group), refused('ResourceGroupBeingDeleted', 409));
});

test('names that groups cannot have are refused', async (t) => {
  const { rest } = await rigAzure(t);
  for (const name of ['a.', 'a b', 'n'.repeat(91)]) {
    const { status, json } = await rest('PUT', `/resourcegroups/${encodeURIComponent(name)}`, { location: 'eastus' });
    assert.deepEqual([status, json['error']?.['code']], [400, 'InvalidResourceGroup'], name);
  }
});
