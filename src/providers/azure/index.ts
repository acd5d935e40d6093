import type { Fleet } from '#core/provider.ts';
import type { ProviderModule, ProviderSurroundings } from '#providers/module.ts';
import { openArm } from './arm.ts';
import type { Arm } from './arm.ts';
import type { FleetParts } from './fleet-parts.ts';
import { groupsInUse } from './find-machine.ts';
import { Followers } from './followers.ts';
import { inspect } from './inspect.ts';
import { launch, maxPerOrder, recover } from './launch.ts';
import { limitedArm } from './limits.ts';
import { observe } from './observe.ts';
import { PollPace } from './operation.ts';
import { placeOf } from './place.ts';
import { ResourceGroups } from './resources/resource-group.ts';
import { readAzureSettings } from './settings.ts';
import type { AzureSettings } from './settings.ts';
import { SweepPace } from './sweep.ts';
import { Tallies } from './tallies.ts';
import { Teardowns } from './teardowns.ts';
import { terminate } from './terminate.ts';

/** Microsoft Azure (spec/provisioning.md 8). */
export const azureModule: ProviderModule<'azure'> = {
  providerType: 'azure',
  configSchemaName: 'config-azure',
  parts: ['fleet', 'identity'],
  configure(reader) {
    const settings = readAzureSettings(reader);
    // Kept from one attempt at a set-up to the next: limits, connections and what is under way are the provider's, not the attempt's.
    let parts: FleetParts | undefined;
    return async (providerId, surroundings, signal) => {
      parts ??= fleetParts(
        limitedArm(await openArm(settings, surroundings.clock), providerId, settings, surroundings),
        providerId,
        settings,
        surroundings,
      );
      // Wrong settings show now, by a call that reads and changes nothing.
      await groupsInUse(parts, signal);
      return { fleet: azureFleet(parts), identity: null, enrolment: null };
    };
  },
};

function fleetParts(
  arm: Arm,
  providerId: string,
  { subscriptionId, resourceGroupName }: AzureSettings,
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
  };
}

function azureFleet(parts: FleetParts): Fleet {
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
