import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  DescribeInstancesCommand,
  EC2Client,
  paginateDescribeInstances,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type DescribeInstancesCommandInput,
  type DescribeInstancesCommandOutput,
  type Filter,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, rigEc2 } from './rig.ts';
import type { Ec2Options } from './server.ts';

const minuteMs = 60_000;

async function rig(t: TestContext, options?: Ec2Options) {
  const { ec2, clock } = await rigEc2(t, options);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const run = async (input: Partial<RunInstancesCommandInput> = {}): Promise<string[]> => {
    const { Instances = [] } = await client.send(new RunInstancesCommand({ ...plainLaunch, ...input }));
    return Instances.map(({ InstanceId }) => InstanceId ?? '');
  };
  const describe = (input: DescribeInstancesCommandInput = {}): Promise<DescribeInstancesCommandOutput> =>
    client.send(new DescribeInstancesCommand(input));
  return { ec2, clock, client, run, describe };
}

function idsOf({ Reservations = [] }: DescribeInstancesCommandOutput): string[] {
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId ?? ''));
}

function tagged(tags: Record<string, string>): Partial<RunInstancesCommandInput> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return { TagSpecifications: [{ ResourceType: 'instance', Tags }] };
}

test('instances are found by id, grouped by launch', async (t) => {
  const { run, describe } = await rig(t);
  const [a = '', b = ''] = await run({ MaxCount: 2 });
  const [c = ''] = await run();
  const { Reservations } = await describe({ InstanceIds: [a, b, c] });
  assert.deepEqual(
    Reservations?.map(({ Instances }) => Instances?.map(({ InstanceId }) => InstanceId)),
    [[a, b], [c]],
  );
});

test('a running instance shows its volumes, addresses and interface', async (t) => {
  const { clock, run, describe } = await rig(t);
  await run({ BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 10, DeleteOnTermination: false } }] });
  await clock.step(minuteMs);
  const { Reservations } = await describe();
  const instance = Reservations?.[0]?.Instances?.[0];
  const [networkInterface] = instance?.NetworkInterfaces ?? [];
  assert.ok(instance !== undefined && networkInterface !== undefined);
  assert.equal(instance.StateReason, undefined);
  assert.partialDeepStrictEqual(instance, {
    State: { Code: 16, Name: 'running' },
    BlockDeviceMappings: [
      { DeviceName: '/dev/sda1', Ebs: { Status: 'attached', DeleteOnTermination: true } },
      { DeviceName: '/dev/sdb', Ebs: { Status: 'attached', DeleteOnTermination: false } },
    ],
    MetadataOptions: { HttpTokens: 'required', State: 'applied' },
  });
  const volumes = instance.BlockDeviceMappings?.map(({ Ebs }) => String(Ebs?.VolumeId)) ?? [];
  assert.equal(new Set(volumes).size, 2);
  assert.match(String(volumes[0]), /^vol-0[0-9a-f]{16}$/);
  assert.equal(networkInterface.PrivateIpAddress, instance.PrivateIpAddress);
  assert.equal(networkInterface.Association?.PublicIp, instance.PublicIpAddress);
  assert.match(String(networkInterface.MacAddress), /^02(:[0-9a-f]{2}){5}$/);
  assert.match(String(instance.PublicIpAddress), /^198\.1[89]\./);
  assert.match(String(instance.PrivateDnsName), /^ip-10-[\d-]+\.us-west-2\.compute\.internal$/);
});

test('an instance goes from pending to terminated at its times, and is gone an hour later', async (t) => {
  const { clock, client, run, describe } = await rig(t);
  const ids = await run();
  const shown = async () => (await describe({ InstanceIds: ids })).Reservations?.[0]?.Instances?.[0];
  const state = async (): Promise<string | undefined> => (await shown())?.State?.Name;
  assert.equal(await state(), 'pending');
  await clock.step(30_000);
  assert.equal(await state(), 'running');
  await client.send(new TerminateInstancesCommand({ InstanceIds: ids }));
  assert.equal(await state(), 'shutting-down');
  await clock.step(20_000);
  const ended = await shown();
  assert.ok(ended);
  assert.equal(ended.State?.Name, 'terminated');
  assert.equal(ended.StateReason?.Code, 'Client.UserInitiatedShutdown');
  assert.equal(ended.StateTransitionReason, 'User initiated (2026-03-01 12:00:30 GMT)');
  assert.equal(ended.PrivateIpAddress, undefined);
  assert.deepEqual(ended.NetworkInterfaces ?? [], []);
  await clock.step(59 * minuteMs);
  assert.equal(await state(), 'terminated');
  await clock.step(minuteMs);
  await assert.rejects(describe({ InstanceIds: ids }), { name: 'InvalidInstanceID.NotFound' });
  assert.deepEqual(idsOf(await describe()), []);
});

