import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import {
  DescribeInstancesCommand,
  DescribeRegionsCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type RunInstancesCommandInput,
  type RunInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, refused, rigEc2 } from './rig.ts';
import type { Ec2Options } from './server.ts';

async function rig(t: TestContext, options?: Ec2Options) {
  const { ec2, clock } = await rigEc2(t, options);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const run = (input: Partial<RunInstancesCommandInput> = {}): Promise<RunInstancesCommandOutput> =>
    client.send(new RunInstancesCommand({ ...plainLaunch, ...input }));
  return { ec2, clock, client, run };
}

/** Lets sockets move while the simulator's time stands still. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await nextTurn();
  }
}

test('an error strikes as often as it says, before anything is done', async (t) => {
  const { ec2, run } = await rig(t);
  ec2.faults.add({ kind: 'error', action: 'RunInstances', code: 'Unavailable', times: 2 });
  await assert.rejects(run(), refused('Unavailable', 503));
  await assert.rejects(run(), refused('Unavailable', 503));
  assert.equal(ec2.instances().length, 0);
  await run();
  assert.equal(ec2.instances().length, 1);
});

test('faults strike only the action and region that they name', async (t) => {
  const { ec2, client, run } = await rig(t);
  ec2.faults.add({ kind: 'error', region: 'us-east-1' });
  ec2.faults.add({ kind: 'error', action: 'DescribeInstances', code: 'UnauthorizedOperation' });
  await run();
  await assert.rejects(client.send(new DescribeInstancesCommand()), refused('UnauthorizedOperation', 403));
  const east = new EC2Client(clientConfig(ec2, 'us-east-1'));
  t.after(() => east.destroy());
  await assert.rejects(east.send(new DescribeRegionsCommand()), refused('InternalError', 500));
});

test('an answer that is lost leaves its effect behind, and the token finds it', async (t) => {
  const { ec2, run } = await rig(t);
  ec2.faults.add({ kind: 'error', action: 'RunInstances', when: 'after', times: 1 });
  ec2.faults.add({ kind: 'reset', action: 'RunInstances', when: 'after', times: 1 });
  await assert.rejects(run({ ClientToken: 'order-1' }), refused('InternalError', 500));
  await assert.rejects(run({ ClientToken: 'order-2' }), { code: 'ECONNRESET' });
  const [one, two] = ec2.instances();
  assert.equal((await run({ ClientToken: 'order-1' })).Instances?.[0]?.InstanceId, one?.id);
  assert.equal((await run({ ClientToken: 'order-2' })).Instances?.[0]?.InstanceId, two?.id);
  assert.equal(ec2.counts.launched, 2);
  assert.deepEqual(ec2.counts.outcomes, { InternalError: 1, reset: 1, ok: 2 });
});

test('a call that hangs is never answered, and does not keep the simulator open', async (t) => {
  const { ec2, client } = await rig(t);
  ec2.faults.add({ kind: 'hang', action: 'DescribeRegions' });
  const hanging = assert.rejects(client.send(new DescribeRegionsCommand()));
  await until(() => ec2.logbook.length === 1);
  assert.equal(ec2.logbook[0]?.outcome, 'hang');
  await ec2.close();
  await hanging;
});

test('a latency passes between the effect and the answer', async (t) => {
  const { ec2, clock, run } = await rig(t, { latencyMs: 50 });
  ec2.faults.add({ kind: 'delay', action: 'RunInstances', delayMs: 1000, times: 1 });
  let isAnswered = false;
  const answer = run().then(() => (isAnswered = true));
  await until(() => clock.pending === 1);
  assert.equal(ec2.instances().length, 1);
  await clock.step(1049);
  assert.equal(isAnswered, false);
  await clock.step(1);
  await answer;
});

test('launches are limited by calls and by instances, as AWS publishes', async (t) => {
  const { clock, run } = await rig(t);
  for (const count of [1, 1, 1, 1, 996]) {
    await run({ MinCount: count, MaxCount: count });
  }
  await assert.rejects(run(), refused('RequestLimitExceeded', 503));
  await clock.step(500);
  await run();
  await assert.rejects(run(), refused('RequestLimitExceeded', 503));
  await clock.step(2500);
  await assert.rejects(run({ MinCount: 7, MaxCount: 7 }), refused('RequestLimitExceeded', 503));
  await run({ MinCount: 5, MaxCount: 5 });
});

test('descriptions without filter or page have the smaller bucket, and each region its own', async (t) => {
  const { ec2, client } = await rig(t);
  const unfiltered = (): Promise<unknown> => client.send(new DescribeInstancesCommand());
  await Promise.all(Array.from({ length: 50 }, unfiltered));
  await assert.rejects(unfiltered(), refused('RequestLimitExceeded', 503));
  await client.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
  const east = new EC2Client(clientConfig(ec2, 'us-east-1'));
  t.after(() => east.destroy());
  await east.send(new DescribeInstancesCommand());
});

test('limits can be changed and switched off', async (t) => {
  const { ec2, run } = await rig(t, { dials: { buckets: { RunInstances: { capacity: 1, refillPerSecond: 0 } } } });
  await run();
  await assert.rejects(run(), refused('RequestLimitExceeded', 503));
  ec2.faults.turn({ isThrottling: false });
  await Promise.all(Array.from({ length: 20 }, () => run()));
});

test('a stock that is too small launches what it has, down to the least, and is empty then', async (t) => {
  const { ec2, run } = await rig(t);
  ec2.faults.add({ kind: 'stock', region: 'us-west-2', zone: 'us-west-2a', instanceType: 'm5.large', available: 3 });
  const inA = { Placement: { AvailabilityZone: 'us-west-2a' } };
  await assert.rejects(run({ ...inA, MinCount: 4, MaxCount: 9 }), refused('InsufficientInstanceCapacity', 500));
  assert.equal((await run({ ...inA, MinCount: 2, MaxCount: 9 })).Instances?.length, 3);
  await assert.rejects(run(inA), {
    message:
      /sufficient m5.large capacity in the Availability Zone you requested \(us-west-2a\).* or choosing us-west-2b/,
  });
  await run({ ...inA, InstanceType: 'c5.large' });
  const elsewhere = await run({ MaxCount: 9 });
  assert.equal(elsewhere.Instances?.length, 9);
  assert.notEqual(elsewhere.Instances[0]?.Placement?.AvailabilityZone, 'us-west-2a');
});

test('spot has its own stocks, prices and quotas', async (t) => {
  const { ec2, run } = await rig(t, { dials: { isThrottling: false } });
  const spot = (price?: string): Partial<RunInstancesCommandInput> => ({
    InstanceMarketOptions: { MarketType: 'spot', ...(price === undefined ? {} : { SpotOptions: { MaxPrice: price } }) },
  });
  ec2.faults.turn({ spotPrice: 0.0375 });
  await assert.rejects(run(spot('0.02')), refused('SpotMaxPriceTooLow'));
  await run(spot('0.04'));
  ec2.faults.add({ kind: 'quota', market: 'spot', family: 'Standard', vcpus: 4 });
  await run(spot());
  await assert.rejects(run(spot()), refused('MaxSpotInstanceCountExceeded'));
  await run();
  ec2.faults.clear();
  ec2.faults.add({ kind: 'stock', region: 'us-west-2', market: 'spot', available: 0 });
  await assert.rejects(run(spot()), { message: /no Spot capacity available/ });
  await run();
});

test('quotas count what is alive, in vCPUs of a family or in instances', async (t) => {
  const { ec2, client, run } = await rig(t);
  ec2.faults.add({ kind: 'quota', region: 'us-west-2', family: 'Standard', market: 'on-demand', vcpus: 8 });
  const { Instances = [] } = await run({ MinCount: 1, MaxCount: 9 });
  assert.equal(Instances.length, 4);
  await assert.rejects(run(), refused('VcpuLimitExceeded'));
  await run({ InstanceType: 'g4dn.xlarge' });
  await client.send(new TerminateInstancesCommand({ InstanceIds: [Instances[0]?.InstanceId ?? ''] }));
  await run();
  ec2.faults.add({ kind: 'quota', instances: 5 });
  await assert.rejects(run({ InstanceType: 'g4dn.xlarge' }), refused('InstanceLimitExceeded'));
});

test('an action that the simulator does not have is invalid', async (t) => {
  const { client } = await rig(t);
  await assert.rejects(client.send(new StopInstancesCommand({ InstanceIds: ['i-1'] })), refused('InvalidAction'));
});
