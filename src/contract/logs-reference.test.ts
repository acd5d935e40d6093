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

// The names of spec/api.md 9.2 but `dbFunctionCall`: there are no stored functions here that could be called.
const names =
  `workerPoolProvisioned workerRequested workerRunning workerStopped workerRemoved simpleEstimate scanSeen workerError
cloudApiPaused cloudApiResumed cloudApiMetrics registrationErrorWarning registrationNewIntermediateCertificate
registrationRejectedIntermediateCertificateUrl launchConfigSelectorsDebug azureResourceGroupEnsured azureInstanceViewRepeated404
azureThrottled azureTeardownMode auditEvent apiMethod errorReport periodic generic dbPoolCounts pulseConnected pulseDisconnected
pulsePublisherBlocked`.split(/\s+/);

// spec: api 2.8, 9.2
test('the logs reference has every type that log readers know, and words for all of it', () => {
  const reference = logsReference() as { $schema: string; serviceName: string; types: Record<string, unknown>[] };
  assert.equal(reference.$schema, '/schemas/common/logs-reference-v0.json#');
  assert.equal(reference.serviceName, 'worker-manager');
  const published = new Set(reference.types.map(({ name }) => name));
  for (const name of names) assert.ok(published.has(name), name);
  const types = new Set(reference.types.map(({ type }) => type));
  assert.equal(types.size, reference.types.length);
  for (const { name, title, description, version, fields } of reference.types) {
    assert.ok(Number.isInteger(version), `${name}`);
    for (const text of [title, description, ...Object.values(fields as object)]) {
      assert.ok(typeof text === 'string' && text.length > 2, `${name}`);
    }
  }
});