test('filters pick by tag, state, token, zone and more, with wildcards', async (t) => {
  const { clock, client, run, describe } = await rig(t);
  const [spot = ''] = await run({
    ...tagged({ ManagedBy: 'taskcluster', CreatedBy: 'taskcluster-wm-aws', WorkerPoolId: 'gecko-1/b-win' }),
    ClientToken: 'token-1',
    InstanceMarketOptions: { MarketType: 'spot' },
    Placement: { AvailabilityZone: 'us-west-2a' },
  });
  const [other = ''] = await run({
    ...tagged({ ManagedBy: 'somebody' }),
    Placement: { AvailabilityZone: 'us-west-2b' },
  });
  const [bare = ''] = await run({ InstanceType: 't4g.small', Placement: { AvailabilityZone: 'us-west-2b' } });
  await clock.step(minuteMs);
  await client.send(new TerminateInstancesCommand({ InstanceIds: [other] }));
  const find = async (...Filters: Filter[]): Promise<string[]> => idsOf(await describe({ Filters }));
  assert.deepEqual(await find({ Name: 'tag:ManagedBy', Values: ['taskcluster'] }), [spot]);
  assert.deepEqual(await find({ Name: 'tag:CreatedBy', Values: ['taskcluster-wm-*'] }), [spot]);
  assert.deepEqual(await find({ Name: 'tag:WorkerPoolId', Values: ['gecko-?/b-win'] }), [spot]);
  assert.deepEqual(await find({ Name: 'tag:ManagedBy', Values: ['some*', 'nobody'] }), [other]);
  assert.deepEqual(await find({ Name: 'tag-key', Values: ['ManagedBy'] }), [spot, other]);
  assert.deepEqual(await find({ Name: 'instance-state-name', Values: ['pending', 'running'] }), [spot, bare]);
  assert.deepEqual(await find({ Name: 'client-token', Values: ['token-1'] }), [spot]);
  assert.deepEqual(await find({ Name: 'availability-zone', Values: ['us-west-2b'] }), [other, bare]);
  assert.deepEqual(await find({ Name: 'instance-id', Values: [bare, spot] }), [spot, bare]);
  assert.deepEqual(await find({ Name: 'instance-lifecycle', Values: ['spot'] }), [spot]);
  assert.deepEqual(await find({ Name: 'architecture', Values: ['arm64'] }), [bare]);
  assert.deepEqual(
    await find(
      { Name: 'availability-zone', Values: ['us-west-2b'] },
      { Name: 'instance-state-name', Values: ['running'] },
    ),
    [bare],
  );
  await assert.rejects(find({ Name: 'colour', Values: ['red'] }), {
    name: 'InvalidParameterValue',
    message: "The filter 'colour' is invalid",
  });
});

test('pages hold each instance once, while others come and go', async (t) => {
  const { ec2, run, describe } = await rig(t);
  const ids = await run({ MaxCount: 12 });
  const seen: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await describe({ MaxResults: 5, ...(NextToken === undefined ? {} : { NextToken }) });
    assert.ok(idsOf(page).length <= 5);
    seen.push(...idsOf(page));
    ({ NextToken } = page);
    if (seen.length === 5) {
      ec2.steering.vanish(ids[0] ?? '');
      ec2.steering.vanish(ids[7] ?? '');
      ids.push(...(await run()));
    }
  } while (NextToken !== undefined);
  assert.deepEqual(
    seen,
    ids.filter((_id, place) => place !== 7),
  );
});

