import type { Call, Route } from './call.ts';
import { machineTypeOf, machineTypes, type MachineType } from './machine-type.ts';
import { listed, listParameters, pageOf, pageRequestOf, writeToken } from './list.ts';
import { notFound } from './refusal.ts';
import { idOf, linkTo } from './wire.ts';
import type { Zone } from './zone.ts';

const sorted = machineTypes();

/** `machineTypes.get` (https://cloud.google.com/compute/docs/reference/rest/v1/machineTypes/get), custom ones too. */
export const getMachineType: Route = {
  action: 'machineTypes.get',
  method: 'GET',
  path: /^zones\/(?<zone>[^/]+)\/machineTypes\/(?<type>[^/]+)$/,
  limit: 'read_requests_per_region',
  parameters: [],

  run(call) {
    const { cloud, zone, param } = call;
    const type = machineTypeOf(param('type'));
    if (type === undefined) {
      throw notFound(`projects/${cloud.project}/zones/${zone.name}/machineTypes/${param('type')}`);
    }
    return machineTypeJson(type, zone, call);
  },
};

/** `machineTypes.list` (https://cloud.google.com/compute/docs/reference/rest/v1/machineTypes/list). */
export const listMachineTypes: Route = {
  action: 'machineTypes.list',
  method: 'GET',
  path: /^zones\/(?<zone>[^/]+)\/machineTypes$/,
  limit: 'list_requests_per_region',
  parameters: listParameters,
  run: (call) => listed(call, 'machineType', sorted, (type) => machineTypeJson(type, call.zone, call)),
};

/** `machineTypes.aggregatedList`: the types of all zones; every zone has all types here. */
export const aggregatedListMachineTypes: Route = {
  action: 'machineTypes.aggregatedList',
  method: 'GET',
  path: /^aggregated\/machineTypes$/,
  limit: 'heavy_weight_read_requests',
  parameters: [...listParameters, 'includeAllScopes', 'serviceProjectNumber'],

  run(call) {
    const request = pageRequestOf(call, 'machine types', 'any');
    const [fromZone = '', fromType = ''] = request.after;
    const items: Record<string, unknown> = {};
    let room = request.most;
    let position: readonly string[] | undefined;
    for (const zone of call.cloud.zones.values()) {
      if (zone.name < fromZone || position !== undefined) {
        continue;
      }
      const after = zone.name === fromZone ? fromType : '';
      const isWanted = (type: MachineType): boolean =>
        request.predicate?.(([name = '']) => machineTypeJson(type, zone, call)[name]) ?? true;
      const page = pageOf(sorted, after, room, isWanted);
      items[`zones/${zone.name}`] = { machineTypes: page.items.map((type) => machineTypeJson(type, zone, call)) };
      room -= page.items.length;
      position = page.isLast ? undefined : [zone.name, page.items.at(-1)?.name ?? after];
    }
    return {
      kind: 'compute#machineTypeAggregatedList',
      id: `projects/${call.cloud.project}/aggregated/machineTypes`,
      items,
      nextPageToken: position === undefined ? undefined : writeToken(position, request),
    };
  },
};

function machineTypeJson(type: MachineType, { name: zone }: Zone, { cloud }: Call): Readonly<Record<string, unknown>> {
  return {
    kind: 'compute#machineType',
    id: idOf(type.name),
    name: type.name,
    description: `${type.vcpus} vCPUs, ${type.memoryMb / 1024} GB RAM`,
    guestCpus: type.vcpus,
    memoryMb: type.memoryMb,
    imageSpaceGb: 0,
    maximumPersistentDisks: 128,
    maximumPersistentDisksSizeGb: '263168',
    zone,
    isSharedCpu: type.isSharedCpu,
    architecture: type.architecture,
    selfLink: linkTo(`projects/${cloud.project}/zones/${zone}/machineTypes/${type.name}`),
  };
}
