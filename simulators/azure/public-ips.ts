import { member, textMember } from '#simulators/worker/json.ts';
import { publicIpOf } from './addresses.ts';
import { deletedAnswer, inGroup, listAnswer, madeAnswer, resourceIn } from './answers.ts';
import { orderOf, type Handler, type Made, type Order } from './call.ts';
import type { Cloud } from './cloud.ts';
import { groupNamed, readEnvelope, type Envelope } from './envelope.ts';
import { deleteSimple, idFor, makeSimple, newResource } from './make.ts';
import { configurationsOf } from './ip-configurations.ts';
import { checkNetworkName } from './network-names.ts';
import type { Operation } from './operation.ts';
import { Refusal } from './refusal.ts';
import { typeOf, type Json, type PublicIp } from './state.ts';

const kind = 'publicIPAddresses';

/** Makes a public IP address, or changes it. @throws Refusal */
export function makePublicIp(order: Order): Made<PublicIp> {
  const { cloud } = order;
  checkNetworkName(order.name);
  const envelope = readEnvelope(order.body, typeOf[kind], cloud);
  checkSku(envelope, idFor(order, kind).id);
  return makeSimple(order, envelope, cloud.subscription.publicIPAddresses, {
    kind,
    durationMs: cloud.draw(cloud.dials.publicIpMs),
    bear: (id) => ({ kind, usedBy: null, ...newResource(order, id, envelope, 'Updating') }),
  });
}

/** Basic addresses were retired in September 2025; the others are always static. */
function checkSku({ properties, top }: Envelope, id: string): void {
  if ((member(top['sku'], 'name') ?? 'Basic') === 'Basic') {
    throw new Refusal(
      'IPv4BasicSkuPublicIpCountLimitReached',
      'Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region.',
    );
  }
  if (properties['publicIPAllocationMethod'] !== 'Static') {
    throw new Refusal(
      'StandardSkuPublicIPAddressesMustBeStatic',
      `Standard sku publicIp ${id} must have AllocationMethod set to Static.`,
    );
  }
}

/**
 * Deletes a public IP address; null where there is none.
 *
 * @throws Refusal `PublicIPAddressCannotBeDeleted` as long as a network interface uses it.
 */
function deletePublicIp(order: Order): Operation | null {
  const { cloud } = order;
  const { key } = idFor(order, kind);
  const address = cloud.subscription.publicIPAddresses.get(key);
  if (address?.usedBy != null) {
    throw new Refusal(
      'PublicIPAddressCannotBeDeleted',
      `Public IP address ${address.id} can not be deleted since it is still allocated to resource ${configurationOf(address, cloud)}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see aka.ms/deletepublicip.`,
    );
  }
  return deleteSimple(order, key, cloud.subscription.publicIPAddresses, cloud.draw(cloud.dials.publicIpDeleteMs));
}

/** The ip configuration of the network interface that uses an address. */
function configurationOf({ usedBy, id }: PublicIp, cloud: Cloud): string {
  const nic = cloud.subscription.networkInterfaces.get(usedBy ?? '');
  const mine = configurationsOf(nic?.properties ?? {}).find(
    (configuration) =>
      textMember(member(configuration['properties'], 'publicIPAddress'), 'id')?.toLowerCase() === id.toLowerCase(),
  );
  return `${nic?.id ?? ''}/ipConfigurations/${textMember(mine, 'name') ?? ''}`;
}

/** As GET shows it. */
export function publicIpJson(address: PublicIp, cloud: Cloud): Json {
  const { id, name, location, tags, properties, top, provisioningState, usedBy } = address;
  return {
    name,
    id,
    etag: `W/"${address.serial.toString(16).padStart(8, '0')}"`,
    type: typeOf[kind],
    location,
    tags,
    ...top,
    properties: {
      publicIPAddressVersion: 'IPv4',
      idleTimeoutInMinutes: 4,
      ...properties,
      provisioningState,
      ...(provisioningState === 'Succeeded' ? { ipAddress: publicIpOf(address) } : {}),
      ...(usedBy === null ? {} : { ipConfiguration: { id: configurationOf(address, cloud) } }),
    },
  };
}

export const publicIpHandlers = {
  put: (call) => madeAnswer(call, makePublicIp(orderOf(call)), (address) => publicIpJson(address, call.cloud)),
  get: (call) => ({
    status: 200,
    body: publicIpJson(resourceIn(call, call.cloud.subscription.publicIPAddresses, kind), call.cloud),
  }),
  list: (call) => {
    const { cloud } = call;
    const all = inGroup(call, cloud.subscription.publicIPAddresses);
    return listAnswer(call, all, cloud.dials.pageSize, (address) => publicIpJson(address, cloud));
  },
  delete: (call) => {
    groupNamed(call.group, call.cloud, 'look');
    return deletedAnswer(call, deletePublicIp(orderOf(call)));
  },
} satisfies Record<string, Handler>;