test('the paginator of the SDK follows pages that are cut short', async (t) => {
  const { client, run } = await rig(t, { dials: { shortPage: 0.5 } });
  const ids = await run({ MaxCount: 50 });
  const seen: string[] = [];
  let pages = 0;
  for await (const page of paginateDescribeInstances({ client }, { MaxResults: 10 })) {
    seen.push(...idsOf(page));
    pages += 1;
  }
  assert.deepEqual(seen, ids);
  assert.ok(pages > 5, `${pages} pages`);
});

test('a page token of another query is refused', async (t) => {
  const { run, describe } = await rig(t);
  await run({ MaxCount: 9 });
  const { NextToken = '' } = await describe({ MaxResults: 5 });
  const Filters = [{ Name: 'instance-state-name', Values: ['running'] }];
  await assert.rejects(describe({ MaxResults: 5, NextToken, Filters }), { name: 'InvalidNextToken' });
  await assert.rejects(describe({ MaxResults: 5, NextToken: 'nonsense' }), { name: 'InvalidNextToken' });
});

const wrongCalls: [why: string, input: DescribeInstancesCommandInput, code: string, message: RegExp][] = [
  [
    'ids with a page size',
    { InstanceIds: ['i-0123456789abcdef0'], MaxResults: 5 },
    'InvalidParameterCombination',
    /instancesSet/,
  ],
  ['a page of four', { MaxResults: 4 }, 'InvalidParameterValue', /Expecting a value greater than 5/],
  ['a page of 1001', { MaxResults: 1001 }, 'InvalidParameterValue', /1000/],
  ['an id that is none', { InstanceIds: ['vm-1'] }, 'InvalidInstanceID.Malformed', /Invalid id: "vm-1"/],
  [
    'an unknown id',
    { InstanceIds: ['i-0123456789abcdef0'] },
    'InvalidInstanceID.NotFound',
    /^The instance ID 'i-0123456789abcdef0' does not exist$/,
  ],
  [
    'two unknown ids',
    { InstanceIds: ['i-0123456789abcdef0', 'i-0123456789abcdef1'] },
    'InvalidInstanceID.NotFound',
    /^The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist$/,
  ],
  ['a dry run', { DryRun: true }, 'DryRunOperation', /DryRun flag is set/],
];

for (const [why, input, code, message] of wrongCalls) {
  test(`a description with ${why} is refused with ${code}`, async (t) => {
    const { describe } = await rig(t);
    await assert.rejects(describe(input), { name: code, message });
  });
}

test('a new instance is unknown, and then untagged, as long as the dials say', async (t) => {
  const { clock, client, run, describe } = await rig(t, {
    dials: { hiddenMs: [5000, 5000], untaggedMs: [9000, 9000] },
  });
  const ids = await run({ ...tagged({ ManagedBy: 'taskcluster' }), ClientToken: 'token-1' });
  const Filters = [{ Name: 'tag:ManagedBy', Values: ['taskcluster'] }];
  await assert.rejects(describe({ InstanceIds: ids }), { name: 'InvalidInstanceID.NotFound' });
  await assert.rejects(client.send(new TerminateInstancesCommand({ InstanceIds: ids })), {
    name: 'InvalidInstanceID.NotFound',
  });
  assert.deepEqual(idsOf(await describe()), []);
  assert.deepEqual(await run({ ...tagged({ ManagedBy: 'taskcluster' }), ClientToken: 'token-1' }), ids);
  await clock.step(5000);
  assert.deepEqual(idsOf(await describe({ InstanceIds: ids })), ids);
  assert.deepEqual(idsOf(await describe({ Filters })), []);
  await clock.step(4000);
  assert.deepEqual(idsOf(await describe({ Filters })), ids);
});

test('regions know nothing of each other', async (t) => {
  const { ec2, run } = await rig(t);
  const ids = await run();
  const east = new EC2Client(clientConfig(ec2, 'us-east-1'));
  t.after(() => east.destroy());
  await assert.rejects(east.send(new DescribeInstancesCommand({ InstanceIds: ids })), {
    name: 'InvalidInstanceID.NotFound',
  });
});
