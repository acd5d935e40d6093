import type { Shapes } from '#contract/shapes.ts';
import { exampleLaunchConfig, examplePools } from './example-pools.ts';
import type { unpublishedAnswers } from './schemas.ts';

const workerPoolId = 'example-project/linux';
const ofLaunchConfig = { workerPoolId, launchConfigId: 'lc-us-west-2' };
const machine = { workerGroup: 'us-west-2', workerId: 'i-0123456789abcdef0' };
const rackMachine = { workerGroup: 'rack-1', workerId: 'mac-07' };
const created = '2026-01-02T03:04:05.678Z';
const later = '2026-01-02T03:06:00.000Z';
const expires = '2026-01-06T03:06:00.000Z';
const errorId = 'dDQP9OXeSo6thhDhg30VQQ';
const taskId = 'VBzgeSxTT5aaPJyN0pXk8A';
// Not a secret: the form of one.
const secret = 'ExampleExampleExampleExampleExampleExample44';
const continuationToken = 'eyJhZnRlciI6ImV4YW1wbGUtcHJvamVjdC9saW51eCJ9';

const counts = {
  currentCapacity: 14,
  requestedCount: 3,
  runningCount: 10,
  stoppingCount: 1,
  stoppedCount: 6,
  requestedCapacity: 3,
  runningCapacity: 10,
  stoppingCapacity: 1,
  stoppedCapacity: 6,
};
const pool = { workerPoolId, ...examplePools.aws, created, lastModified: created, ...counts };

const worker = {
  workerPoolId,
  ...machine,
  providerId: 'aws',
  created,
  expires: '2026-01-10T03:04:05.678Z',
  lastModified: later,
  lastChecked: later,
  state: 'running',
  capacity: 1,
  launchConfigId: ofLaunchConfig.launchConfigId,
} as const;

const error = {
  workerPoolId,
  errorId,
  reported: created,
  kind: 'creation-error',
  title: 'Instance Creation Error',
  description: 'We currently do not have sufficient m7i.large capacity in the Availability Zone you requested.',
  extra: { code: 'InsufficientInstanceCapacity' },
  launchConfigId: ofLaunchConfig.launchConfigId,
};

const credentials = {
  clientId: `worker/aws/${workerPoolId}/${machine.workerGroup}/${machine.workerId}`,
  accessToken: 'ExampleExampleExampleExampleExampleExample43',
  certificate: '{"version":1,"scopes":["…"],"start":1767322860000,"expiry":1767668760000,"seed":"…","signature":"…"}',
};

const registration = { workerPoolId, providerId: 'aws', ...machine };
const fromQueue = {
  workerPoolId,
  ...machine,
  firstClaim: later,
  lastDateActive: later,
  quarantineUntil: '2026-01-03T00:00:00.000Z',
  state: 'running',
  capacity: 1,
  providerId: 'aws',
  launchConfigId: ofLaunchConfig.launchConfigId,
} as const;

const byHour = { '2026-01-02T02:00:00.000Z': 0, '2026-01-02T03:00:00.000Z': 2 };
const byDay = { '2026-01-01T00:00:00.000Z': 5, '2026-01-02T00:00:00.000Z': 2 };

