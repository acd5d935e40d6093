import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { machineNames } from '#providers/azure/machine-record.ts';
import { resourcePath } from '#providers/azure/paths.ts';
import { publicIp } from './public-ip.ts';
import type { MachinePlan, ResourceHandler } from './resource.ts';

/** A machine's network interface. Its address goes with it when the machine is deleted (P-43). */
export const nic: ResourceHandler = {
  kind: 'nic',
  title: 'NIC Creation Error',
  isWanted: () => true,
  idOf: (record) => ({ kind: 'nic', group: record.group, name: machineNames(record).nic }),
  bodyOf: (plan) => ({
    location: plan.record.location,
    tags: plan.tags,
    properties: {
      ipConfigurations: [
        {
          name: machineNames(plan.record).nic,
          properties: {
            privateIPAllocationMethod: 'Dynamic',
            subnet: { id: stringMember(plan.configuration, 'subnetId') ?? '' },
            ...addressOf(plan),
          },
        },
      ],
    },
  }),
};

function addressOf(plan: MachinePlan): JsonObject {
  if (!publicIp.isWanted(plan)) return {};
  const id = resourcePath(plan.subscriptionId, publicIp.idOf(plan.record));
  return { publicIPAddress: { id, properties: { deleteOption: 'Delete' } } };
}
