import { isRecord, member } from '#simulators/worker/json.ts';
import { macOf, privateIpOf } from './addresses.ts';
import { deletedAnswer, inGroup, listAnswer, madeAnswer, resourceIn } from './answers.ts';
import { orderOf, type Handler, type Made, type Order } from './call.ts';
import type { Cloud } from './cloud.ts';
import { groupNamed, readEnvelope } from './envelope.ts';
import { configurationsOf, releaseAddresses } from './ip-configurations.ts';
import { deleteSimple, idFor, makeSimple, newResource } from './make.ts';
import { checkNetworkName, checkSubnet, invalidReference, invalidRequest, notProvisioned } from './network-names.ts';
import type { Operation } from './operation.ts';
import { Refusal } from './refusal.ts';
import { keyOf } from './resource-id.ts';
import { typeOf, type Json, type Nic, type PublicIp } from './state.ts';

const kind = 'networkInterfaces';

/** Makes a network interface, or changes it; it takes the public addresses that it names. @throws Refusal */
export function makeNic(order: Order): Made<Nic> {
  const { cloud } = order;
  const { networkInterfaces } = cloud.subscription;
  checkNetworkName(order.name);
  const envelope = readEnvelope(order.body, typeOf[kind], cloud);
  const { key, id } = idFor(order, kind);
  const addresses = checkConfigurations(envelope.properties, key, id, cloud);
  const before = networkInterfaces.get(key)?.properties ?? {};
  const made = makeSimple(order, envelope, networkInterfaces, {
    kind,
    durationMs: cloud.draw(cloud.dials.nicMs),
    bear: () => ({ kind, usedBy: null, reservation: null, ...newResource(order, id, envelope, 'Updating') }),
  });
  releaseAddresses(before, cloud);
  for (const address of addresses) {
    address.usedBy = key;
  }
  return made;
}

function checkConfigurations(properties: Json, key: string, id: string, cloud: Cloud): PublicIp[] {
  const configurations = configurationsOf(properties);
  if (configurations.length === 0) {
    throw new Refusal(
      'NetworkInterfaceMustHaveOneIpConfiguration',
      `Network interface ${id} must have one or more IP configurations.`,
    );
  }
  return configurations.flatMap((configuration) => {
    const { name, properties: settings } = configuration;
    if (typeof name !== 'string' || !isRecord(settings)) {
      throw invalidRequest('An ip configuration needs a name and properties. Path properties.ipConfigurations[0].');
    }
    checkSubnet(member(settings['subnet'], 'id'), id, cloud);
    const wanted = member(settings['publicIPAddress'], 'id');
    if (settings['publicIPAddress'] === undefined) {
      return [];
    }
    if (typeof wanted !== 'string') {
      throw invalidRequest(
        'Value for reference id is missing. Path properties.ipConfigurations[0].properties.publicIPAddress.',
      );
    }
    return [takeable(wanted, key, `${id}/ipConfigurations/${name}`, cloud)];
  });
}

/** The public address of that id. @throws Refusal where there is none, or it is not ready, or somebody else's. */
function takeable(wanted: string, key: string, by: string, cloud: Cloud): PublicIp {
  const address = cloud.subscription.publicIPAddresses.get(keyOf(wanted));
  if (address === undefined || address.provisioningState === 'Deleting') {
    throw invalidReference(wanted, by.replace(/\/ipConfigurations\/.*/, ''));
  }
  if (address.provisioningState !== 'Succeeded') {
    throw notProvisioned(wanted, by, address.provisioningState);
  }
  if (address.usedBy !== null && address.usedBy !== key) {
    const other = cloud.subscription.networkInterfaces.get(address.usedBy);
    throw new Refusal(
      'PublicIPAddressInUse',
      `Resource ${by} is referencing public IP address ${wanted} that is already allocated to resource ${other?.id ?? address.usedBy}.`,
    );
  }
  return address;
}

/**
 * Deletes a network interface; null where there is none.
 *
 * @throws Refusal `NicInUse` as long as a virtual machine uses it, and `NicReservedForAnotherVm` for a while after one failed.
 */
function deleteNic(order: Order): Operation | null {
  const { cloud } = order;
  const { networkInterfaces, virtualMachines } = cloud.subscription;
  const { key } = idFor(order, kind);
  const nic = networkInterfaces.get(key);
  if (nic?.usedBy != null) {
    const vm = virtualMachines.get(nic.usedBy);
    throw new Refusal(
      'NicInUse',
      `Network Interface ${nic.id} is used by existing resource ${vm?.id ?? nic.usedBy}. In order to delete the network interface, it must be dissociated from the resource. To learn more, see aka.ms/deletenic.`,
    );
  }
  if (nic !== undefined) {
    checkReservation(nic, undefined, cloud);
  }
  const durationMs = cloud.draw(cloud.dials.nicDeleteMs);
  return deleteSimple(order, key, networkInterfaces, durationMs, ({ properties }) =>
    releaseAddresses(properties, cloud),
  );
}

/** @throws Refusal where it is kept for another virtual machine than that of the given id. */
export function checkReservation({ reservation }: Nic, vmId: string | undefined, cloud: Cloud): void {
  if (reservation !== null && cloud.nowMs < reservation.untilMs && reservation.vmId !== vmId) {
    throw new Refusal(
      'NicReservedForAnotherVm',
      `Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) or retry after 180 seconds. Reserved VM: ${reservation.vmId}`,
    );
  }
}

/** As GET shows it. */
export function nicJson(nic: Nic, cloud: Cloud): Json {
  const { id, name, location, tags, properties, top, provisioningState, usedBy } = nic;
  const vm = usedBy === null ? undefined : cloud.subscription.virtualMachines.get(usedBy);
  const ipConfigurations = configurationsOf(properties).map((configuration, index) => ({
    name: configuration['name'],
    id: `${id}/ipConfigurations/${String(configuration['name'])}`,
    type: 'Microsoft.Network/networkInterfaces/ipConfigurations',
    properties: {
      privateIPAddressVersion: 'IPv4',
      primary: index === 0,
      ...(isRecord(configuration['properties']) ? configuration['properties'] : {}),
      provisioningState,
      privateIPAddress: privateIpOf(nic),
    },
  }));
  return {
    name,
    id,
    etag: `W/"${nic.serial.toString(16).padStart(8, '0')}"`,
    type: typeOf[kind],
    location,
    tags,
    ...top,
    properties: {
      ...properties,
      provisioningState,
      ipConfigurations,
      macAddress: macOf(nic).replaceAll(/..(?=.)/g, '$&-'),
      nicType: 'Standard',
      ...(vm === undefined ? {} : { primary: true, virtualMachine: { id: vm.id } }),
    },
  };
}

export const nicHandlers = {
  put: (call) => madeAnswer(call, makeNic(orderOf(call)), (nic) => nicJson(nic, call.cloud)),
  get: (call) => ({
    status: 200,
    body: nicJson(resourceIn(call, call.cloud.subscription.networkInterfaces, kind), call.cloud),
  }),
  list: (call) => {
    const { cloud } = call;
    const all = inGroup(call, cloud.subscription.networkInterfaces);
    return listAnswer(call, all, cloud.dials.pageSize, (nic) => nicJson(nic, cloud));
  },
  delete: (call) => {
    groupNamed(call.group, call.cloud, 'look');
    return deletedAnswer(call, deleteNic(orderOf(call)));
  },
} satisfies Record<string, Handler>;
