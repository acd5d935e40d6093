import { isRecord, member } from '#simulators/worker/json.ts';
import type { Cloud } from './cloud.ts';
import { keyOf } from './resource-id.ts';
import type { Json, PublicIp } from './state.ts';

/** The ip configurations that stand in a network interface's properties. */
export function configurationsOf(properties: Json): Json[] {
  const configurations = properties['ipConfigurations'];
  return Array.isArray(configurations) ? configurations.filter(isRecord) : [];
}

/** The public address that an ip configuration names. */
export function addressOf(configuration: Json, cloud: Cloud): PublicIp | undefined {
  const id = member(member(configuration['properties'], 'publicIPAddress'), 'id');
  return typeof id === 'string' ? cloud.subscription.publicIPAddresses.get(keyOf(id)) : undefined;
}

/** Lets go of the public addresses that a network interface with such properties has. */
export function releaseAddresses(properties: Json, cloud: Cloud): void {
  for (const configuration of configurationsOf(properties)) {
    const address = addressOf(configuration, cloud);
    if (address !== undefined) {
      address.usedBy = null;
    }
  }
}
