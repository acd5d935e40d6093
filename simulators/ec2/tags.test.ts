import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  DescribeRegionsCommand,
  DescribeTagsCommand,
  EC2Client,
  RunInstancesCommand,
  type DescribeRegionsCommandInput,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, refused, rigEc2 } from './rig.ts';

async function rig(t: TestContext) {
  const { ec2, clock } = await rigEc2(t);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const { Instances = [] } = await client.send(
    new RunInstancesCommand({
      ...plainLaunch,
      MaxCount: 3,
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'pool' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'Name', Value: 'disk' }] },
      ],
    }),
  );
  const volumeOf = async (id: string): Promise<string> => {
    const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return Reservations?.[0]?.Instances?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.VolumeId ?? '';
  };
  return { clock, client, volumeOf, ids: Instances.map(({ InstanceId }) => InstanceId ?? '') };
}

test('tags are added and replaced on instances and their volumes, and found by their new values', async (t) => {
  const { clock, client, volumeOf, ids } = await rig(t);
  await clock.step(30_000);
  const volume = await volumeOf(ids[1] ?? '');
  await client.send(
    new CreateTagsCommand({
      Resources: [ids[0] ?? '', volume],
      Tags: [
        { Key: 'Name', Value: 'mine' },
        { Key: 'Note', Value: '' },
      ],
    }),
  );
  const Filters = [{ Name: 'tag:Name', Values: ['mine'] }];
  const found = await client.send(new DescribeInstancesCommand({ Filters }));
  const [instance, ...others] = found.Reservations?.[0]?.Instances ?? [];
  assert.deepEqual(others, []);
  assert.deepEqual(instance?.Tags, [
    { Key: 'Name', Value: 'mine' },
    { Key: 'Note', Value: '' },
  ]);
  const { Tags } = await client.send(new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['Note'] }] }));
  assert.deepEqual(Tags, [
    { ResourceId: ids[0], ResourceType: 'instance', Key: 'Note', Value: '' },
    { ResourceId: volume, ResourceType: 'volume', Key: 'Note', Value: '' },
  ]);
});

test('tags come in pages that end between any two of them', async (t) => {
  const { client } = await rig(t);
  const first = await client.send(new DescribeTagsCommand({ MaxResults: 5 }));
  const second = await client.send(new DescribeTagsCommand({ MaxResults: 5, NextToken: first.NextToken }));
  assert.equal(first.Tags?.length, 5);
  assert.equal(second.Tags?.length, 1);
  assert.equal(second.NextToken, undefined);
  const all = [...first.Tags, ...second.Tags].map(({ ResourceId }) => ResourceId);
  assert.equal(new Set(all).size, 6);
});

test('unknown resources, no tags, and too many tags are refused', async (t) => {
  const { client, ids } = await rig(t);
  const tag = (Resources: string[], keys: string[]): Promise<unknown> =>
    client.send(new CreateTagsCommand({ Resources, Tags: keys.map((Key) => ({ Key, Value: 'x' })) }));
  await assert.rejects(tag(['i-0123456789abcdef0'], ['a']), refused('InvalidInstanceID.NotFound'));
  await assert.rejects(tag(['vol-00123456789abcdef'], ['a']), refused('InvalidVolume.NotFound'));
  await assert.rejects(tag(ids, []), refused('MissingParameter'));
  const many = Array.from({ length: 50 }, (_unused, number) => `key-${number}`);
  await assert.rejects(tag(ids, many), refused('TagLimitExceeded'));
  await tag(ids, many.slice(1));
});

test('regions are those of the account, and all where all are asked for', async (t) => {
  const { client } = await rig(t);
  const regions = async (input: DescribeRegionsCommandInput): Promise<(string | undefined)[]> =>
    (await client.send(new DescribeRegionsCommand(input))).Regions?.map(({ RegionName }) => RegionName) ?? [];
  assert.deepEqual(await regions({}), ['us-east-1', 'us-west-2']);
  const all = await regions({ AllRegions: true });
  assert.ok(all.includes('eu-central-1') && all.includes('af-south-1'));
  assert.deepEqual(await regions({ RegionNames: ['us-west-2'] }), ['us-west-2']);
  assert.deepEqual(await regions({ Filters: [{ Name: 'region-name', Values: ['*-east-*'] }] }), ['us-east-1']);
  await assert.rejects(regions({ RegionNames: ['mars-1'] }), refused('InvalidParameterValue'));
});
