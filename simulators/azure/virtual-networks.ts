import type { Call, Handler } from './call.ts';
import { groupNamed } from './envelope.ts';
import { resourceNotFound } from './refusal.ts';
import { keyOf, resourceId } from './resource-id.ts';
import type { Json } from './state.ts';

/** The id of a network or subnet in the path: any is there that was not said to be missing. @throws Refusal 404 */
function idIn(call: Call, type: string): string {
  const { cloud, group, names } = call;
  groupNamed(group, cloud, 'look');
  const id = resourceId({ subscriptionId: cloud.subscriptionId, group, type, names });
  const network = id.replace(/\/subnets\/[^/]+$/i, '');
  if (cloud.missing.has(keyOf(id)) || cloud.missing.has(keyOf(network))) {
    throw resourceNotFound(type, names.join('/'), group);
  }
  return id;
}

function networkJson(call: Call): Json {
  const type = 'Microsoft.Network/virtualNetworks';
  const { location } = groupNamed(call.group, call.cloud, 'look');
  const properties = {
    addressSpace: { addressPrefixes: ['10.0.0.0/8'] },
    subnets: [],
    provisioningState: 'Succeeded',
  };
  return { id: idIn(call, type), name: call.names[0], type, location, properties };
}

function subnetJson(call: Call): Json {
  const type = 'Microsoft.Network/virtualNetworks/subnets';
  const properties = { addressPrefix: '10.0.0.0/8', provisioningState: 'Succeeded' };
  return { id: idIn(call, type), name: call.names[1], type, properties };
}

/** Networks are given: they can be looked at, and are what network interfaces refer to. */
export const networkHandlers = {
  get: (call) => ({ status: 200, body: networkJson(call) }),
  getSubnet: (call) => ({ status: 200, body: subnetJson(call) }),
} satisfies Record<string, Handler>;
