import { azureArmTemplates } from './azure-arm-templates.ts';
import { azureDeploymentResources } from './azure-deployment-resources.ts';
import { configAws } from './config-aws.ts';
import { configAzure } from './config-azure.ts';
import { configGoogle } from './config-google.ts';
import { workerLifecycle } from './config-members.ts';
import { configNull, configStatic, configTesting } from './config-other.ts';
import type { SchemaDocument } from './json-schema.ts';
import * as messages from './messages.ts';
import * as pools from './pools.ts';
import * as problems from './problems.ts';
import * as queueView from './queue-view.ts';
import * as registration from './registration.ts';
import * as workers from './workers.ts';

/** Every schema that is published (spec/api.md 2.8), by name. */
export const publishedSchemas = {
  'azure-arm-templates': azureArmTemplates,
  'azure-deployment-resources': azureDeploymentResources,
  'config-aws': configAws,
  'config-azure': configAzure,
  'config-google': configGoogle,
  'config-null': configNull,
  'config-static': configStatic,
  'config-testing': configTesting,
  'create-worker-pool-request': pools.createWorkerPoolRequest,
  'create-worker-request': workers.createWorkerRequest,
  'list-workers-response': queueView.listWorkersResponse,
  'provider-list': pools.providerList,
  'pulse-launch-config-message': messages.pulseLaunchConfigMessage,
  'pulse-worker-message': messages.pulseWorkerMessage,
  'pulse-worker-pool-error-message': messages.pulseWorkerPoolErrorMessage,
  'pulse-worker-pool-message': messages.pulseWorkerPoolMessage,
  'pulse-worker-removed-message': messages.pulseWorkerRemovedMessage,
  'register-worker-request': registration.registerWorkerRequest,
  'register-worker-response': registration.registerWorkerResponse,
  'report-worker-error-request': problems.reportWorkerErrorRequest,
  'reregister-worker-request': registration.reregisterWorkerRequest,
  'reregister-worker-response': registration.reregisterWorkerResponse,
  'should-worker-terminate-response': workers.shouldWorkerTerminateResponse,
  task: queueView.task,
  'task-run': queueView.taskRun,
  'update-worker-pool-request': pools.updateWorkerPoolRequest,
  'worker-full': workers.workerFull,
  'worker-lifecycle': workerLifecycle,
  'worker-list': workers.workerList,
  'worker-pool-error': problems.workerPoolError,
  'worker-pool-error-list': problems.workerPoolErrorList,
  'worker-pool-error-stats': problems.workerPoolErrorStats,
  'worker-pool-full': pools.workerPoolFull,
  'worker-pool-launch-config-list': pools.workerPoolLaunchConfigList,
  'worker-pool-list': pools.workerPoolList,
  'worker-pool-list-stats': pools.workerPoolListStats,
  'worker-pool-stats': pools.workerPoolStats,
  'worker-response': queueView.workerResponse,
} as const satisfies Record<string, SchemaDocument>;

/** The name of a published schema. */
export type SchemaName = keyof typeof publishedSchemas;

/** The schema of a pool's `config`, by the type of its provider. */
export const configSchemas = {
  aws: 'config-aws',
  azure: 'config-azure',
  google: 'config-google',
  null: 'config-null',
  static: 'config-static',
  testing: 'config-testing',
} as const satisfies Record<string, SchemaName>;
