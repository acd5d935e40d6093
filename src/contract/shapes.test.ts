import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { JsonObject } from '#core/json.ts';
import { schemaId } from './schemas/json-schema.ts';
import { ajvOptions, learnSchemas } from './schemas/learning.ts';
import type { SchemaName } from './schemas/published.ts';
import type { Shapes } from './shapes.ts';

const ajv = new Ajv(ajvOptions);
learnSchemas(ajv);

function isValid(schema: SchemaName, value: unknown): boolean {
  const check = ajv.getSchema(schemaId(schema));
  assert.ok(check, schema);
  return check(value) === true;
}

const at = '2026-01-02T03:04:05.678Z';
const slugid = 'dDQP9OXeSo6thhDhg30VQQ';
const secret = `${slugid}${slugid}`;
const counts = {
  currentCapacity: 0,
  requestedCount: 0,
  runningCount: 0,
  stoppingCount: 0,
  stoppedCount: 0,
  requestedCapacity: 0,
  runningCapacity: 0,
  stoppingCapacity: 0,
  stoppedCapacity: 0,
};
const definition = {
  providerId: 'aws',
  description: '',
  config: {},
  owner: 'a@b.c',
  emailOnError: true,
};
const pool = {
  workerPoolId: 'aa/bb',
  ...definition,
  created: at,
  lastModified: at,
  ...counts,
};
const launchConfig = {
  workerPoolId: 'aa/bb',
  launchConfigId: 'lc',
  isArchived: false,
  configuration: {},
  created: at,
  lastModified: at,
};
const report = {
  workerGroup: 'g',
  workerId: 'w',
  kind: 'k',
  title: 't',
  description: 'd',
  extra: { code: 'x' },
};
const problem = {
  workerPoolId: 'aa/bb',
  errorId: slugid,
  reported: at,
  kind: 'k',
  title: 't',
  description: 'd',
  extra: {},
  launchConfigId: 'lc',
};
const worker = {
  workerPoolId: 'aa/bb',
  workerGroup: 'g',
  workerId: 'w',
  providerId: 'aws',
  created: at,
  expires: at,
  lastModified: at,
  lastChecked: at,
  state: 'running',
  capacity: 1,
  launchConfigId: 'lc',
} as const;
const registeredAgain = {
  expires: at,
  credentials: { clientId: 'c', accessToken: 'a', certificate: '{}' },
  secret,
};
const taskRun = { taskId: slugid, runId: 0 };
const quarantine = { clientId: 'c', quarantineUntil: at, updatedAt: at, quarantineInfo: 'i' };
const registration = {
  workerPoolId: 'aa/bb',
  providerId: 'aws',
  workerGroup: 'g',
  workerId: 'w',
  workerIdentityProof: { document: 'd', signature: 's' },
  systemBootTime: at,
};

/** One body of each type: what the type takes, the schema must take. */
const samples = {
  'create-worker-pool-request': definition,
  'update-worker-pool-request': pool,
  'worker-pool-full': pool,
  'worker-pool-list': { workerPools: [pool], continuationToken: 'x' },
  'worker-pool-list-stats': { workerPoolsStats: [{ workerPoolId: 'aa/bb', ...counts }] },
  'worker-pool-stats': {
    launchConfigStats: [{ workerPoolId: 'aa/bb', launchConfigId: 'unknown', ...counts }],
  },
  'worker-pool-launch-config-list': { workerPoolLaunchConfigs: [launchConfig] },
  'provider-list': { providers: [{ providerId: 'aws', providerType: 'aws' }] },
  'report-worker-error-request': report,
  'worker-pool-error': problem,
  'worker-pool-error-list': { workerPoolErrors: [problem] },
  'worker-pool-error-stats': {
    workerPoolId: '',
    totals: {
      total: 1,
      daily: { [at]: 1 },
      hourly: { [at]: 1 },
      title: { t: 1 },
      code: { other: 1 },
      workerPool: { 'aa/bb': 1 },
      launchConfig: {},
    },
  },
  'create-worker-request': { expires: at, capacity: 2, providerInfo: { staticSecret: secret } },
  'worker-full': worker,
  'worker-list': { workers: [worker] },
  'should-worker-terminate-response': { terminate: false, reason: 'none' },
  'register-worker-request': registration,
  'register-worker-response': { ...registeredAgain, workerConfig: {} },
  'reregister-worker-request': { workerPoolId: 'aa/bb', workerGroup: 'g', workerId: 'w', secret },
  'reregister-worker-response': registeredAgain,
  'list-workers-response': {
    workers: [
      { workerGroup: 'g', workerId: 'w' },
      {
        workerPoolId: 'aa/bb',
        workerGroup: 'g',
        workerId: 'w2',
        firstClaim: at,
        lastDateActive: at,
        quarantineUntil: at,
        state: 'standalone',
        capacity: 0,
        providerId: 'none',
        launchConfigId: 'lc',
        latestTask: taskRun,
      },
    ],
  },
  'worker-response': {
    provisionerId: 'aa',
    workerType: 'bb',
    workerPoolId: 'aa/bb',
    workerGroup: 'g',
    workerId: 'w',
    recentTasks: [taskRun],
    expires: at,
    firstClaim: at,
    lastDateActive: at,
    quarantineUntil: at,
    quarantineDetails: [quarantine],
    state: 'running',
    capacity: 1,
    providerId: 'aws',
    launchConfigId: 'lc',
  },
} satisfies Shapes;

