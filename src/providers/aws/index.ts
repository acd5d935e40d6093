import type { Fleet } from '#core/provider.ts';
import type { ProviderModule } from '#providers/module.ts';
import { openEc2 } from './ec2.ts';
import type { Ec2 } from './ec2.ts';
import { identityKeys } from './identity-keys.ts';
import { awsIdentity } from './identity.ts';
import { launch, maxPerOrder, recover } from './launch.ts';
import { limitedEc2 } from './limits.ts';
import { inspect, observe } from './observe.ts';
import { placeOf } from './place.ts';
import { readAwsSettings } from './settings.ts';
import { terminate } from './terminate.ts';

/** Amazon EC2 (spec/provisioning.md 6). */
export const awsModule: ProviderModule<'aws'> = {
  providerType: 'aws',
  configSchemaName: 'config-aws',
  parts: ['fleet', 'identity'],
  configure(reader) {
    const settings = readAwsSettings(reader);
    // Kept from one attempt at a set-up to the next: limits and connections are the provider's, not the attempt's.
    let ec2: Ec2 | undefined;
    return async (providerId, surroundings, signal) => {
      ec2 ??= limitedEc2(await openEc2(settings, surroundings.signal), providerId, settings, surroundings);
      const regions = await ec2.describeRegions(signal);
      return {
        fleet: awsFleet(ec2, providerId, regions, surroundings.rootUrl),
        identity: awsIdentity(identityKeys(settings.identityKeys)),
        enrolment: null,
      };
    };
  },
};

/** The regions are those enabled for the account now; one that is enabled later is known after a restart. */
function awsFleet(ec2: Ec2, providerId: string, regions: readonly string[], rootUrl: string): Fleet {
  return {
    maxPerOrder,
    confirmsLater: false,
    scopes: () => regions,
    place(configuration) {
      const { region, scopes } = placeOf(configuration);
      return { workerGroup: region, scope: region, backOffScopes: Object.values(scopes) };
    },
    launch: (request, signal) => launch(ec2, request, rootUrl, regions, signal),
    recover: (order, signal) => recover(ec2, order, signal),
    observe: (scope, signal) => observe(ec2, providerId, scope, signal),
    inspect: (scope, workers, signal) => inspect(ec2, scope, workers, signal),
    terminate: (scope, workers, signal) => terminate(ec2, scope, workers, signal),
  };
}
