import type { JsonObject } from '#core/json.ts';
import type { RefusalClass } from '#core/launch.ts';
import { awsModule } from '#providers/aws/index.ts';
import { openEc2 } from '#providers/aws/ec2.ts';
import { readAwsSettings } from '#providers/aws/settings.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { startEc2 } from '#simulators/ec2/server.ts';
import type { Ec2Options, SimulatedEc2 } from '#simulators/ec2/server.ts';
import { hastyClock, someSurroundings } from './fixtures.ts';
import type { Heard } from './fixtures.ts';
import type { FleetWorld, WorldCall } from './world.ts';

/** The AWS provider in front of the EC2 simulator. */
export interface AwsWorld extends FleetWorld {
  ec2: SimulatedEc2;
  heard: Heard;
  /** The proof in the RSA-2048 PKCS#7 form. */
  pkcs7ProofOf(workerId: string): Promise<JsonObject>;
}

export const awsConfiguration: JsonObject = {
  region: 'us-west-2',
  launchConfig: {
    ImageId: 'ami-0abcdef1234567890',
    InstanceType: 'm5.xlarge',
    Placement: { AvailabilityZone: 'us-west-2a' },
    InstanceMarketOptions: { MarketType: 'spot' },
  },
  workerManager: { capacityPerInstance: 1 },
  workerConfig: { genericWorker: {} },
  additionalUserData: { workerType: 'pool' },
};

const actions: Readonly<Record<WorldCall, string>> = {
  launch: 'RunInstances',
  list: 'DescribeInstances',
  get: 'DescribeInstances',
  terminate: 'TerminateInstances',
};

const codes: Readonly<Partial<Record<RefusalClass, string>>> = {
  capacity: 'InsufficientInstanceCapacity',
  quota: 'MaxSpotInstanceCountExceeded',
  throttle: 'RequestLimitExceeded',
  auth: 'AuthFailure',
  configuration: 'InvalidAMIID.NotFound',
};

/** Boots and shuts down without delay, and lives, unless told otherwise, ten times as fast as the machine's clock. */
export async function anAwsWorld(options: Ec2Options = {}, times = 10): Promise<AwsWorld> {
  const stopping = new AbortController();
  const clock = hastyClock(times);
  const regions = ['us-east-1', 'us-west-2'];
  const dials = { bootMs: [0, 0], shutDownMs: [0, 0], ...options.dials } as const;
  const ec2 = await startEc2({ clock, regions, ...options, dials });
  const settings: JsonObject = {
    endpoint: ec2.url,
    credentials: { accessKeyId: 'AKIASIMULATED', secretAccessKey: 'simulated' },
    _backoffDelay: 500,
    identityKeys: ec2.identityKeys(regions).map((key): JsonObject => ({ ...key })),
  };
  const surroundings = someSurroundings({ clock, signal: stopping.signal });
  const setUp = awsModule.configure(new SettingsReader(settings));
  const { fleet, identity } = await setUp('aws-1', surroundings, stopping.signal);
  const metadata = async (workerId: string, path: string): Promise<string> => {
    const latest = `${ec2.url}/_sim/imds/${workerId}/latest`;
    const session = { 'X-aws-ec2-metadata-token-ttl-seconds': '60' };
    const token = await (await fetch(`${latest}/api/token`, { method: 'PUT', headers: session })).text();
    const headers = { 'X-aws-ec2-metadata-token': token };
    const answer = await fetch(`${latest}/dynamic/instance-identity/${path}`, { headers });
    if (!answer.ok) {
      throw new Error(`the metadata of ${workerId} answers ${answer.status}`);
    }
    return answer.text();
  };
  const proof = async (workerId: string, form: 'signature' | 'rsa2048'): Promise<JsonObject> => ({
    document: await metadata(workerId, 'document'),
    signature: await metadata(workerId, form),
  });
  return {
    ec2,
    heard: surroundings.heard,
    fleet: fleet!,
    identity,
    providerId: 'aws-1',
    configuration: awsConfiguration,
    unknownId: 'i-0123456789abcdef0',
    now: () => clock.now(),
    machines: () =>
      ec2.instances().map(({ id, clientToken, state }) => ({
        workerId: id,
        orderId: clientToken,
        isAlive: state === 'pending' || state === 'running',
      })),
    async addStranger() {
      const raw = await openEc2(readAwsSettings(new SettingsReader(settings)), stopping.signal);
      const Tags = [{ Key: 'CreatedBy', Value: 'taskcluster-wm-aws-2' }];
      const TagSpecifications = [{ ResourceType: 'instance', Tags }];
      const parameters = { ImageId: 'ami-0abcdef1234567890', MinCount: 1, MaxCount: 1, TagSpecifications };
      const [instance] = await raw.runInstances('us-west-2', parameters, stopping.signal);
      return instance!.instanceId;
    },
    end: (workerId) => ec2.steering.terminate(workerId),
    limitStock: (available) => void ec2.faults.add({ kind: 'stock', region: 'us-west-2', available }),
    refuse(call, refusalClass) {
      const code = codes[refusalClass];
      if (code !== undefined) {
        ec2.faults.add({ kind: 'error', action: actions[call], code });
      }
      return code !== undefined;
    },
    disturb: (call, how, when) =>
      void ec2.faults.add({ kind: how === 'break' ? 'reset' : 'hang', action: actions[call], when }),
    calm: () => ec2.faults.clear(),
    proofOf: (workerId) => proof(workerId, 'signature'),
    pkcs7ProofOf: (workerId) => proof(workerId, 'rsa2048'),
    forgeries: async (workerId) => forgeries(ec2, await proof(workerId, 'signature')),
    async close() {
      stopping.abort();
      await ec2.close();
    },
  };
}

