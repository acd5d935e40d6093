import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { LaunchRequest } from '#core/launch.ts';
import type { FleetWorker } from '#core/provider.ts';
import { providerConformance } from '#test/conformance/provider.ts';
import { anAwsWorld } from '#test/conformance/provider/aws-world.ts';
import type { AwsWorld } from '#test/conformance/provider/aws-world.ts';
import { aLaunchRequest, aWorker, someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import type { Ec2Options } from '#simulators/ec2/server.ts';
import { awsModule } from './index.ts';

providerConformance('the AWS provider', () => anAwsWorld());

const never = new AbortController().signal;

async function aWorld(t: TestContext, options: Ec2Options = {}, times = 10): Promise<AwsWorld> {
  const world = await anAwsWorld(options, times);
  t.after(() => world.close());
  return world;
}

function aRequest(count: number, order: Partial<LaunchRequest['order']> = {}): LaunchRequest {
  const place = { providerId: 'aws-1', scope: 'us-west-2', workerGroup: 'us-west-2', count };
  const configuration = {
    region: 'us-west-2',
    launchConfig: { ImageId: 'ami-0abcdef1234567890', InstanceType: 'm5.xlarge' },
    workerConfig: { a: 1 },
    additionalUserData: { workerType: 'pool', rootUrl: 'https://elsewhere.example.com' },
  };
  return aLaunchRequest({ configuration, order: { ...place, ...order } });
}

const workerOf = (workerId: string): FleetWorker => ({
  workerPoolId: 'proj/pool',
  workerGroup: 'us-west-2',
  workerId,
  providerData: {},
});

describe('launches at EC2', () => {
  // spec: provisioning 6.3
  test('the machine gets its user data and its five tags, and the order’s id as token', async (t) => {
    const { fleet, ec2 } = await aWorld(t);
    const request = aRequest(1);
    await fleet.launch(request, never);
    const [instance] = ec2.instances();
    assert.equal(instance?.clientToken, request.order.orderId);
    assert.deepEqual(JSON.parse(instance.userData), {
      workerType: 'pool',
      rootUrl: 'https://tc.example.com',
      workerPoolId: 'proj/pool',
      providerId: 'aws-1',
      workerGroup: 'us-west-2',
      launchConfigId: 'lc-1',
      workerConfig: { a: 1 },
    });
    assert.deepEqual(instance.tags, {
      CreatedBy: 'taskcluster-wm-aws-1',
      Owner: 'owner@example.com',
      ManagedBy: 'taskcluster',
      Name: 'proj/pool',
      WorkerPoolId: 'proj/pool',
    });
  });

  // spec: provisioning 2.6, 6.3
  test('one call starts a thousand', async (t) => {
    const { fleet, ec2 } = await aWorld(t, {}, 1);
    const outcome = await fleet.launch(aRequest(fleet.maxPerOrder), never);
    assert.equal(outcome.kind === 'settled' && outcome.launched.length, 1000);
    assert.equal(ec2.counts.calls['us-west-2']?.['RunInstances'], 1);
  });

  // spec: provisioning 6.2
  test('user data that EC2 would not take is refused before any call, under its own title', async (t) => {
    const { fleet, ec2 } = await aWorld(t);
    const request = aRequest(1);
    const additionalUserData = { much: 'x'.repeat(16_384) };
    ec2.resetCounts();
    const outcome = await fleet.launch(
      { ...request, configuration: { ...request.configuration, additionalUserData } },
      never,
    );
    assert.equal(outcome.refusal?.class, 'configuration');
    assert.equal(outcome.refusal.title, 'User Data is too long');
    assert.deepEqual(ec2.counts.calls, {});
  });

  test('a region that the account does not have is refused before any call', async (t) => {
    const { fleet, ec2 } = await aWorld(t);
    ec2.resetCounts();
    const outcome = await fleet.launch(aRequest(1, { scope: 'us-mars-1', workerGroup: 'us-mars-1' }), never);
    assert.deepEqual(
      [outcome.kind, outcome.refusal?.class, outcome.refusal?.code],
      ['settled', 'configuration', 'UnknownRegion'],
    );
    assert.deepEqual(ec2.counts.calls, {});
  });

  test('a pool owner that changed between two attempts does not lose the machines of the first', async (t) => {
    const { fleet } = await aWorld(t);
    const request = aRequest(2);
    const first = await fleet.launch(request, never);
    const second = await fleet.launch({ ...request, pool: { ...request.pool, owner: 'new@example.com' } }, never);
    assert.ok(first.kind === 'settled' && second.kind === 'settled');
    assert.deepEqual(
      second.launched.map((worker) => worker.workerId).toSorted(),
      first.launched.map((worker) => worker.workerId).toSorted(),
    );
  });

  test('machines of an earlier attempt that EC2 does not show yet leave the order open', async (t) => {
    const { fleet } = await aWorld(t, { dials: { hiddenMs: [60_000, 60_000] } });
    const request = aRequest(2);
    await fleet.launch(request, never);
    const second = await fleet.launch({ ...request, pool: { ...request.pool, owner: 'new@example.com' } }, never);
    assert.equal(second.kind, 'unknown');
  });

  test('after one lost answer even a refusal leaves the order open: it may be of the repeat only', async (t) => {
    const world = await aWorld(t);
    const request = aRequest(2);
    world.ec2.faults.add({ kind: 'reset', action: 'RunInstances', when: 'after', times: 1 });
    world.ec2.faults.add({ kind: 'error', action: 'RunInstances', code: 'UnauthorizedOperation', when: 'after' });
    const outcome = await world.fleet.launch(request, never);
    assert.deepEqual([outcome.kind, outcome.refusal?.code], ['unknown', 'UnauthorizedOperation']);
    world.calm();
    const found = await world.fleet.recover(request.order, never);
    assert.equal(found.kind === 'settled' && found.launched.length, 2);
  });

  // spec: P-42
  test('a broken connection is repeated with the same token, and starts nothing twice', async (t) => {
    const { fleet, ec2, heard } = await aWorld(t);
    ec2.faults.add({ kind: 'reset', action: 'RunInstances', when: 'after', times: 1 });
    const outcome = await fleet.launch(aRequest(3), never);
    assert.equal(outcome.kind === 'settled' && outcome.launched.length, 3);
    assert.equal(ec2.instances().length, 3);
    const calls = heard.calls.filter((call) => call.operation === 'RunInstances');
    assert.deepEqual(
      calls.map((call) => [call.outcome, call.attempt]),
      [
        ['ECONNRESET', 1],
        ['ok', 2],
      ],
    );
  });
});

describe('limits of EC2', () => {
  // spec: provisioning 5.1, 5.2, P-08, P-11
  test('throttled launches pause launches of that region: nothing else, nowhere else', async (t) => {
    const { fleet, ec2, heard } = await aWorld(t);
    ec2.faults.add({
      kind: 'error',
      action: 'RunInstances',
      region: 'us-west-2',
      code: 'RequestLimitExceeded',
      times: 1,
    });
    const throttled = fleet.launch(aRequest(1), never);
    const others = [
      fleet.launch(aRequest(1, { scope: 'us-east-1', workerGroup: 'us-east-1' }), never),
      fleet.terminate('us-west-2', [workerOf('i-0123456789abcdef0')], never),
      fleet.inspect('us-west-2', [workerOf('i-0123456789abcdef0')], never),
    ];
    await Promise.all(others);
    const outcome = await throttled;
    assert.equal(outcome.kind === 'settled' && outcome.launched.length, 1);
    assert.deepEqual(
      heard.pauses.map(({ scope, kind, reason }) => [scope, kind, reason]),
      [['us-west-2', 'run', 'RequestLimitExceeded']],
    );
    const last = heard.calls.at(-1);
    assert.deepEqual([last?.operation, last?.scope, last?.attempt], ['RunInstances', 'us-west-2', 2]);
  });
});

describe('a burst of launches beyond what EC2 takes', () => {
  test('is sent at EC2’s pace: nothing is lost, doubled or left open, and few calls are in vain', async (t) => {
    const { fleet, ec2 } = await aWorld(t, {}, 20);
    const requests = Array.from({ length: 30 }, () => aRequest(2));
    const outcomes = await Promise.all(requests.map((request) => fleet.launch(request, never)));
    const started = outcomes.map((outcome) => (outcome.kind === 'settled' ? outcome.launched.length : assert.fail()));
    assert.equal(
      ec2.instances().length,
      started.reduce((sum, count) => sum + count, 0),
    );
    const refused = outcomes.filter((outcome) => outcome.refusal !== null);
    assert.ok(refused.every((outcome) => outcome.refusal?.class === 'throttle'));
    const { RequestLimitExceeded: inVain = 0 } = ec2.counts.outcomes;
    t.diagnostic(`${refused.length} of 30 refused, ${inVain} calls in vain`);
    assert.ok(refused.length <= 15, `${refused.length} refused`);
    assert.ok(inVain <= 60, `${inVain} calls in vain`);
  });
});

describe('observation of EC2', () => {
  // spec: P-40
  test('costs one call per thousand machines, and holds no more than a page', async (t) => {
    const { fleet, ec2 } = await aWorld(t, { dials: { isThrottling: false } }, 1);
    await fleet.launch(aRequest(1000), never);
    await fleet.launch(aRequest(1000), never);
    await fleet.launch(aRequest(500), never);
    ec2.resetCounts();
    const sizes: number[] = [];
    const ids = new Set<string>();
    for await (const page of fleet.observe('us-west-2', never)) {
      sizes.push(page.length);
      page.forEach((sighting) => ids.add(sighting.workerId));
    }
    assert.deepEqual(sizes, [1000, 1000, 500]);
    assert.equal(ids.size, 2500);
    assert.deepEqual(ec2.counts.calls, { 'us-west-2': { DescribeInstances: 3 } });
  });

  test('pages that EC2 cuts short, even to nothing, lose no machine', async (t) => {
    const { fleet } = await aWorld(t, { dials: { shortPage: 0.7 } });
    await fleet.launch(aRequest(40), never);
    const ids: string[] = [];
    for await (const page of fleet.observe('us-west-2', never)) {
      ids.push(...page.map((sighting) => sighting.workerId));
    }
    assert.equal(new Set(ids).size, 40);
    assert.equal(ids.length, 40);
  });

  test('a reader that stops early is not troubled by the page that was on its way', async (t) => {
    const { fleet, ec2 } = await aWorld(t, { dials: { isThrottling: false } }, 1);
    await fleet.launch(aRequest(1000), never);
    await fleet.launch(aRequest(1000), never);
    for await (const page of fleet.observe('us-west-2', never)) {
      assert.equal(page.length, 1000);
      ec2.faults.add({ kind: 'error', action: 'DescribeInstances', code: 'InternalError' });
      break;
    }
  });

  // spec: provisioning 6.5
  test('what EC2’s states mean: stopped is left over, terminated is gone', async (t) => {
    const { fleet, ec2 } = await aWorld(t, { dials: { stopMs: [0, 0], bootMs: [600_000, 600_000] } });
    const outcome = await fleet.launch(aRequest(3), never);
    assert.ok(outcome.kind === 'settled');
    const [pending, stopped, terminated] = outcome.launched.map((worker) => worker.workerId);
    ec2.steering.stop(stopped!);
    ec2.steering.terminate(terminated!);
    const shown = await fleet.inspect(
      'us-west-2',
      outcome.launched.map((worker) => workerOf(worker.workerId)),
      never,
    );
    const presence = Object.fromEntries(
      shown.map((sighting) => [sighting.workerId, [sighting.presence, sighting.cloudState]]),
    );
    assert.deepEqual(presence, {
      [pending!]: ['alive', 'pending'],
      [stopped!]: ['dormant', 'stopped'],
      [terminated!]: ['gone', 'terminated'],
    });
    const [ended] = await fleet.terminate('us-west-2', [workerOf(stopped!)], never);
    assert.equal(ended?.accepted, true);
    assert.equal(ec2.instances().find(({ id }) => id === stopped)?.state, 'terminated');
  });
});

// spec: provisioning 6.6
describe('ends at EC2', () => {
  test('the unknown among many cost one more call, not one each', async (t) => {
    const { fleet, ec2 } = await aWorld(t);
    const outcome = await fleet.launch(aRequest(30), never);
    assert.ok(outcome.kind === 'settled');
    const unknown = Array.from({ length: 10 }, (_, index) => workerOf(`i-0123456789abcde${(index + 16).toString(16)}`));
    ec2.resetCounts();
    const outcomes = await fleet.terminate(
      'us-west-2',
      [...unknown, ...outcome.launched.map(({ workerId }) => workerOf(workerId))],
      never,
    );
    assert.ok(outcomes.every((ended) => ended.accepted));
    assert.deepEqual(ec2.counts.calls, { 'us-west-2': { TerminateInstances: 2 } });
    assert.ok(ec2.instances().every((instance) => instance.state !== 'running'));
  });

  test('an id that can be no instance is as good as gone', async (t) => {
    const { fleet } = await aWorld(t);
    const [outcome] = await fleet.terminate('us-west-2', [workerOf('not-an-instance')], never);
    assert.equal(outcome?.accepted, true);
  });
});

describe('the identity of EC2 instances', () => {
  // spec: provisioning 6.7, P-22
  test('the RSA-2048 PKCS#7 form is as good as the plain signature', async (t) => {
    const world = await aWorld(t);
    const outcome = await world.fleet.launch(aRequest(1), never);
    assert.ok(outcome.kind === 'settled');
    const worker = aWorker({ ...outcome.launched[0]!, created: world.now() });
    await world.identity!.identify(await world.pkcs7ProofOf(worker.workerId), worker, world.now(), never);
  });
});

describe('the set-up at EC2', () => {
  // spec: provisioning 6.1
  test('says why it fails, and works as soon as EC2 does', async (t) => {
    const { ec2 } = await aWorld(t);
    const settings = { endpoint: ec2.url, credentials: { accessKeyId: 'AKIASIMULATED', secretAccessKey: 'simulated' } };
    const setUp = awsModule.configure(new SettingsReader(settings));
    const surroundings = someSurroundings();
    ec2.faults.add({ kind: 'error', action: 'DescribeRegions', code: 'AuthFailure', times: 1 });
    await assert.rejects(setUp('aws-2', surroundings, never), /AuthFailure: AWS was not able to validate/);
    const { fleet } = await setUp('aws-2', surroundings, never);
    assert.deepEqual(fleet?.scopes().toSorted(), ['us-east-1', 'us-west-2']);
  });
});
