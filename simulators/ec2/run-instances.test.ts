import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import {
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type RunInstancesCommandInput,
  type RunInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, refused, rigEc2, testDay } from './rig.ts';
import type { Ec2Options } from './server.ts';

const hourMs = 3_600_000;

async function rig(t: TestContext, options?: Ec2Options) {
  const { ec2, clock } = await rigEc2(t, options);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const run = (input: Partial<RunInstancesCommandInput> = {}, from = client): Promise<RunInstancesCommandOutput> =>
    from.send(new RunInstancesCommand({ ...plainLaunch, ...input }));
  return { ec2, clock, client, run };
}

function idsOf({ Instances = [] }: RunInstancesCommandOutput): string[] {
  return Instances.map(({ InstanceId }) => InstanceId ?? '');
}

test('a launch answers with full instances that are pending', async (t) => {
  const { ec2, run } = await rig(t);
  const answer = await run({
    MinCount: 1,
    MaxCount: 2,
    ClientToken: 'order-1',
    InstanceType: 'c5.4xlarge',
    Placement: { AvailabilityZone: 'us-west-2b' },
    SubnetId: 'subnet-48a9b82c',
    SecurityGroupIds: ['sg-09d6be73'],
    UserData: Buffer.from('{"rootUrl":"https://tc.example"}').toString('base64'),
    InstanceMarketOptions: { MarketType: 'spot' },
    BlockDeviceMappings: [
      { DeviceName: '/dev/sda1', Ebs: { DeleteOnTermination: true, VolumeSize: 40, VolumeType: 'gp2' } },
      { DeviceName: '/dev/sdb', Ebs: { DeleteOnTermination: true, VolumeSize: 120, VolumeType: 'gp2' } },
    ],
    TagSpecifications: [
      { ResourceType: 'instance', Tags: [{ Key: 'Owner', Value: 'a <b> & "c"' }] },
      { ResourceType: 'volume', Tags: [{ Key: 'Owner', Value: 'd' }] },
    ],
  });
  assert.equal(answer.$metadata.httpStatusCode, 200);
  assert.match(answer.$metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
  assert.equal(answer.OwnerId, '123456789012');
  assert.match(answer.ReservationId ?? '', /^r-0[0-9a-f]{16}$/);
  const [first, second, ...others] = answer.Instances ?? [];
  assert.ok(first !== undefined && second !== undefined && others.length === 0);
  assert.match(String(first.InstanceId), /^i-0[0-9a-f]{16}$/);
  assert.match(String(first.SpotInstanceRequestId), /^sir-[0-9a-z]{8}$/);
  assert.match(String(first.PrivateIpAddress), /^10\./);
  assert.notEqual(first.InstanceId, second.InstanceId);
  assert.deepEqual([first.AmiLaunchIndex, second.AmiLaunchIndex], [0, 1]);
  assert.partialDeepStrictEqual(first, {
    State: { Code: 0, Name: 'pending' },
    StateReason: { Code: 'pending', Message: 'pending' },
    LaunchTime: testDay,
    Placement: { AvailabilityZone: 'us-west-2b', AvailabilityZoneId: 'usw2-az2' },
    SubnetId: 'subnet-48a9b82c',
    SecurityGroups: [{ GroupId: 'sg-09d6be73' }],
    InstanceLifecycle: 'spot',
    ClientToken: 'order-1',
    Tags: [{ Key: 'Owner', Value: 'a <b> & "c"' }],
    CpuOptions: { CoreCount: 8, ThreadsPerCore: 2 },
    Architecture: 'x86_64',
  });
  assert.equal(ec2.instances()[0]?.userData, '{"rootUrl":"https://tc.example"}');
});

test('a repeated client token returns the same instances and starts none', async (t) => {
  const { ec2, clock, run } = await rig(t);
  const first = await run({ ClientToken: 'order-1', MaxCount: 3 });
  await clock.step(40_000);
  const again = await run({ ClientToken: 'order-1', MaxCount: 3 });
  assert.deepEqual(idsOf(again), idsOf(first));
  assert.equal(again.ReservationId, first.ReservationId);
  assert.equal(again.Instances?.[0]?.State?.Name, 'running');
  assert.equal(ec2.counts.launched, 3);
  assert.equal(ec2.counts.replayed, 1);
});

test('a client token with other parameters is refused', async (t) => {
  const { run } = await rig(t);
  await run({ ClientToken: 'order-1' });
  await assert.rejects(run({ ClientToken: 'order-1', MaxCount: 2 }), { name: 'IdempotentParameterMismatch' });
  await assert.rejects(run({ ClientToken: 'order-1', InstanceType: 'm5.xlarge' }), {
    name: 'IdempotentParameterMismatch',
  });
});

test('a token counts in its zone where a zone or subnet is named, else in its region', async (t) => {
  const { ec2, run } = await rig(t);
  const inZone = (zone: string) => run({ ClientToken: 'order-1', Placement: { AvailabilityZone: zone } });
  const a = await inZone('us-west-2a');
  const b = await inZone('us-west-2b');
  assert.notDeepEqual(idsOf(a), idsOf(b));
  assert.deepEqual(idsOf(await inZone('us-west-2a')), idsOf(a));
  assert.equal(ec2.counts.doubled, 1);

  const east = new EC2Client(clientConfig(ec2, 'us-east-1'));
  t.after(() => east.destroy());
  const west = await run({ ClientToken: 'order-2' });
  assert.notDeepEqual(idsOf(await run({ ClientToken: 'order-2' }, east)), idsOf(west));
});

test('a token is kept for a day after its instances ended, and then starts new ones', async (t) => {
  const { clock, client, run } = await rig(t);
  const first = await run({ ClientToken: 'order-1' });
  await client.send(new TerminateInstancesCommand({ InstanceIds: idsOf(first) }));
  await clock.step(23 * hourMs);
  const again = await run({ ClientToken: 'order-1' });
  assert.deepEqual(idsOf(again), idsOf(first));
  assert.equal(again.Instances?.[0]?.State?.Name, 'terminated');
  await clock.step(2 * hourMs);
  assert.notDeepEqual(idsOf(await run({ ClientToken: 'order-1' })), idsOf(first));
});

test('a launch that failed leaves its token free', async (t) => {
  const { ec2, run } = await rig(t);
  const fault = ec2.faults.add({ kind: 'stock', region: 'us-west-2', available: 0 });
  await assert.rejects(run({ ClientToken: 'order-1' }), { name: 'InsufficientInstanceCapacity' });
  ec2.faults.remove(fault);
  assert.equal(idsOf(await run({ ClientToken: 'order-1' })).length, 1);
});

test('a subnet decides on the zone and never moves', async (t) => {
  const { run } = await rig(t);
  const first = await run({ SubnetId: 'subnet-2eaaba67' });
  const zone = first.Instances?.[0]?.Placement?.AvailabilityZone ?? '';
  assert.match(zone, /^us-west-2[a-d]$/);
  const again = await run({ SubnetId: 'subnet-2eaaba67' });
  assert.equal(again.Instances?.[0]?.Placement?.AvailabilityZone, zone);
  const other = zone === 'us-west-2a' ? 'us-west-2b' : 'us-west-2a';
  await assert.rejects(run({ SubnetId: 'subnet-2eaaba67', Placement: { AvailabilityZone: other } }), {
    name: 'InvalidParameterValue',
    message: new RegExp(`Subnet 'subnet-2eaaba67' is in the availability zone ${zone}`),
  });
});

test('a dry run starts nothing and says that it would have', async (t) => {
  const { ec2, run } = await rig(t);
  await assert.rejects(run({ DryRun: true }), refused('DryRunOperation', 412));
  assert.equal(ec2.instances().length, 0);
});

const wrongLaunches: [why: string, input: Partial<RunInstancesCommandInput>, code: string][] = [
  ['no image', { ImageId: undefined }, 'MissingParameter'],
  ['an image id that is none', { ImageId: 'my image' }, 'InvalidAMIID.Malformed'],
  ['no least count', { MinCount: undefined }, 'MissingParameter'],
  ['a count of zero', { MinCount: 0, MaxCount: 0 }, 'InvalidParameterValue'],
  ['least above most', { MinCount: 2, MaxCount: 1 }, 'InvalidParameterCombination'],
  ['an unknown instance type', { InstanceType: 'q9.large' as 'm5.large' }, 'InvalidParameterValue'],
  ['a zone of another region', { Placement: { AvailabilityZone: 'us-east-1a' } }, 'InvalidParameterValue'],
  ['user data that is not base64', { UserData: '{"rootUrl":1}' }, 'InvalidUserData.Malformed'],
  ['too much user data', { UserData: Buffer.alloc(16_385).toString('base64') }, 'InvalidParameterValue'],
  ['a token that is too long', { ClientToken: 'x'.repeat(65) }, 'InvalidParameterValue'],
  ['a launch template', { LaunchTemplate: { LaunchTemplateId: 'lt-1' } }, 'InvalidLaunchTemplateId.NotFound'],
  [
    'a resource type tagged twice',
    {
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] },
        { ResourceType: 'instance', Tags: [{ Key: 'c', Value: 'd' }] },
      ],
    },
    'InvalidParameterValue',
  ],
  [
    'a key tagged twice',
    {
      TagSpecifications: [
        {
          ResourceType: 'instance',
          Tags: [
            { Key: 'a', Value: 'b' },
            { Key: 'a', Value: 'c' },
          ],
        },
      ],
    },
    'InvalidParameterValue',
  ],
  [
    'a reserved tag',
    { TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'aws:x', Value: '' }] }] },
    'InvalidParameterValue',
  ],
  [
    'a subnet beside network interfaces',
    { SubnetId: 'subnet-1', NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: 'subnet-1' }] },
    'InvalidParameterCombination',
  ],
];