/** Documents that say something else than the truth, each signed in both forms by whoever might be taken for Amazon. */
function forgeries(ec2: SimulatedEc2, proof: JsonObject): Readonly<Record<string, JsonObject>> {
  const truth = String(proof['document']);
  const edit = (from: RegExp, to: string): string => {
    const edited = truth.replace(from, to);
    if (edited === truth) {
      throw new Error(`nothing to edit: ${String(from)}`);
    }
    return edited;
  };
  const lies: Readonly<Record<string, { document: string; region?: string }>> = {
    'signed by another region': { document: truth, region: 'us-east-1' },
    'of another region': { document: edit(/"us-west-2"/, '"us-east-1"'), region: 'us-east-1' },
    'of another account': { document: edit(/"accountId" : "\d+"/, '"accountId" : "999999999999"') },
    'of another instance': { document: edit(/"i-\w+"/, '"i-0123456789abcdef0"') },
    'of another zone': { document: edit(/"us-west-2a"/, '"us-west-2b"') },
    'of another address': { document: edit(/"privateIp" : "[\d.]+"/, '"privateIp" : "10.9.8.7"') },
    'of another image': { document: edit(/"ami-\w+"/, '"ami-00000000000000000"') },
    'of another type': { document: edit(/"m5.xlarge"/, '"m5.large"') },
    'of another architecture': { document: edit(/"x86_64"/, '"arm64"') },
    'of an earlier launch': { document: edit(/"pendingTime" : "\d+/, '"pendingTime" : "2019') },
    'of the future': { document: edit(/"pendingTime" : "\d+/, '"pendingTime" : "2999') },
    'without a time': { document: edit(/"pendingTime" : "[^"]+"/, '"pendingTime" : null') },
    'that is no object': { document: 'null' },
    'that is no JSON': { document: 'i-0123456789abcdef0' },
  };
  const edited = { document: edit(/"x86_64"/, '"x86-64"'), signature: proof['signature'] ?? null };
  const signed = Object.entries(lies).flatMap(([name, { document, region = 'us-west-2' }]) => {
    const { signature, rsa2048 } = ec2.signDocument(region, document);
    return [
      [`a document ${name}`, { document, signature }],
      [`a document ${name}, PKCS#7`, { document, signature: rsa2048 }],
    ] as const;
  });
  const otherContent = { document: truth, signature: ec2.signDocument('us-west-2', edit(/}$/, ' }')).rsa2048 };
  return { 'edited afterwards': edited, 'PKCS#7 over other content': otherContent, ...Object.fromEntries(signed) };
}
