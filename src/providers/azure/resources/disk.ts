import { diskNames } from '#providers/azure/machine-record.ts';
import type { MachineRecord } from '#providers/azure/machine-record.ts';
import type { ResourceId } from '#providers/azure/paths.ts';

/** The disks of a machine made by resources. They come with the machine, and go with it unless the launch config says otherwise. */
export function diskIds(record: MachineRecord): ResourceId[] {
  return diskNames(record).map((name) => ({ kind: 'disk', group: record.group, name }));
}
