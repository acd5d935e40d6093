import { machineNames } from '#providers/azure/machine-record.ts';
import type { ResourceHandler } from './resource.ts';

/** A machine's public address. Basic addresses are retired, and standard ones are static (TC#7903). */
export const publicIp: ResourceHandler = {
  kind: 'ip',
  title: 'IP Creation Error',
  isWanted: ({ record }) => record.hasPublicIp,
  idOf: (record) => ({ kind: 'ip', group: record.group, name: machineNames(record).ip }),
  bodyOf: ({ record, tags }) => ({
    location: record.location,
    tags,
    sku: { name: 'Standard' },
    properties: { publicIPAllocationMethod: 'Static', deleteOption: 'Delete' },
  }),
};
