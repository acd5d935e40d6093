import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type RunInstancesCommandInput,
  type TerminateInstancesCommandOutput,
} from '@aws-sdk/client-ec2';
import { clientConfig, plainLaunch, refused, rigEc2 } from './rig.ts';

async function rig(t: TestContext) {
  const { ec2, clock } = await rigEc2(t, { dials: { isThrottling: false } });
  const client = new EC2Client(clientConfig(ec2));
  t.after(() => client.destroy());
  const run = async (input: Partial<RunInstancesCommandInput> = {}): Promise<string[]> => {
    const { Instances = [] } = await client.send(new RunInstancesCommand({ ...plainLaunch, ...input }));
    return Instances.map(({ InstanceId }) => InstanceId ?? '');
  };
  const terminate = (...ids: string[]): Promise<TerminateInstancesCommandOutput> =>
    client.send(new TerminateInstancesCommand({ InstanceIds: ids }));
  const states = (): string[] => ec2.instances().map(({ state }) => state);
  return { ec2, clock, run, terminate, states };
}

test('ending an instance answers with its states before and now', async (t) => {
  const { ec2, clock, run, terminate } = await rig(t);
  const [id = ''] = await run();
  await clock.step(30_000);
  const change = { InstanceId: id, CurrentState: { Code: 32, Name: 'shutting-down' } };
  assert.deepEqual((await terminate(id)).TerminatingInstances, [
    { ...change, PreviousState: { Code: 16, Name: 'running' } },
  ]);
  assert.deepEqual((await terminate(id)).TerminatingInstances, [
    { ...change, PreviousState: { Code: 32, Name: 'shutting-down' } },
  ]);
  await clock.step(20_000);
  const again = await terminate(id);
  assert.deepEqual(again.TerminatingInstances?.[0]?.CurrentState, { Code: 48, Name: 'terminated' });
  assert.equal(ec2.counts.terminated, 1);
});

test('a thousand are ended at once, and a thousand and one are refused', async (t) => {
  const { run, terminate, states } = await rig(t);
  const ids = await run({ MaxCount: 1001 });
  await assert.rejects(terminate(...ids), refused('InvalidRequest'));
  assert.equal((await terminate(...ids.slice(1))).TerminatingInstances?.length, 1000);
  assert.equal(states().filter((state) => state === 'shutting-down').length, 1000);
});

test('one wrong id keeps all others alive', async (t) => {
  const { run, terminate, states } = await rig(t);
  const [id = ''] = await run();
  await assert.rejects(terminate(id, 'i-0123456789abcdef0'), refused('InvalidInstanceID.NotFound'));
  await assert.rejects(terminate(id, 'nonsense'), refused('InvalidInstanceID.Malformed'));
  await assert.rejects(terminate(), refused('MissingParameter'));
  assert.deepEqual(states(), ['pending']);
});

test('a protected instance keeps those of its zone alive', async (t) => {
  const { run, terminate, states } = await rig(t);
  const a = await run({ Placement: { AvailabilityZone: 'us-west-2a' } });
  const b = await run({ Placement: { AvailabilityZone: 'us-west-2b' } });
  const protectedOne = await run({ Placement: { AvailabilityZone: 'us-west-2b' }, DisableApiTermination: true });
  await assert.rejects(terminate(...a, ...b, ...protectedOne), refused('OperationNotPermitted'));
  assert.deepEqual(states(), ['shutting-down', 'pending', 'pending']);
});

test('a stopped instance is gone as soon as it is ended', async (t) => {
  const { ec2, clock, run, terminate, states } = await rig(t);
  const [id = ''] = await run();
  await clock.step(30_000);
  ec2.steering.stop(id);
  assert.deepEqual(states(), ['stopping']);
  await clock.step(10_000);
  assert.deepEqual(states(), ['stopped']);
  await terminate(id);
  assert.deepEqual(states(), ['terminated']);
});
