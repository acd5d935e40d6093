import { text } from './fields.ts';
import { cloudConfig, deprecatedCapacityPerInstance, workerManager } from './config-members.ts';
import { closed, document, freeForm } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

/** Members that must not be there, each refused by itself and named by its path in the refusal (W24). */
function forbidden(names: readonly string[], description: string): Record<string, JsonSchema> {
  return Object.fromEntries(names.map((name) => [name, { not: {}, description }]));
}

/** Members of a RunInstances request that a pool has no say in: what the service sets itself, and the role of the machines. */
export const reservedLaunchMembers = ['IamInstanceProfile', 'UserData', 'MinCount', 'MaxCount'] as const;

const launchConfig = closed(
  {
    region: text('The EC2 region to start instances in; it becomes their worker group.'),
    launchConfig: {
      type: 'object',
      description: 'What is sent to EC2 as a RunInstances request.',
      properties: {
        ImageId: text('The image to start from.'),
        ...forbidden(
          reservedLaunchMembers,
          'Not allowed here: set by the service, or more than a worker pool may ask for.',
        ),
      },
      required: ['ImageId'],
      additionalProperties: true,
    },
    additionalUserData: {
      type: 'object',
      description: 'More members for the user data of the instances.',
      properties: forbidden(
        ['rootUrl', 'workerPoolId', 'providerId', 'workerGroup', 'workerConfig'],
        'Not allowed here: set by the service.',
      ),
      additionalProperties: true,
    },
    workerConfig: freeForm('How the worker is to work; it gets this when it registers.'),
    workerManager: workerManager(),
    capacityPerInstance: deprecatedCapacityPerInstance,
  },
  { optional: ['additionalUserData', 'workerConfig', 'workerManager', 'capacityPerInstance'] },
);

/** `config` of a pool whose provider is of the type aws (spec/api.md 5.4). */
export const configAws = document('config-aws', {
  title: 'AWS Worker Pool Config',
  ...cloudConfig(launchConfig),
  description: 'How a worker pool starts workers in Amazon EC2.',
});