// spec: api 0.2
test('what a body type takes, its schema takes', () => {
  for (const [schema, sample] of Object.entries(samples)) {
    assert.ok(isValid(schema as SchemaName, sample), schema);
  }
});

// spec: api 0.2
test('no body takes a member that it does not know, or lacks one that it needs', () => {
  const optional = new Set(
    `workerPoolId continuationToken capacity providerInfo launchConfigId lastDateActive quarantineUntil quarantineDetails state
    providerId created lastModified systemBootTime ${Object.keys(counts).join(' ')}`.split(/\s+/),
  );
  const needsAll: Record<string, readonly string[]> = {
    'worker-full': ['capacity', 'state', 'providerId', 'created', 'lastModified', 'workerPoolId'],
    'worker-pool-full': ['created', 'lastModified', 'providerId', ...Object.keys(counts)],
    'create-worker-pool-request': ['providerId'],
    'register-worker-request': ['providerId', 'workerPoolId'],
    'worker-pool-error': ['workerPoolId'],
    'worker-pool-error-stats': ['workerPoolId'],
    'reregister-worker-request': ['workerPoolId'],
  };
  for (const [name, sample] of Object.entries<JsonObject | object>(samples)) {
    const schema = name as SchemaName;
    assert.equal(isValid(schema, { ...sample, more: 1 }), false, name);
    for (const member of Object.keys(sample)) {
      const less = Object.fromEntries(Object.entries(sample).filter(([key]) => key !== member));
      const isNeeded = !optional.has(member) || needsAll[name]?.includes(member) === true;
      if (isNeeded) assert.equal(isValid(schema, less), false, `${name} without ${member}`);
    }
  }
});

// spec: api 1.7, W11
test('a pool can be posted back as it was read', () => {
  assert.ok(isValid('update-worker-pool-request', samples['worker-pool-full']));
  assert.equal(isValid('create-worker-pool-request', samples['worker-pool-full']), false);
});

// spec: api 1.20
test('an identity proof has exactly one of the four forms', () => {
  const proved = (workerIdentityProof: JsonObject): boolean =>
    isValid('register-worker-request', { ...registration, workerIdentityProof });
  assert.ok(proved({ token: 't' }));
  assert.ok(proved({ staticSecret: secret }));
  assert.ok(proved({ document: 'd', signature: 's' }));
  assert.ok(proved({ document: 'd' }));
  assert.equal(proved({}), false);
  assert.equal(proved({ token: 't', document: 'd' }), false);
  assert.equal(proved({ signature: 's' }), false);
  assert.equal(proved({ staticSecret: 'short' }), false);
  assert.equal(proved({ document: 5 }), false);
});

// spec: api 0.1, 0.2, W20
test('names and texts keep within their lengths', () => {
  const withId = (workerId: string): boolean => isValid('report-worker-error-request', { ...report, workerId });
  assert.ok(withId('x'.repeat(38)));
  assert.equal(withId('x'.repeat(39)), false);
  assert.equal(withId(''), false);
  assert.equal(withId('a.b'), false);
  const withText = (member: string, length: number): boolean =>
    isValid('report-worker-error-request', { ...report, [member]: 'x'.repeat(length) });
  assert.ok(withText('kind', 128) && withText('title', 128) && withText('description', 10_240));
  assert.equal(withText('kind', 129), false);
  assert.equal(withText('title', 129), false);
  assert.equal(withText('description', 10_241), false);
  assert.ok(isValid('report-worker-error-request', { ...report, kind: 'ABC!x' }));
  assert.equal(isValid('report-worker-error-request', { ...report, kind: 'ABC!' }), false);
});

// spec: api 1.16
test('a worker declares at least one task at once and an instant it expires', () => {
  const expires = { expires: at };
  assert.ok(isValid('create-worker-request', expires));
  assert.ok(isValid('create-worker-request', { expires: '2026-01-02 03:04:05' }));
  assert.equal(isValid('create-worker-request', {}), false);
  assert.equal(isValid('create-worker-request', { expires: 'soon' }), false);
  assert.equal(isValid('create-worker-request', { ...expires, capacity: 0 }), false);
  assert.equal(isValid('create-worker-request', { ...expires, providerInfo: {} }), false);
  const more = { staticSecret: secret, more: 1 };
  assert.equal(isValid('create-worker-request', { ...expires, providerInfo: more }), false);
});
