import type { Made, Order } from './call.ts';
import type { Cloud } from './cloud.ts';
import { diskJson, makeDisk } from './disks.ts';
import { makeNic, nicJson } from './network-interfaces.ts';
import { makePublicIp, publicIpJson } from './public-ips.ts';
import { typeOf, type AnyResource, type Disk, type Json, type Nic, type PublicIp, type Vm } from './state.ts';
import { makeVm } from './vm-create.ts';
import { vmJson } from './vm-json.ts';

type Maker = (order: Order) => Made<PublicIp | Nic | Disk | Vm>;

const makers: readonly (readonly [kind: AnyResource['kind'], maker: Maker])[] = [
  ['publicIPAddresses', makePublicIp],
  ['networkInterfaces', makeNic],
  ['disks', makeDisk],
  ['virtualMachines', makeVm],
];

/** How the resources of a type are made, and the action that it is; undefined for types that are nothing here. */
export function makerOf(type: string): { action: string; maker: Maker } | undefined {
  const [kind, maker] = makers.find(([known]) => typeOf[known].toLowerCase() === type.toLowerCase()) ?? [];
  return kind === undefined || maker === undefined ? undefined : { action: `${kind}.put`, maker };
}

/** A resource as GET shows it. */
export function viewOf(resource: PublicIp | Nic | Disk | Vm, cloud: Cloud): Json {
  switch (resource.kind) {
    case 'publicIPAddresses':
      return publicIpJson(resource, cloud);
    case 'networkInterfaces':
      return nicJson(resource, cloud);
    case 'disks':
      return diskJson(resource, cloud);
    default:
      return vmJson(resource);
  }
}
