import type { Fleet } from '#core/provider.ts';
import type { ProviderSurroundings } from '#providers/module.ts';
import type { Arm } from './arm.ts';
import { Discards } from './discards.ts';
import type { FleetParts } from './fleet-parts.ts';
import { Followers } from './followers.ts';
import { KnownMachines } from './known-machines.ts';
import { inspect } from './inspect.ts';
import { launch, maxPerOrder, recover } from './launch.ts';
import { observe } from './observe.ts';
import { PollPace } from './operation.ts';
import { placeOf } from './place.ts';
import { ResourceGroups } from './resources/resource-group.ts';
import type { AzureSettings } from './settings.ts';
import { SweepPace } from './sweep.ts';
import { Tallies } from './tallies.ts';
import { Teardowns } from './teardowns.ts';
import { terminate } from './terminate.ts';

/** What the fleet of one provider works with. @param arm with limits. */
export function fleetParts(
  arm: Arm,
  providerId: string,
  { subscriptionId, resourceGroupName }: Pick<AzureSettings, 'subscriptionId' | 'resourceGroupName'>,
  surroundings: ProviderSurroundings,
): FleetParts {
  const parts = {
    arm,
    providerId,
    subscriptionId,
    resourceGroupName,
    knownGroups: new Set<string>(),
    pace: new PollPace(),
    surroundings,
  };
  return {
    ...parts,
    followers: new Followers(parts),
    teardowns: new Teardowns(parts),
    groups: new ResourceGroups(parts),
    missingViews: new Tallies(),
    toldDeployments: new Tallies(),
    sweeps: new SweepPace(surroundings.clock),
    discards: new Discards(parts),
    known: new KnownMachines(parts),
  };
}

/** One subscription is one scope; its workers are grouped by location. */
export function azureFleet(parts: FleetParts): Fleet {
  return {
    maxPerOrder,
    confirmsLater: true,
    scopes: () => [parts.subscriptionId],
    place(configuration) {
      const { location, group, scopes } = placeOf(configuration, parts.resourceGroupName);
      // Only remembered: it is where to look for what an earlier process began.
      parts.knownGroups.add(group.toLowerCase());
      return { workerGroup: location, scope: parts.subscriptionId, backOffScopes: Object.values(scopes) };
    },
    launch: (request, signal) => launch(parts, request, signal),
    recover: (order, signal) => recover(parts, order, signal),
    observe: (_scope, signal) => observe(parts, signal),
    inspect: (_scope, workers, signal) => inspect(parts, workers, signal),
    terminate: (_scope, workers, signal) => terminate(parts, workers, signal),
  };
}
