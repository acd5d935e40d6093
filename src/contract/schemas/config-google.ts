import { text } from './fields.ts';
import { cloudConfig, deprecatedCapacityPerInstance, workerManager } from './config-members.ts';
import { document, freeForm, listOf, open } from './json-schema.ts';

const launchConfig = open(
  {
    region: text('The region of the zone.'),
    zone: text('The zone to start instances in; it becomes their worker group.'),
    machineType: text('The type of machine, as a (partial) URL.'),
    disks: listOf(freeForm('A disk.'), 'The disks of an instance.'),
    networkInterfaces: listOf(freeForm('A network interface.'), 'The networks of an instance.'),
    scheduling: freeForm('How the instance is scheduled. `automaticRestart` is always switched off.'),
    workerConfig: freeForm('How the worker is to work; it gets this when it registers.'),
    workerManager: workerManager(),
    capacityPerInstance: deprecatedCapacityPerInstance,
  },
  {
    optional: ['workerManager', 'capacityPerInstance'],
    description: 'What is sent to Compute Engine as an instances.insert request; any of its members may stand here.',
  },
);

/** `config` of a pool whose provider is of the type google (spec/api.md 5.5). */
export const configGoogle = document('config-google', {
  title: 'Google Worker Pool Config',
  ...cloudConfig(launchConfig),
  description: 'How a worker pool starts workers in Google Compute Engine.',
});
