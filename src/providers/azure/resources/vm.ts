import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { diskNames, machineNames } from '#providers/azure/machine-record.ts';
import { asObject, objectsIn } from '#providers/azure/members.ts';
import { newAdministrator } from '#providers/azure/names.ts';
import { resourcePath } from '#providers/azure/paths.ts';
import { nic } from './nic.ts';
import type { MachinePlan, ResourceHandler } from './resource.ts';

/** The virtual machine itself, with its disks. */
export const vm: ResourceHandler = {
  kind: 'vm',
  title: 'VM Creation Error',
  isWanted: () => true,
  idOf: (record) => ({ kind: 'vm', group: record.group, name: machineNames(record).vm }),
  bodyOf: vmBody,
};

/** Members of a launch config that are not for Azure's virtual machine. */
const ours = new Set([
  'workerConfig',
  'workerManager',
  'capacityPerInstance',
  'subnetId',
  'ignoreFailedProvisioningStates',
  'tags',
]);
/** Members of a virtual machine that stand beside its properties (Virtual Machines - Create Or Update, request body). */
const beside = new Set([
  'location',
  'plan',
  'identity',
  'zones',
  'extendedLocation',
  'placement',
  'name',
  'type',
  'id',
  'properties',
]);

/**
 * Launch configs have the flat form of Microsoft's libraries; on the wire all but a few members are `properties`. Everything that Azure takes is
 * passed on as it is, and what is one machine's own is overwritten (spec/provisioning.md 8.2, 8.3).
 */
function vmBody(plan: MachinePlan): JsonObject {
  const { configuration, record, tags, customData } = plan;
  const told = Object.entries(configuration).filter(([name]) => !ours.has(name));
  const flat = Object.fromEntries(told.filter(([name]) => !beside.has(name)));
  const { username, password } = newAdministrator();
  return {
    ...Object.fromEntries(told.filter(([name]) => beside.has(name))),
    location: record.location,
    tags,
    properties: {
      ...asObject(configuration['properties']),
      ...flat,
      osProfile: {
        ...asObject(configuration['osProfile']),
        computerName: machineNames(record).computer,
        adminUsername: username,
        adminPassword: password,
        customData,
      },
      storageProfile: storageOf(plan),
      networkProfile: networkOf(plan),
    },
  };
}

/** A configured name would be shared by all machines of the launch config. */
function storageOf({ configuration, record }: MachinePlan): JsonObject {
  const storage = asObject(configuration['storageProfile']);
  const [osName = '', ...dataNames] = diskNames(record);
  const dataDisks = objectsIn(storage['dataDisks']);
  return {
    ...storage,
    osDisk: { deleteOption: 'Delete', ...asObject(storage['osDisk']), name: osName },
    ...(dataDisks.length === 0
      ? {}
      : {
          dataDisks: dataDisks.map((disk, index) => ({
            deleteOption: 'Delete',
            ...disk,
            name: dataNames[index] ?? '',
          })),
        }),
  };
}

function networkOf({ configuration, record, subscriptionId }: MachinePlan): JsonObject {
  const network = asObject(configuration['networkProfile']);
  const [given = {}] = objectsIn(network['networkInterfaces']);
  const deleteOption = stringMember(given, 'deleteOption') ?? 'Delete';
  const id = resourcePath(subscriptionId, nic.idOf(record));
  return { ...network, networkInterfaces: [{ id, properties: { primary: true, deleteOption } }] };
}
