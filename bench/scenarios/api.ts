import { createTemporaryCredentials } from '#access/certificate.ts';
import { benchPool, spreadFleet } from '#bench/fleet.ts';
import type { LoadCredentials, LoadRequest, LoadResult } from '#bench/processes/load.ts';
import type { Measurement, Quantity } from '#bench/report.ts';
import { Rig, admin, own, staticProvider } from '#bench/rig.ts';
import type { Costs } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';
import { systemClock } from '#lib/clock.ts';

const workers = 5_000;
const connections = 50;
const warmUpMs = 2_000;
const lastsMs = 8_000;
const repeats = 3;
const workerPoolId = 'bench/static';
const workerGroup = 'desk';
const staticSecret = 'benchStaticSecretOfAllTheMachinesHere0000000';

/** A kind of request with the requests per second it has to reach; null: none was set. */
interface Kind {
  name: string;
  target: number | null;
  requests: readonly LoadRequest[];
}

/** The API of one process that does everything else too, asked by fifty callers at once. */
export const api: Scenario = {
  name: 'api',
  summary: `the API under ${connections} connections with Hawk signatures, beside ${workers.toLocaleString('en')} static workers`,

  async *run({ nodeOptions }) {
    await using rig = await Rig.start({ fleet: spreadFleet, nodeOptions });
    const { service, url } = await rig.service(['server', 'provisioner', 'scanner']);
    await service.call('createPools', [benchPool('bench/build', spreadFleet, { min: 0, max: 100 }), staticPool]);
    const base = new URL(url).pathname;
    await rig.load.call('prepare', 'declare', url, declarations(base));
    await answered(rig.load.call('once', 'declare', connections));
    await rig.settleDatabase();
    for (const kind of kinds(base)) {
      await rig.load.call('prepare', kind.name, url, kind.requests);
      await answered(rig.load.call('during', kind.name, connections, warmUpMs));
      const runs: { result: LoadResult; costs: Costs }[] = [];
      for (let run = 0; run < repeats; run += 1) {
        const load = () => answered(rig.load.call('during', kind.name, connections, lastsMs));
        runs.push(await rig.measured(service, load));
      }
      yield measurement(kind, runs);
    }
  },
};

const staticPool = {
  workerPoolId,
  providerId: staticProvider,
  description: 'Machines under desks',
  owner: 'desks@example.com',
  emailOnError: false,
  config: { workerConfig: { genericWorker: { config: { idleTimeoutSecs: 3_600, shutdownMachineOnIdle: false } } } },
};

const names = Array.from({ length: workers }, (_, index) => `machine-${index + 1}`);

function declarations(base: string): LoadRequest[] {
  const expires = new Date(systemClock.now().getTime() + 30 * 86_400_000);
  return names.map((workerId) => ({
    method: 'PUT',
    path: workerPath(base, workerId),
    body: { expires, capacity: 1, providerInfo: { staticSecret } },
    credentials: admin,
  }));
}

function workerPath(base: string, workerId: string): string {
  return `${base}/workers/${encodeURIComponent(workerPoolId)}/${workerGroup}/${workerId}`;
}

function kinds(base: string): Kind[] {
  const asAdmin = (path: string): LoadRequest => ({ method: 'GET', path, credentials: admin });
  return [
    {
      name: 'list 1,000 of 5,000 workers',
      target: 60,
      requests: [asAdmin(`${base}/workers/${encodeURIComponent(workerPoolId)}?limit=1000`)],
    },
    { name: 'get worker', target: 2_700, requests: names.map((workerId) => asAdmin(workerPath(base, workerId))) },
    {
      name: 'get pool',
      target: 2_100,
      requests: [asAdmin(`${base}/worker-pool/${encodeURIComponent('bench/build')}`)],
    },
    { name: 'register (static)', target: 1_300, requests: names.map((workerId) => registration(base, workerId)) },
    {
      name: 'should-terminate, as workers',
      target: null,
      requests: names.map((workerId) => ({
        method: 'GET',
        path: `${workerPath(base, workerId)}/should-terminate`,
        credentials: workerCredentials(workerId),
      })),
    },
  ];
}

function registration(base: string, workerId: string): LoadRequest {
  const identity = { workerPoolId, providerId: staticProvider, workerGroup, workerId };
  return {
    method: 'POST',
    path: `${base}/worker/register`,
    body: { ...identity, workerIdentityProof: { staticSecret } },
  };
}

/** Temporary credentials like those a registration gives, with their certificate. */
function workerCredentials(workerId: string): LoadCredentials {
  const now = systemClock.now().getTime();
  return createTemporaryCredentials(own, {
    name: `worker/${staticProvider}/${workerPoolId}/${workerGroup}/${workerId}`,
    scopes: [
      `assume:worker-pool:${workerPoolId}`,
      `worker-manager:should-worker-terminate:${workerPoolId}/${workerGroup}/${workerId}`,
    ],
    start: new Date(now - 60_000),
    expiry: new Date(now + 86_400_000),
  });
}

/** @throws when a single answer was not 200: a refusal is quickly given. */
async function answered(result: Promise<LoadResult>): Promise<LoadResult> {
  const { failures } = await result;
  if (Object.keys(failures).length > 0) throw new Error(`answers that are none: ${JSON.stringify(failures)}`);
  return await result;
}

function measurement({ name, target }: Kind, runs: readonly { result: LoadResult; costs: Costs }[]): Measurement {
  const [best] = runs.toSorted((one, other) => other.result.perSecond - one.result.perSecond);
  if (best === undefined) throw new Error('nothing was measured');
  const { perSecond, p50Ms, p99Ms } = best.result;
  const rate: Quantity = { what: `requests per second, best of ${repeats}`, value: perSecond, unit: '' };
  return {
    scenario: 'api',
    subject: name,
    quantities: [
      target === null ? rate : { ...rate, target: { kind: 'at least', value: target } },
      { what: 'p50', value: p50Ms, unit: 'ms' },
      { what: 'p99', value: p99Ms, unit: 'ms' },
    ],
    costs: best.costs,
    notes: [`all ${repeats}: ${runs.map(({ result }) => Math.round(result.perSecond)).join(', ')}`],
  };
}