for (const [why, input, code] of wrongLaunches) {
  test(`a launch with ${why} is refused with ${code}`, async (t) => {
    const { ec2, run } = await rig(t);
    await assert.rejects(run(input), refused(code));
    assert.equal(ec2.instances().length, 0);
  });
}

test('a parameter that EC2 does not have is refused', async (t) => {
  const { ec2 } = await rig(t);
  const form = new URLSearchParams({
    Action: 'RunInstances',
    Version: '2016-11-15',
    'TagSpecifications.1.ResourceType': 'instance',
  });
  const answer = await fetch(ec2.url, {
    method: 'POST',
    body: form,
    headers: {
      'x-amz-date': '20260301T120000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=a/20260301/us-west-2/ec2/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    },
  });
  assert.equal(answer.status, 400);
  assert.match(
    await answer.text(),
    /<Code>UnknownParameter<\/Code><Message>The parameter TagSpecifications.1.ResourceType is not recognized</,
  );
});

test('equal seeds give equal launches', async (t) => {
  const one = await rig(t);
  const other = await rig(t);
  assert.deepEqual(idsOf(await one.run({ MaxCount: 5 })), idsOf(await other.run({ MaxCount: 5 })));
});

const realPools = new URL('../../../shared/data/pools/', import.meta.url);

test(
  'every launch configuration of real pools can be launched',
  { skip: existsSync(realPools) ? false : 'the real pools are not beside the project' },
  async (t) => {
    const regions = ['eu-central-1', 'us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'];
    const { ec2 } = await rigEc2(t, { regions, dials: { isThrottling: false } });
    let launches = 0;
    for (const file of globSync('**/*.json', { cwd: realPools })) {
      const { config } = JSON.parse(readFileSync(new URL(file, realPools), 'utf8'));
      for (const { region, launchConfig } of config.launchConfigs ?? []) {
        if (launchConfig?.ImageId !== undefined) {
          const client = new EC2Client(clientConfig(ec2, region));
          await client.send(new RunInstancesCommand({ ...launchConfig, MinCount: 1, MaxCount: 2 }));
          client.destroy();
          launches += 1;
        }
      }
    }
    assert.ok(launches > 0);
    assert.equal(ec2.counts.launched, 2 * launches);
  },
);
