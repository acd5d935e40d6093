import { fields } from './log-type.ts';
import type { LogType } from './log-type.ts';

const pool = fields('workerPoolId', 'providerId');
const worker = fields('workerPoolId', 'providerId', 'workerGroup', 'workerId', 'launchConfigId');
const azureWorker = fields('providerId', 'workerPoolId', 'workerGroup', 'workerId');

/** What is logged of pools and workers (spec/api.md 9.2). */
export const fleetLogTypes = {
  workerPoolProvisioned: {
    type: 'worker-pool-provisioned',
    title: 'Worker Pool Provisioned',
    level: 'info',
    version: 2,
    description: 'A worker pool had its turn: the workers that it lacks were asked for.',
    fields: { ...pool, duration: 'How long the turn took, in milliseconds.' },
  },
  workerRequested: {
    type: 'worker-requested',
    title: 'Worker Requested',
    level: 'notice',
    version: 1,
    description: 'A worker was asked for at its cloud.',
    fields: { ...worker, ...fields('terminateAfter') },
  },
  workerRunning: {
    type: 'worker-running',
    title: 'Worker Running',
    level: 'notice',
    version: 2,
    description: 'A worker has registered for the first time.',
    fields: { ...worker, registrationDuration: 'Seconds from its request to its registration; null when not known.' },
  },
  workerStopped: {
    type: 'worker-stopped',
    title: 'Worker Stopped',
    level: 'notice',
    version: 2,
    description: 'Nothing is left of a worker.',
    fields: { ...worker, ...fields('workerAge', 'runningDuration') },
  },
  workerRemoved: {
    type: 'worker-removed',
    title: 'Worker Removed',
    level: 'notice',
    version: 2,
    description: 'The end of a worker was decided.',
    fields: { ...worker, ...fields('reason', 'workerAge', 'runningDuration') },
  },
  simpleEstimate: {
    type: 'simple-estimate',
    title: 'Simple Estimate',
    level: 'any',
    version: 4,
    description:
      'How many workers a worker pool needs, and from what that follows. The level is notice, and err when there is more capacity than the maximum.',
    fields: {
      ...fields(
        'workerPoolId',
        'pendingTasks',
        'minCapacity',
        'maxCapacity',
        'scalingRatio',
        'existingCapacity',
        'desiredCapacity',
        'requestedCapacity',
        'stoppingCapacity',
        'totalIdleCapacity',
        'adjustedPendingTasks',
        'reason',
      ),
      durationMs: 'How long the turn of the pool took, in milliseconds.',
    },
  },
  scanSeen: {
    type: 'scan-seen',
    title: 'Scan Seen',
    level: 'notice',
    version: 3,
    description: 'What an observation of a part of a cloud saw alive.',
    fields: {
      ...fields('providerId'),
      scope: 'The part of the cloud.',
      seen: 'Capacity by worker pool.',
      total: 'All of it.',
    },
  },
  workerError: {
    type: 'worker-error',
    title: 'Worker Error',
    level: 'notice',
    version: 1,
    description: 'An error of a worker pool was reported. What its report says beyond this is not logged.',
    fields: {
      ...fields('workerPoolId', 'errorId', 'kind', 'title'),
      description: 'What happened.',
      reported: 'When it was reported.',
    },
  },
  registrationErrorWarning: {
    type: 'registration-error-warning',
    title: 'Registration Error',
    level: 'any',
    version: 1,
    description:
      'A worker was refused. This says why, which the caller is not told. The level is warning, and debug when the worker is unknown.',
    fields: {
      message: 'Which check failed.',
      ...fields('error', 'workerPoolId', 'providerId', 'workerGroup', 'workerId'),
    },
  },
  registrationNewIntermediateCertificate: {
    type: 'registration-new-intermediate-certificate',
    title: 'New Intermediate Certificate',
    level: 'warning',
    version: 1,
    description: 'A proof led to an intermediate certificate that was not known before and is trusted.',
    fields: {
      subject: 'Whom it is for.',
      issuer: 'Who signed it.',
      fingerprint: 'Its fingerprint.',
      url: 'Where it came from.',
    },
  },
  registrationRejectedIntermediateCertificateUrl: {
    type: 'registration-rejected-intermediate-certificate-url',
    title: 'Refused Address of an Intermediate Certificate',
    level: 'warning',
    version: 1,
    description: 'A proof named an address for its intermediate certificate from which none is fetched.',
    fields: { url: 'The address.', ...fields('workerPoolId', 'providerId', 'workerId') },
  },
  launchConfigSelectorsDebug: {
    type: 'launch-config-selector-debug',
    title: 'Launch Config Selection',
    level: 'debug',
    version: 1,
    description: 'How the launch configs of a turn were chosen.',
    fields: {
      ...fields('workerPoolId'),
      weights: 'Weight by launch config.',
      remainingCapacity: 'Capacity that each launch config may still get.',
      choices: 'What was chosen, and why.',
      excluded: 'What could not be chosen, and why.',
    },
  },
  azureResourceGroupEnsured: {
    type: 'azure-resource-group-ensure',
    title: 'Azure Resource Group Ensured',
    level: 'notice',
    version: 1,
    description: 'A resource group for deployments is there.',
    fields: { ...fields('workerPoolId'), resourceGroupName: 'The group.', location: 'Where it is.' },
  },
  azureInstanceViewRepeated404: {
    type: 'azure-instance-view-repeated-404',
    title: 'Azure Instance View Missing Again',
    level: 'warning',
    version: 1,
    description: 'Azure knows a machine and repeatedly not its state.',
    fields: {
      ...azureWorker,
      vmName: 'The machine.',
      provisioningState: 'How far Azure says it got.',
      instanceView404Streak: 'How often in a row its state was missing.',
    },
  },
  azureTeardownMode: {
    type: 'azure-teardown-mode',
    title: 'Azure Teardown Mode',
    level: 'info',
    version: 1,
    description: 'How the parts of a worker are taken down.',
    fields: {
      ...fields('providerId', 'workerPoolId', 'launchConfigId', 'workerId'),
      mode: 'fast: by one deletion; slow: part by part.',
    },
  },
} as const satisfies Record<string, LogType>;
