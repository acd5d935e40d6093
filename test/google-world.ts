import { startGce } from '#simulators/gce/server.ts';
import type { GceOptions, SimulatedGce } from '#simulators/gce/server.ts';
import { aWorld } from './world.ts';
import type { World, WorldOptions } from './world.ts';

/** A world whose machines are at Google. */
export interface GoogleWorld {
  world: World;
  gce: SimulatedGce;
}

export interface GoogleWorldOptions extends Pick<WorldOptions, 'idleTimeoutMs' | 'crash'> {
  /** Regions of the simulated Compute Engine. */
  regions?: readonly string[];
  /** Ids under which it is configured as a provider. */
  googleProviders?: readonly string[];
  dials?: GceOptions['dials'];
}

/** Time stands still between steps: limits that refill with it would stop what one step has to do. */
const wide = { interval: 1_000, intervalCap: 100_000 };

/** Builds a world with the simulated Compute Engine instead of EC2; it ends with the test. */
export async function aGoogleWorld(
  t: Parameters<typeof aWorld>[0],
  options: GoogleWorldOptions = {},
): Promise<GoogleWorld> {
  const { regions = ['us-west1', 'us-east1'], googleProviders = ['google-demo'], dials, ...others } = options;
  const started: SimulatedGce[] = [];
  const world = await aWorld(t, {
    ...others,
    isPatient: true,
    regions: ['us-east-1'],
    awsProviders: [],
    staticProviders: [],
    clouds: [
      async (parts) => {
        const gce = await startGce({
          ...parts,
          regions,
          dials: { bootMs: [20_000, 40_000], deleteMs: [10_000, 20_000], isThrottling: false, ...dials },
        });
        started.push(gce);
        const settings = settingsFor(gce);
        const providers = Object.fromEntries(googleProviders.map((providerId) => [providerId, settings]));
        return { providers, park: gce.park, close: () => gce.close() };
      },
    ],
  });
  const [gce] = started;
  if (gce === undefined) throw new Error('the world began without its cloud');
  return { world, gce };
}

/** How often a call was made, whatever came of it; in a region, or in all. */
export function callsOf(gce: SimulatedGce, action: string, region?: string): number {
  return Object.entries(gce.counts.calls)
    .filter(([name]) => name === (region ?? name))
    .reduce((sum, [, calls]) => sum + (calls[action] ?? 0), 0);
}

/** Deletes a machine through the API, as somebody else with access to the project does. */
export async function deleteAsOperator(gce: SimulatedGce, id: string): Promise<void> {
  const machine = gce.instances().find((instance) => instance.id === id);
  const url = `${gce.url}/compute/v1/projects/${gce.project}/zones/${machine?.zone}/instances/${id}`;
  const answer = await fetch(url, { method: 'DELETE', headers: { authorization: 'Bearer of-an-operator' } });
  if (!answer.ok) throw new Error(`deleting ${id} is answered ${answer.status}`);
}

function settingsFor(gce: SimulatedGce): unknown {
  return {
    providerType: 'google',
    project: gce.project,
    accessToken: 'simulated',
    workerServiceAccountId: gce.accounts[0]?.uniqueId ?? '',
    endpoint: gce.url,
    certificatesUrl: `${gce.url}/oauth2/v3/certs`,
    apiRateLimits: { query: wide, get: wide, list: wide, opRead: wide },
  };
}
