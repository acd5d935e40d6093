import { generateKeyPairSync } from 'node:crypto';
import type { JsonObject } from '#core/json.ts';
import type { RefusalClass } from '#core/launch.ts';
import { openCompute } from '#providers/google/compute.ts';
import { googleModule } from '#providers/google/index.ts';
import { readGoogleSettings } from '#providers/google/settings.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { startGce } from '#simulators/gce/server.ts';
import type { GceOptions, SimulatedGce } from '#simulators/gce/server.ts';
import { hastyClock, someSurroundings } from './fixtures.ts';
import type { Heard } from './fixtures.ts';
import type { FleetWorld, WorldCall } from './world.ts';

/** The Google provider in front of the simulated Compute Engine. */
export interface GoogleWorld extends FleetWorld {
  gce: SimulatedGce;
  heard: Heard;
}

const zone = 'us-west1-b';

/** As deployments have it: partial URLs, labels on disks, a local disk. */
export const googleConfiguration: JsonObject = {
  region: 'us-west1',
  zone,
  machineType: `zones/${zone}/machineTypes/n2-standard-4`,
  disks: [
    {
      type: 'PERSISTENT',
      boot: true,
      autoDelete: true,
      labels: { on: 'disk' },
      initializeParams: {
        sourceImage: 'projects/images/global/images/worker-1',
        diskSizeGb: 60,
        diskType: `zones/${zone}/diskTypes/pd-ssd`,
      },
    },
    {
      type: 'SCRATCH',
      autoDelete: true,
      interface: 'NVME',
      initializeParams: { diskType: `zones/${zone}/diskTypes/local-ssd` },
    },
  ],
  networkInterfaces: [{ accessConfigs: [{ type: 'ONE_TO_ONE_NAT' }] }],
  scheduling: { onHostMaintenance: 'terminate', provisioningModel: 'SPOT', instanceTerminationAction: 'DELETE' },
  workerManager: { capacityPerInstance: 1 },
  workerConfig: { genericWorker: {} },
};

const actions: Readonly<Record<WorldCall, readonly string[]>> = {
  launch: ['instances.insert', 'instances.bulkInsert'],
  list: ['instances.aggregatedList', 'instances.list'],
  get: ['instances.get', 'instances.list'],
  terminate: ['instances.delete'],
};

const reasons: Readonly<Partial<Record<RefusalClass, string>>> = {
  capacity: 'insufficientCapacity',
  quota: 'quotaExceeded',
  throttle: 'rateLimitExceeded',
  auth: 'forbidden',
  configuration: 'invalid',
};

/** Inserts take no time, and deletions two seconds; unless told otherwise, lives are ten times as fast as the machine's clock. */
export async function aGoogleWorld(options: GceOptions = {}, times = 10): Promise<GoogleWorld> {
  const stopping = new AbortController();
  const clock = hastyClock(times);
  const none = [0, 0] as const;
  const deleteMs = [2000, 2000] as const;
  const quick = { pendingMs: none, provisionMs: none, stageMs: none, bootMs: none, failMs: none, deleteMs };
  const gce = await startGce({
    clock,
    regions: ['us-west1', 'us-east1'],
    ...options,
    dials: { ...quick, ...options.dials },
  });
  const [account] = gce.accounts;
  const settings: JsonObject = {
    endpoint: gce.url,
    certificatesUrl: `${gce.url}/oauth2/v3/certs`,
    accessToken: 'simulated',
    project: gce.project,
    workerServiceAccountId: account?.uniqueId ?? '',
    _backoffDelay: 500,
  };
  const surroundings = someSurroundings({ clock, signal: stopping.signal });
  const setUp = googleModule.configure(new SettingsReader(settings));
  const { fleet, identity } = await setUp('google-1', surroundings, stopping.signal);
  const tokenOf = async (workerId: string, format: 'full' | 'standard'): Promise<string> => {
    const question = new URLSearchParams({ audience: surroundings.rootUrl, format }).toString();
    const path = `computeMetadata/v1/instance/service-accounts/default/identity?${question}`;
    const headers = { 'Metadata-Flavor': 'Google' };
    const answer = await fetch(`${gce.url}/_sim/metadata/${workerId}/${path}`, { headers });
    if (!answer.ok) {
      throw new Error(`the metadata of ${workerId} answers ${answer.status}`);
    }
    return answer.text();
  };
  const addFaults = (call: WorldCall, fault: Parameters<typeof gce.faults.add>[0]): void =>
    actions[call].forEach((action) => gce.faults.add({ ...fault, action } as typeof fault));
  return {
    gce,
    heard: surroundings.heard,
    fleet: fleet!,
    identity,
    providerId: 'google-1',
    configuration: googleConfiguration,
    unknownId: '1234567890123456789',
    now: () => clock.now(),
    machines: () =>
      gce.instances().map(({ id, labels, status }) => ({
        workerId: id,
        orderId: labels['order-id'] ?? null,
        isAlive: ['PROVISIONING', 'STAGING', 'RUNNING'].includes(status),
      })),
    async addStranger() {
      const raw = await openCompute(readGoogleSettings(new SettingsReader(settings)));
      const { machineType, networkInterfaces } = googleConfiguration;
      const boot = { boot: true, initializeParams: { sourceImage: 'projects/images/global/images/worker-1' } };
      const labels = { 'created-by': 'taskcluster-wm-google-2' };
      const body = {
        name: 'stranger',
        labels,
        machineType: machineType!,
        networkInterfaces: networkInterfaces!,
        disks: [boot],
      };
      const operation = await raw.insert(zone, crypto.randomUUID(), body, stopping.signal);
      return operation.targetId!;
    },
    end: (workerId) => gce.steering.delete(workerId),
    limitStock: (available) => void gce.faults.add({ kind: 'stock', zone, available }),
    refuse(call, refusalClass) {
      const reason = reasons[refusalClass];
      if (reason !== undefined) {
        addFaults(call, { kind: 'error', reason });
      }
      return reason !== undefined;
    },
    disturb: (call, how, when) => addFaults(call, { kind: how === 'break' ? 'reset' : 'hang', when }),
    calm: () => gce.faults.clear(),
    proofOf: async (workerId) => ({ token: await tokenOf(workerId, 'full') }),
    forgeries: async (workerId) => ({
      'of the standard format': { token: await tokenOf(workerId, 'standard') },
      ...forgeries(gce, await tokenOf(workerId, 'full'), clock.now()),
    }),
    async close() {
      stopping.abort();
      await gce.close();
    },
  };
}

