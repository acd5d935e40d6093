import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSourceFiles } from '#test/tidy/source-file.ts';
import { logsReference, logTypes } from './logs-reference.ts';

interface Written {
  path: string;
  type: string;
  /** Undefined when the level is computed. */
  level: string | undefined;
}

/** What the code of a file writes to the log: the texts that the first argument of `write` may be, and the second. */
function writtenIn(path: string, code: string): Written[] {
  const calls = code.matchAll(/(?<!std(?:out|err))\.write\(\s*([^,()]+),\s*(?:'([a-z]+)')?/g);
  return [...calls].flatMap(([, first = '', level]) =>
    [...first.replace(/=== '[^']*'/g, '').matchAll(/'([^']+)'/g)].map(([, type = '']) => ({ path, type, level })),
  );
}

const sources = (await readSourceFiles(['src'])).filter(({ path }) => path.endsWith('.ts') && !path.includes('.test.'));
const written = sources.flatMap(({ path, text }) => writtenIn(path, text));

test('what the program writes to its log is found', () => {
  const code =
    "log.write(a === 'b' ? 'c-d' : 'e-f', 'notice', {});\nprocess.stdout.write('g', 'info');\nlog.write(x, y)";
  assert.deepEqual(writtenIn('p', code), [
    { path: 'p', type: 'c-d', level: 'notice' },
    { path: 'p', type: 'e-f', level: 'notice' },
  ]);
  assert.ok(written.length > 20);
});

// spec: api 9.2
test('every type of entry that the program writes is published, with its level', () => {
  const levels = new Map(Object.values(logTypes).map(({ type, level }) => [type, level]));
  for (const { path, type, level } of written) {
    const published = levels.get(type);
    assert.ok(published !== undefined, `${path} writes ${type}, which src/contract/log-types does not describe`);
    if (published !== 'any' && level !== undefined) assert.equal(level, published, `${path}: ${type}`);
  }
});

/**
 * The table of spec/api.md 9.2, written down once more: name, type, level, version, fields. Without `dbFunctionCall`: there are no stored functions
 * here that could be called. `any`: the level is that of the occasion.
 */
const specified = `
workerPoolProvisioned | worker-pool-provisioned | info | 2 | workerPoolId providerId duration
workerRequested | worker-requested | notice | 1 | workerPoolId providerId workerGroup workerId terminateAfter launchConfigId
workerRunning | worker-running | notice | 2 | workerPoolId providerId workerGroup workerId registrationDuration launchConfigId
workerStopped | worker-stopped | notice | 2 | workerPoolId providerId workerGroup workerId workerAge runningDuration launchConfigId
workerRemoved | worker-removed | notice | 2 | workerPoolId providerId workerGroup workerId workerAge runningDuration reason launchConfigId
simpleEstimate | simple-estimate | any | 4 | workerPoolId pendingTasks minCapacity maxCapacity scalingRatio existingCapacity desiredCapacity requestedCapacity stoppingCapacity totalIdleCapacity adjustedPendingTasks
scanSeen | scan-seen | notice | 3 | providerId seen total
workerError | worker-error | notice | 1 | workerPoolId errorId kind title description reported
cloudApiPaused | cloud-api-paused | any | 1 | providerId queueName reason queueSize duration
cloudApiResumed | cloud-api-resumed | notice | 1 | providerId queueName
cloudApiMetrics | cloud-api-metrics | notice | 1 | providerId total success failed retries byStatus min max avg median p95 p99
registrationErrorWarning | registration-error-warning | any | 1 | message error workerPoolId providerId workerId
registrationNewIntermediateCertificate | registration-new-intermediate-certificate | warning | 1 | subject issuer fingerprint url
registrationRejectedIntermediateCertificateUrl | registration-rejected-intermediate-certificate-url | warning | 1 | url workerPoolId providerId workerId
launchConfigSelectorsDebug | launch-config-selector-debug | debug | 1 | workerPoolId weights remainingCapacity
azureResourceGroupEnsured | azure-resource-group-ensure | notice | 1 | workerPoolId resourceGroupName location
azureInstanceViewRepeated404 | azure-instance-view-repeated-404 | warning | 1 | providerId workerPoolId workerGroup workerId vmName provisioningState instanceView404Streak
azureThrottled | azure-throttled | warning | 1 | providerId operationType retryAfterSeconds remainingReads remainingWrites remainingDeletes remainingResource
azureTeardownMode | azure-teardown-mode | info | 1 | providerId workerPoolId launchConfigId workerId mode
auditEvent | audit-event | notice | 1 | service entity entityId clientId action
apiMethod | monitor.apiMethod | notice | 2 | name apiVersion resource query method statusCode duration public clientId expires sourceIp satisfyingScopes authenticated
errorReport | monitor.error | any | 1 | name message stack incidentId method
periodic | monitor.periodic | any | 1 | name duration status
generic | monitor.generic | any | 1 | message
dbPoolCounts | db-pool-counts | notice | 1 | pool totalCount idleCount waitingCount
pulseConnected | pulse.connected | info | 1 |
pulseDisconnected | pulse.disconnected | info | 1 | error
pulsePublisherBlocked | pulsePublisherBlocked | warning | 1 | blocked
`
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

// spec: api 9.2
test('every type of entry that log readers know is there, with its level, version and fields', () => {
  for (const [name = '', type, level, version, fields = ''] of specified) {
    const found = logTypes[name];
    assert.ok(found !== undefined, `there is no ${name}`);
    assert.deepEqual([found.type, found.level, String(found.version)], [type, level, version]);
    const missing = fields.split(' ').filter((field) => field !== '' && !Object.hasOwn(found.fields, field));
    assert.deepEqual(missing, [], name);
  }
});

/** What only the provider for Azure has reason to say. */
const ofAzure = /^(azure|registrationNewIntermediate|registrationRejectedIntermediate)/;

// spec: api 9.2
test('every type of entry that is published is written somewhere', () => {
  const types = new Set(written.map(({ type }) => type));
  const silent = Object.entries(logTypes).filter(([, { type }]) => !types.has(type));
  for (const [name] of silent) assert.match(name, ofAzure, `nobody writes ${name}`);
});

// spec: api 2.8, 9.2
test('the logs reference has every type that log readers know, and words for all of it', () => {
  const reference = logsReference() as { $schema: string; serviceName: string; types: Record<string, unknown>[] };
  assert.equal(reference.$schema, '/schemas/common/logs-reference-v0.json#');
  assert.equal(reference.serviceName, 'worker-manager');
  const published = new Set(reference.types.map(({ name }) => name));
  for (const [name] of specified) assert.ok(published.has(name), name);
  const types = new Set(reference.types.map(({ type }) => type));
  assert.equal(types.size, reference.types.length);
  for (const { name, title, description, version, fields } of reference.types) {
    assert.ok(Number.isInteger(version), `${name}`);
    for (const text of [title, description, ...Object.values(fields as object)]) {
      assert.ok(typeof text === 'string' && text.length > 2, `${name}`);
    }
  }
});