/** Bodies of requests and answers by the names of their schemas; several where they differ in kind. */
export const examples: { readonly [Name in keyof Shapes]: Readonly<Record<string, Shapes[Name]>> } = {
  'create-worker-pool-request': examplePools,
  'update-worker-pool-request': { definition: examplePools.aws, asRead: pool },
  'worker-pool-full': { pool, beingDeleted: { ...pool, providerId: 'null-provider', config: {} } },
  'worker-pool-list': { page: { workerPools: [pool], continuationToken } },
  'worker-pool-list-stats': { page: { workerPoolsStats: [{ workerPoolId, ...counts }], continuationToken } },
  'worker-pool-stats': { stats: { launchConfigStats: [{ ...ofLaunchConfig, ...counts }] } },
  'worker-pool-launch-config-list': {
    lastPage: {
      workerPoolLaunchConfigs: [
        { ...ofLaunchConfig, isArchived: false, configuration: exampleLaunchConfig, created, lastModified: created },
      ],
    },
  },
  'provider-list': {
    all: {
      providers: [
        { providerId: 'aws', providerType: 'aws' },
        { providerId: 'static', providerType: 'static' },
      ],
    },
  },
  'report-worker-error-request': {
    report: {
      ...machine,
      kind: 'worker-error',
      title: 'Disk Full',
      description: 'No space is left on the device.',
      extra: { code: 'ENOSPC', freeBytes: 0 },
    },
  },
  'worker-pool-error': { error },
  'worker-pool-error-list': { lastPage: { workerPoolErrors: [error] } },
  'worker-pool-error-stats': {
    ofOnePool: {
      workerPoolId,
      totals: {
        total: 7,
        daily: byDay,
        hourly: byHour,
        title: { 'Instance Creation Error': 7 },
        code: { InsufficientInstanceCapacity: 6, other: 1 },
        workerPool: { [workerPoolId]: 7 },
        launchConfig: { [ofLaunchConfig.launchConfigId]: 6, unknown: 1 },
      },
    },
  },
  'create-worker-request': { static: { expires, capacity: 1, providerInfo: { staticSecret: secret } } },
  'worker-full': { worker },
  'worker-list': { page: { workers: [worker], continuationToken } },
  'should-worker-terminate-response': {
    needed: { terminate: false, reason: 'needed' },
    surplus: { terminate: true, reason: 'over capacity' },
  },
  'register-worker-request': {
    aws: {
      ...registration,
      workerIdentityProof: { document: '{"instanceId": "i-0123456789abcdef0", …}', signature: 'MIIB…' },
      systemBootTime: '2026-01-02T03:05:00.000Z',
    },
    google: {
      ...registration,
      providerId: 'google',
      workerGroup: 'us-east1-b',
      workerId: '1234567890123456789',
      workerIdentityProof: { token: 'eyJhbGciOiJSUzI1NiJ9.…' },
    },
    azure: {
      ...registration,
      providerId: 'azure',
      workerGroup: 'westus2',
      workerId: 'vm-0123456789abcdef',
      workerIdentityProof: { document: 'MIIL…' },
    },
    static: {
      ...registration,
      providerId: 'static',
      ...rackMachine,
      workerIdentityProof: { staticSecret: secret },
    },
  },
  'register-worker-response': {
    registered: { expires, credentials, workerConfig: exampleLaunchConfig.workerConfig, secret },
  },
  'reregister-worker-request': { again: { workerPoolId, ...machine, secret } },
  'reregister-worker-response': { registered: { expires, credentials, secret } },
  'list-workers-response': {
    lastPage: {
      workers: [
        { ...fromQueue, latestTask: { taskId, runId: 0 } },
        { workerPoolId, ...rackMachine, state: 'standalone', capacity: 0, providerId: 'none' },
      ],
    },
  },
  'worker-response': {
    quarantined: {
      provisionerId: 'example-project',
      workerType: 'linux',
      ...fromQueue,
      expires,
      recentTasks: [{ taskId, runId: 0 }],
      quarantineDetails: [
        {
          clientId: 'mozilla-auth0/ad|Example|someone',
          quarantineUntil: fromQueue.quarantineUntil,
          updatedAt: later,
          quarantineInfo: 'Its disk is slow.',
        },
      ],
    },
  },
};

/** Answers that have no published schema, by endpoint. */
export const unpublishedExamples: Readonly<Record<keyof typeof unpublishedAnswers, object>> = {
  ping: { alive: true, uptime: 4711.5 },
  lbheartbeat: {},
  heartbeat: {},
  version: { version: '1.0.0', commit: '', source: '', build: '' },
  removeWorker: {},
};