/** Tokens that say something else than the truth, signed by whoever might be taken for Google, or not by Google. */
export function forgeries(gce: SimulatedGce, token: string, now: Date): Readonly<Record<string, JsonObject>> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as JsonObject;
  const google = claims['google'] as { compute_engine: JsonObject };
  const nowSeconds = Math.floor(now.getTime() / 1000);
  const lie = (changed: JsonObject): JsonObject => ({ token: gce.signToken({ ...claims, ...changed }) });
  const lieOfMachine = (changed: JsonObject): JsonObject =>
    lie({ google: { compute_engine: { ...google.compute_engine, ...changed } } });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const { exp: _exp, ...endless } = claims;
  const { iat: _iat, ...beginless } = claims;
  const revokedKid = gce.keys.kid;
  gce.keys.rotate();
  const [header = '', body = '', signature = ''] = gce.signToken(claims).split('.');
  return {
    'with alg none': { token: gce.signToken(claims, { alg: 'none' }) },
    'with HS256 and the public key': { token: gce.signToken(claims, { alg: 'HS256' }) },
    'with RS384': { token: gce.signToken(claims, { alg: 'RS384' }) },
    'with PS256': { token: gce.signToken(claims, { alg: 'PS256' }) },
    'signed by somebody else': { token: gce.signToken(claims, {}, stranger) },
    'with an unknown key id': { token: gce.signToken(claims, { kid: 'made-up' }, stranger) },
    'with another key of Google’s': { token: gce.signToken(claims, { kid: revokedKid }) },
    'with an empty key id': { token: gce.signToken(claims, { kid: '' }) },
    'with a key of its own': {
      token: gce.signToken(claims, { kid: 'own', jwk: stranger.export({ format: 'jwk' }) }, stranger),
    },
    'with a critical header': { token: gce.signToken(claims, { crit: ['b64'], b64: false }) },
    'of another issuer': lie({ iss: 'https://accounts.example.com' }),
    'for another audience': lie({ aud: 'https://other.example.com' }),
    'for a longer audience': lie({ aud: `${String(claims['aud'])}/` }),
    'for ours among other audiences': lie({ aud: [claims['aud']!, 'https://other.example.com'] }),
    'of another subject': lie({ sub: '100000000000000000000' }),
    'that has expired': lie({ iat: nowSeconds - 7200, exp: nowSeconds - 3600 }),
    'not valid yet': lie({ nbf: nowSeconds + 3600 }),
    'of the future': lie({ iat: nowSeconds + 3600, exp: nowSeconds + 7200 }),
    'good for too long': lie({ exp: nowSeconds + 2 * 86_400 }),
    'without an end': { token: gce.signToken(endless) },
    'without a beginning': { token: gce.signToken(beginless) },
    'with an end that is no number': lie({ exp: 'tomorrow' }),
    'of another project': lieOfMachine({ project_id: 'other' }),
    'of another zone': lieOfMachine({ zone: 'us-west1-c' }),
    'of another instance': lieOfMachine({ instance_id: '1234567890123456789' }),
    'of an earlier instance': lieOfMachine({ instance_creation_timestamp: nowSeconds - 86_400 }),
    'of an instance to come': lieOfMachine({ instance_creation_timestamp: nowSeconds + 86_400 }),
    'without a creation': lieOfMachine({ instance_creation_timestamp: null }),
    'with google that is no object': lie({ google: 'compute_engine' }),
    'without claims': { token: gce.signToken(null) },
    'whose claims are no object': { token: gce.signToken([claims]) },
    'of two parts': { token: `${header}.${body}` },
    'of four parts': { token: `${header}.${body}.${signature}.${signature}` },
    'that is no base64': { token: `${header}.${body}!.${signature}` },
    'longer than any token': { token: `${header}.${'A'.repeat(100_000)}.${signature}` },
  };
}
