import { flag, text } from './fields.ts';
import { document, freeForm, listOf, open } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** Provisioning states that are no failure of a machine; in `workerManager`, and in its old place. */
export const ignoreFailedProvisioningStates: JsonSchema = {
  type: 'array',
  uniqueItems: true,
  items: { type: 'string' },
  description: 'Codes of failed provisioning (e.g. `OSProvisioningTimedOut`) that are no reason to end a machine.',
};

const osDisk = open(
  { createOption: text('How the disk is made.') },
  { optional: ['createOption'], description: 'The system disk; its name is overwritten.' },
);

const storageProfile = open(
  {
    osDisk,
    dataDisks: listOf(freeForm('A disk; its name is overwritten.'), 'More disks.'),
    imageReference: open(
      { id: text('The resource id of an image or an image version.') },
      { optional: ['id'], description: 'What the machine starts from.' },
    ),
  },
  { optional: ['dataDisks', 'imageReference'], description: 'The disks of a machine.' },
);

const networkProfile = open(
  {
    networkInterfaces: listOf(
      open(
        { id: text('The resource id of the interface.'), primary: flag('Whether it is the first.') },
        { optional: ['id', 'primary'] },
      ),
      'The network interfaces.',
    ),
  },
  { description: 'The networks of a machine; overwritten with an interface made for it.' },
);

/** A launch config that lists the parts of a machine; each is made by a call of its own (spec/api.md 5.6). */
export const azureDeploymentResources = document('azure-deployment-resources', {
  title: 'Azure Launch Config by Resources',
  ...open(
    {
      location: text('The location to start machines in; it becomes their worker group.'),
      subnetId: text('The resource id of the subnet that the network interfaces join.'),
      hardwareProfile: open(
        { vmSize: text('The size of the machine.') },
        { description: 'The hardware of a machine.' },
      ),
      storageProfile,
      ignoreFailedProvisioningStates: {
        ...ignoreFailedProvisioningStates,
        description: 'Deprecated: say it in `workerManager`.',
      },
      priority: text('`Regular` or `Spot`.'),
      billingProfile: open(
        {
          maxPrice: {
            type: 'number',
            description: 'The most to pay for an hour, in US dollars; -1 for no bound.',
          },
        },
        { optional: ['maxPrice'], description: 'What a spot machine may cost.' },
      ),
      osProfile: freeForm('The system of a machine. Its password, computer name and custom data are overwritten.'),
      networkProfile,
    },
    {
      optional: ['ignoreFailedProvisioningStates', 'priority', 'billingProfile', 'osProfile', 'networkProfile'],
    },
  ),
  description:
    'What is sent to Azure as a virtual machine; any of its members may stand here, beside what is needed for its address and network interface.',
});
