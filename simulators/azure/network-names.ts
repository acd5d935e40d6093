import type { Cloud } from './cloud.ts';
import { keyOf, parseResourceId } from './resource-id.ts';
import { Refusal } from './refusal.ts';

/**
 * Refuses names that the network provider does not take
 * (https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftnetwork).
 */
export function checkNetworkName(name: string): void {
  if (name.length > 80 || !/^\w(?:[\w.-]*\w)?$/.test(name)) {
    throw new Refusal(
      'InvalidResourceName',
      `Resource name ${name} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'.`,
    );
  }
}

/** The refusal of a reference to something that is not there, in the words of the network provider. */
export function invalidReference(id: string, by: string): Refusal {
  return new Refusal(
    'InvalidResourceReference',
    `Resource ${id} referenced by resource ${by} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
    400,
    { details: [{ code: 'NotFound', message: `Resource ${id} not found.` }] },
  );
}

/** The refusal of a reference to something that is not ready. */
export function notProvisioned(id: string, by: string, state: string): Refusal {
  return new Refusal(
    'ReferencedResourceNotProvisioned',
    `Cannot proceed with operation because resource ${id} used by resource ${by} is not in Succeeded state. Resource is in ${state} state.`,
    429,
    { retryAfterSeconds: 10 },
  );
}

/** Any subnet of any network is there, unless it was said to be missing. @throws Refusal */
export function checkSubnet(value: unknown, by: string, cloud: Cloud): void {
  const id = typeof value === 'string' ? value : '';
  const { type = '' } = parseResourceId(id) ?? {};
  if (type.toLowerCase() !== 'microsoft.network/virtualnetworks/subnets') {
    throw invalidRequest(
      `Value for reference id is missing or malformed. Path properties.ipConfigurations[0].properties.subnet.`,
    );
  }
  const network = id.replace(/\/subnets\/[^/]+$/i, '');
  if (cloud.missing.has(keyOf(id)) || cloud.missing.has(keyOf(network))) {
    throw invalidReference(id, by);
  }
}

/** The network provider's refusal of a body that it cannot read. */
export function invalidRequest(message: string): Refusal {
  return new Refusal('InvalidRequestFormat', 'Cannot parse the request.', 400, {
    details: [{ code: 'InvalidJson', message }],
  });
}
