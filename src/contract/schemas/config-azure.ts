import { flag } from './fields.ts';
import { ignoreFailedProvisioningStates } from './azure-deployment-resources.ts';
import { cloudConfig, deprecatedCapacityPerInstance, workerManager } from './config-members.ts';
import { document, freeForm, open, reference } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const launchConfig: JsonSchema = {
  ...open(
    {
      workerConfig: freeForm('How the worker is to work; it gets this when it registers.'),
      workerManager: workerManager({
        publicIp: {
          ...flag('Whether each machine gets a public address of its own. Not for templates.'),
          default: false,
        },
        ignoreFailedProvisioningStates,
        keepDeployment: {
          ...flag('Whether the deployment of a template is kept after it succeeded. Only for templates.'),
          default: false,
        },
      }),
      tags: freeForm('Tags for everything that is made for the worker.'),
      capacityPerInstance: deprecatedCapacityPerInstance,
    },
    { optional: ['workerManager', 'tags', 'capacityPerInstance'] },
  ),
  oneOf: [reference('azure-deployment-resources'), reference('azure-arm-templates')],
};

/**
 * `config` of a pool whose provider is of the type azure (spec/api.md 5.6): resource by resource, or by a template,
 * never both.
 */
export const configAzure = document('config-azure', {
  title: 'Azure Worker Pool Config',
  ...cloudConfig(launchConfig),
  description: 'How a worker pool starts workers in Microsoft Azure.',
});
