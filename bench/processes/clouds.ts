import { seededRandom } from '#lib/random.ts';
import { systemClock } from '#lib/clock.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import { startAzure } from '#simulators/azure/server.ts';
import { startEc2 } from '#simulators/ec2/server.ts';
import { startGce } from '#simulators/gce/server.ts';
import type { Counts, LogbookEntry } from '#simulators/logbook.ts';
import type { MachinePark } from '#simulators/machine.ts';

/** The clouds that can be measured. */
export type CloudName = 'ec2' | 'gce' | 'azure';

/** A simulated cloud under measurement, whichever it is. */
export interface BenchCloud {
  /** The settings of a provider in front of it. */
  settings: Record<string, unknown>;
  counts(): Counts<never>;
  logbook(): readonly LogbookEntry[];
  /** Where each machine that is there lies: its region, project or subscription. */
  places(): readonly string[];
  park: MachinePark;
  /** The call that ends machines. */
  deleteAction: string;
  close(): Promise<void>;
}

interface CloudOptions {
  /** Of EC2. */
  regions: readonly string[];
  /** Of every call; milliseconds. */
  latencyMs: number;
  /** At Azure: operations take their time, and the cloud's limits and our own are as they are; else neither is. */
  isReal: boolean;
}

/** Wide: the limiter's own pace is configurable and not what is measured. */
const wideCap = 100_000;

/** Starts a cloud, and says how a provider in front of it is set. */
export function startCloud(name: CloudName, options: CloudOptions): Promise<BenchCloud> {
  return { ec2: startAmazon, gce: startGoogle, azure: startMicrosoft }[name](options);
}

/** Machines are up at once. */
async function startAmazon({ regions, latencyMs }: CloudOptions): Promise<BenchCloud> {
  const dials = { isThrottling: false, bootMs: [0, 0] } as const;
  const ec2 = await startEc2({ random: seededRandom(1), regions, latencyMs, dials });
  return {
    settings: {
      providerType: 'aws',
      credentials: { accessKeyId: 'BENCH', secretAccessKey: 'bench' },
      endpoint: ec2.url,
      intervalCapDefault: wideCap,
      identityKeys: ec2.identityKeys(regions).map((key) => ({ ...key })),
    },
    counts: () => ec2.counts,
    logbook: () => ec2.logbook,
    places: () => ec2.instances().map(({ region }) => region),
    park: ec2.park,
    deleteAction: 'TerminateInstances',
    close: () => ec2.close(),
  };
}

/** Machines take about as long as real ones to be known; they are up soon after. */
async function startGoogle({ latencyMs }: CloudOptions): Promise<BenchCloud> {
  const dials = { isThrottling: false, bootMs: [0, 0] } as const;
  const gce = await startGce({ random: seededRandom(1), latencyMs, dials });
  const limit = { interval: 10_000, intervalCap: wideCap };
  return {
    settings: {
      providerType: 'google',
      project: gce.project,
      accessToken: 'bench',
      workerServiceAccountId: gce.accounts[0]?.uniqueId ?? '',
      endpoint: gce.url,
      certificatesUrl: `${gce.url}/oauth2/v3/certs`,
      apiRateLimits: { query: limit, get: limit, list: limit, opRead: limit },
    },
    counts: () => gce.counts,
    logbook: () => gce.logbook,
    places: () => gce.instances().map(() => gce.project),
    park: gce.park,
    deleteAction: 'instances.delete',
    close: () => gce.close(),
  };
}

const noTime = [0, 0] as const;

async function startMicrosoft({ latencyMs, isReal }: CloudOptions): Promise<BenchCloud> {
  const authority = createAttestationAuthority({ clock: systemClock });
  const subscriptionId = '00000000-0000-4000-8000-000000000001';
  const hasty = {
    isThrottling: false,
    retryAfterSeconds: 0,
    nicMs: noTime,
    allocateMs: noTime,
    bootMs: noTime,
    vmCreateMs: noTime,
    deploymentMs: noTime,
    deploymentQuota: 1_000_000,
  };
  const azure = await startAzure({
    random: seededRandom(1),
    subscriptionId,
    latencyMs,
    ...(isReal ? {} : { dials: hasty }),
    attest: ({ vmId, nonce }) => authority.attest({ vmId, subscriptionId, nonce }),
  });
  const limit = { interval: 10_000, intervalCap: wideCap };
  return {
    settings: {
      providerType: 'azure',
      domain: azure.tenantId,
      clientId: 'bench',
      secret: 'bench',
      subscriptionId,
      resourceGroupName: 'rg-workers',
      endpoint: azure.url,
      authority: azure.url,
      trustAnchors: authority.trustAnchors().map((certificatePem) => ({ certificatePem })),
      fetchIntermediates: 'never',
      ...(isReal ? {} : { apiRateLimits: { query: limit, get: limit, list: limit, opRead: limit } }),
    },
    counts: () => azure.counts,
    logbook: () => azure.logbook,
    places: () => azure.machines().map(() => subscriptionId),
    park: azure.park,
    deleteAction: 'virtualMachines.delete',
    close: () => azure.close(),
  };
}
