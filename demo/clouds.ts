import { systemClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import { startAzure } from '#simulators/azure/server.ts';
import { startEc2 } from '#simulators/ec2/server.ts';
import { startGce } from '#simulators/gce/server.ts';
import type { MachinePark } from '#simulators/machine.ts';

/** A simulated cloud of the demonstration, and the provider in front of it. */
export interface DemoCloud {
  /** As people call it. */
  name: string;
  url: string;
  providerId: string;
  /** The provider's settings. */
  settings: Record<string, unknown>;
  park: MachinePark;
}

const regions = ['us-west-2', 'us-east-1', 'eu-central-1'];

/** Starts the clouds whose machines the example pools use; they end with `stack`. Machines boot faster than real ones, so that something is to be seen soon. */
export async function startClouds(stack: AsyncDisposableStack): Promise<readonly DemoCloud[]> {
  return [await startAmazon(stack), await startGoogle(stack), await startMicrosoft(stack)];
}

async function startAmazon(stack: AsyncDisposableStack): Promise<DemoCloud> {
  const ec2 = await startEc2({
    random: seededRandom(1),
    regions,
    dials: { latencyMs: [20, 80], bootMs: [4_000, 12_000] },
  });
  stack.defer(() => ec2.close());
  const settings = {
    providerType: 'aws',
    credentials: { accessKeyId: 'DEMO', secretAccessKey: 'demo' },
    endpoint: ec2.url,
    identityKeys: ec2.identityKeys(regions).map((key) => ({ ...key })),
  };
  return { name: 'EC2', url: ec2.url, providerId: 'aws-demo', settings, park: ec2.park };
}

async function startGoogle(stack: AsyncDisposableStack): Promise<DemoCloud> {
  const gce = await startGce({
    random: seededRandom(2),
    project: 'demo-project',
    dials: { latencyMs: [20, 80], provisionMs: [500, 1_500], stageMs: [1_000, 2_000], bootMs: [3_000, 9_000] },
  });
  stack.defer(() => gce.close());
  const settings = {
    providerType: 'google',
    project: gce.project,
    accessToken: 'demo',
    workerServiceAccountId: gce.accounts[0]?.uniqueId ?? '',
    endpoint: gce.url,
    certificatesUrl: `${gce.url}/oauth2/v3/certs`,
  };
  return { name: 'GCE', url: gce.url, providerId: 'google-demo', settings, park: gce.park };
}

/** The subscription that the example pools name. */
const subscriptionId = '00000000-0000-4000-8000-000000000001';

async function startMicrosoft(stack: AsyncDisposableStack): Promise<DemoCloud> {
  const authority = createAttestationAuthority({ clock: systemClock });
  const azure = await startAzure({
    random: seededRandom(3),
    subscriptionId,
    groups: { 'demo-workers': 'eastus' },
    dials: {
      latencyMs: [20, 80],
      retryAfterSeconds: 1,
      publicIpMs: [500, 1_500],
      nicMs: [500, 1_500],
      deploymentMs: [500, 1_500],
      allocateMs: [500, 2_000],
      bootMs: [4_000, 9_000],
      vmCreateMs: [5_000, 10_000],
      vmDeleteMs: [4_000, 8_000],
    },
    attest: ({ vmId, nonce }) => authority.attest({ vmId, subscriptionId, nonce }),
  });
  stack.defer(() => azure.close());
  const settings = {
    providerType: 'azure',
    domain: azure.tenantId,
    clientId: 'demo',
    secret: 'demo',
    subscriptionId,
    resourceGroupName: 'demo-workers',
    endpoint: azure.url,
    authority: azure.url,
    trustAnchors: authority.trustAnchors().map((certificatePem) => ({ certificatePem })),
    fetchIntermediates: 'never',
  };
  return { name: 'Azure', url: azure.url, providerId: 'azure-demo', settings, park: azure.park };
}
