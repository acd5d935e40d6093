import type { Identity } from '#core/provider.ts';
import type { ProviderModule } from '#providers/module.ts';
import { openArm } from './arm.ts';
import { groupsInUse } from './find-machine.ts';
import { azureFleet, fleetParts } from './fleet.ts';
import type { FleetParts } from './fleet-parts.ts';
import { azureIdentity } from './identity.ts';
import type { TrustSettings } from './identity/settings.ts';
import { trustStoreOf } from './identity/trust-store.ts';
import { limitedArm } from './limits.ts';
import { readAzureSettings } from './settings.ts';
import { vmIdOf } from './vm-id.ts';

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
      const open = async () =>
        limitedArm(await openArm(settings, surroundings.clock), providerId, settings, surroundings);
      parts ??= fleetParts(await open(), providerId, settings, surroundings);
      // Wrong settings show now, by a call that changes nothing.
      await groupsInUse(parts, signal);
      return { fleet: azureFleet(parts), identity: identityOf(parts, settings.trust), enrolment: null };
    };
  },
};

function identityOf(parts: FleetParts, trust: TrustSettings): Identity {
  return azureIdentity({
    trust: trustStoreOf(trust, parts.surroundings),
    subscriptionId: parts.subscriptionId,
    vmIdOf: (worker, signal) => vmIdOf(parts, worker, signal),
  });
}
