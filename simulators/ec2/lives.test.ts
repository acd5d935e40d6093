import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  EC2Client,
  DescribeInstancesCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, rigEc2 } from './rig.ts';
import type { Ec2Options } from './server.ts';

const spot: Partial<RunInstancesCommandInput> = { InstanceMarketOptions: { MarketType: 'spot' } };

async function rig(t: TestContext, options?: Ec2Options) {
  const { ec2, clock } = await rigEc2(t, options);
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const run = async (input: Partial<RunInstancesCommandInput> = {}): Promise<string[]> => {
    const { Instances = [] } = await client.send(new RunInstancesCommand({ ...plainLaunch, ...input }));
    return Instances.map(({ InstanceId }) => InstanceId ?? '');
  };
  const state = (id: string): string | undefined => ec2.instances().find((instance) => instance.id === id)?.state;
  return { ec2, clock, client, run, state };
}

test('the park shows booting and running machines, up only while they run', async (t) => {
  const { ec2, clock, run } = await rig(t);
  const [id = ''] = await run();
  const [machine] = ec2.park.machines();
  assert.equal(machine?.cloud, 'aws');
  assert.equal(machine?.id, id);
  assert.equal(machine?.metadataUrl, `${ec2.url}/_sim/imds/${id}`);
  assert.equal(machine?.fate, 'works');
  assert.equal(machine?.isUp, false);
  await clock.step(30_000);
  assert.equal(machine?.isUp, true);
  assert.deepEqual(machine?.bootedAt, clock.now());
  assert.equal(ec2.park.machines()[0], machine);
  ec2.steering.terminate(id);
  assert.equal(machine?.isUp, false);
  await clock.step(20_000);
  assert.deepEqual(ec2.park.machines(), []);
});

test('a machine that powers off ends if it is spot, and else does as its launch says', async (t) => {
  const { ec2, clock, client, run, state } = await rig(t);
  const [onDemand = ''] = await run();
  const [ending = ''] = await run({ InstanceInitiatedShutdownBehavior: 'terminate' });
  const [spotOne = ''] = await run(spot);
  await clock.step(30_000);
  for (const machine of ec2.park.machines()) {
    machine.powerOff();
  }
  await clock.step(60_000);
  assert.deepEqual([onDemand, ending, spotOne].map(state), ['stopped', 'terminated', 'terminated']);
  const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [spotOne] }));
  assert.equal(Reservations?.[0]?.Instances?.[0]?.StateReason?.Code, 'Client.InstanceInitiatedShutdown');
});

test('an interrupted spot machine has two minutes, and others cannot be interrupted', async (t) => {
  const { ec2, clock, client, run, state } = await rig(t);
  const [id = ''] = await run(spot);
  const [other = ''] = await run();
  assert.throws(() => ec2.spotInterrupt(other), TypeError);
  assert.throws(() => ec2.spotInterrupt('i-0'), RangeError);
  await clock.step(30_000);
  ec2.spotInterrupt(id);
  await clock.step(119_999);
  assert.equal(state(id), 'running');
  await clock.step(1);
  assert.equal(state(id), 'shutting-down');
  await clock.step(20_000);
  const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const { StateReason } = Reservations?.[0]?.Instances?.[0] ?? {};
  assert.equal(StateReason?.Code, 'Server.SpotInstanceTermination');
});

test('dials draw fates, ends and interruptions for their share of machines', async (t) => {
  const { ec2, clock, run } = await rig(t, {
    dials: { neverRegisters: 0.25, crashesWhileWorking: 0.5, endsByItself: 0.5, endsByItselfAfterMs: [60_000, 60_000] },
  });
  await run({ MaxCount: 400 });
  const count = (isSo: (instance: { fate: string; state: string }) => boolean): number =>
    ec2.instances().filter(isSo).length;
  const never = count(({ fate }) => fate === 'never-registers');
  const crash = count(({ fate }) => fate === 'crashes-while-working');
  assert.ok(Math.abs(never - 100) < 30, `${never} never register`);
  assert.ok(Math.abs(crash - 150) < 30, `${crash} crash`);
  await clock.step(120_000);
  const stopped = count(({ state }) => state === 'stopped');
  assert.ok(Math.abs(stopped - 200) < 40, `${stopped} stopped`);
  ec2.faults.turn({ spotInterrupted: 1, spotInterruptedAfterMs: [60_000, 60_000] });
  const before = ec2.instances().length;
  await run({ ...spot, MaxCount: 3 });
  await clock.step(180_000);
  assert.deepEqual(
    ec2
      .instances()
      .slice(before)
      .map(({ state }) => state),
    ['shutting-down', 'shutting-down', 'shutting-down'],
  );
});

test('machines are ended, forgotten and given fates from outside', async (t) => {
  const { ec2, clock, run, state } = await rig(t);
  const [a = '', b = '', c = ''] = await run({ MaxCount: 3 });
  await clock.step(30_000);
  ec2.steering.terminate(a);
  ec2.steering.vanish(b);
  ec2.steering.setFate(c, 'crashes-while-working');
  assert.deepEqual([a, b, c].map(state), ['shutting-down', undefined, 'running']);
  assert.deepEqual(
    ec2.park.machines().map(({ fate }) => fate),
    ['works', 'crashes-while-working'],
  );
  ec2.steering.fail(c);
  assert.equal(ec2.counts.alive, 0);
});
