import type { Fleet } from '#core/provider.ts';
import type { ProviderModule, ProviderSurroundings } from '#providers/module.ts';
import { openCompute } from './compute.ts';
import type { Compute } from './compute.ts';
import { IdentityKeys } from './identity-keys.ts';
import { googleIdentity } from './identity.ts';
import { launch, maxPerOrder, recover } from './launch.ts';
import type { LaunchParts } from './launch.ts';
import { limitedCompute } from './limits.ts';
import { inspect, observe } from './observe.ts';
import { placementOf, scopesOf } from './place.ts';
import { readGoogleSettings } from './settings.ts';
import { Deletions } from './terminate.ts';

/** Google Compute Engine (spec/provisioning.md 7). */
export const googleModule: ProviderModule<'google'> = {
  providerType: 'google',
  configSchemaName: 'config-google',
  parts: ['fleet', 'identity'],
  configure(reader) {
    const settings = readGoogleSettings(reader);
    // Kept from one attempt at a set-up to the next: limits, keys and what was deleted are the provider's, not the attempt's.
    let kept: Kept | undefined;
    return async (providerId, surroundings, signal) => {
      kept ??= await keep(providerId, surroundings);
      const { compute, keys, deletions } = kept;
      const { project, workerServiceAccountId } = settings;
      const { rootUrl, clock } = surroundings;
      const serviceAccount = await compute.serviceAccountEmail(workerServiceAccountId, signal);
      return {
        fleet: googleFleet({ compute, project, serviceAccount, rootUrl, clock }, providerId, deletions),
        identity: googleIdentity(keys, { rootUrl, project, workerServiceAccountId }),
        enrolment: null,
      };
    };

    async function keep(providerId: string, surroundings: ProviderSurroundings): Promise<Kept> {
      const compute = limitedCompute(await openCompute(settings), providerId, settings, surroundings);
      const keys = new IdentityKeys(settings.certificatesUrl, surroundings.clock, surroundings.signal);
      return { compute, keys, deletions: new Deletions(compute) };
    }
  },
};

interface Kept {
  compute: Compute;
  keys: IdentityKeys;
  deletions: Deletions;
}

/** The one scope is the project: its list holds all zones, and Google counts calls by it. */
function googleFleet(parts: LaunchParts, providerId: string, deletions: Deletions): Fleet {
  const { project } = parts;
  return {
    maxPerOrder,
    confirmsLater: true,
    scopes: () => [project],
    place(configuration) {
      const placement = placementOf(configuration);
      const backOffScopes = [...new Set(Object.values(scopesOf(placement)))];
      return { workerGroup: placement.zone, scope: project, backOffScopes };
    },
    launch: (request, signal) => launch(parts, request, signal),
    recover: (order, signal) => recover(parts, order, signal),
    observe: (_scope, signal) => observe(parts, providerId, signal),
    inspect: (_scope, workers, signal) => inspect(parts, workers, signal),
    terminate: (_scope, workers, signal) => deletions.terminate(workers, signal),
  };
}
