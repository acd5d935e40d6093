import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  DescribeInstanceStatusCommand,
  EC2Client,
  RunInstancesCommand,
  type DescribeInstanceStatusCommandInput,
  type DescribeInstanceStatusCommandOutput,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, refused, rigEc2 } from './rig.ts';

async function rig(t: TestContext, count: number) {
  const { ec2, clock } = await rigEc2(t);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const { Instances = [] } = await client.send(new RunInstancesCommand({ ...plainLaunch, MaxCount: count }));
  const ids = Instances.map(({ InstanceId }) => InstanceId ?? '');
  const describe = (input: DescribeInstanceStatusCommandInput = {}): Promise<DescribeInstanceStatusCommandOutput> =>
    client.send(new DescribeInstanceStatusCommand(input));
  return { ec2, clock, ids, describe };
}

function idsOf({ InstanceStatuses = [] }: DescribeInstanceStatusCommandOutput): (string | undefined)[] {
  return InstanceStatuses.map(({ InstanceId }) => InstanceId);
}

test('only running instances are described unless all are asked for', async (t) => {
  const { clock, ids, describe } = await rig(t, 2);
  assert.deepEqual(idsOf(await describe()), []);
  assert.deepEqual(idsOf(await describe({ IncludeAllInstances: true })), ids);
  await clock.step(30_000);
  assert.deepEqual(idsOf(await describe({ InstanceIds: ids })), ids);
});

test('status checks go from initializing to ok, and fail on an impaired machine', async (t) => {
  const { ec2, clock, ids, describe } = await rig(t, 2);
  const health = async (): Promise<(string | undefined)[] | undefined> =>
    (await describe({ IncludeAllInstances: true })).InstanceStatuses?.map(
      ({ InstanceStatus }) => InstanceStatus?.Status,
    );
  assert.deepEqual(await health(), ['not-applicable', 'not-applicable']);
  await clock.step(30_000);
  assert.deepEqual(await health(), ['initializing', 'initializing']);
  await clock.step(120_000);
  ec2.steering.impair(ids[1] ?? '');
  assert.deepEqual(await health(), ['ok', 'impaired']);
  const { InstanceStatuses } = await describe({ Filters: [{ Name: 'instance-status.status', Values: ['impaired'] }] });
  assert.deepEqual(InstanceStatuses?.[0]?.SystemStatus, {
    Status: 'impaired',
    Details: [{ Name: 'reachability', Status: 'failed', ImpairedSince: clock.now() }],
  });
  ec2.steering.impair(ids[1] ?? '', false);
  assert.deepEqual(await health(), ['ok', 'ok']);
});

test('statuses come in pages', async (t) => {
  const { ids, describe } = await rig(t, 7);
  const first = await describe({ IncludeAllInstances: true, MaxResults: 5 });
  const second = await describe({ IncludeAllInstances: true, MaxResults: 5, NextToken: first.NextToken });
  assert.deepEqual([...idsOf(first), ...idsOf(second)], ids);
  assert.equal(second.NextToken, undefined);
});

test('more than a hundred ids, ids with pages, and unknown ids are refused', async (t) => {
  const { ids, describe } = await rig(t, 101);
  await assert.rejects(describe({ InstanceIds: ids }), refused('InvalidRequest'));
  assert.equal(idsOf(await describe({ InstanceIds: ids.slice(1), IncludeAllInstances: true })).length, 100);
  await assert.rejects(
    describe({ InstanceIds: ids.slice(0, 1), MaxResults: 5 }),
    refused('InvalidParameterCombination'),
  );
  await assert.rejects(describe({ InstanceIds: ['i-00000000'] }), refused('InvalidInstanceID.NotFound'));
  await assert.rejects(describe({ Filters: [{ Name: 'toString', Values: ['x'] }] }), refused('InvalidParameterValue'));
});
