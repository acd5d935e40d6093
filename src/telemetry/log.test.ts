// spec: api 9.1
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import { createLog, readLevels } from './log.ts';

const start = new Date('2026-01-02T03:04:05.678Z');

function aLog(level: string) {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line) };
  const log = createLog({ clock: new SteppedClock(start), sink, level, version: '1.2.3' });
  return { log, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('an entry has the members that log readers look for', () => {
  const { log, entries } = aLog('notice');
  log.child('provisioner').write('worker-requested', 'notice', { workerId: 'i-1' });
  const [entry] = entries();
  assert.ok(entry);
  assert.equal(entry['Type'], 'worker-requested');
  assert.equal(entry['Logger'], 'taskcluster.worker-manager.provisioner');
  assert.equal(entry['EnvVersion'], '2.0');
  assert.equal(entry['Severity'], 5);
  assert.equal(entry['severity'], 'NOTICE');
  assert.equal(entry['Timestamp'], start.getTime() * 1_000_000);
  assert.equal(entry['Pid'], process.pid);
  assert.deepEqual(entry['Fields'], { workerId: 'i-1' });
  assert.deepEqual(entry['serviceContext'], { service: 'worker-manager', version: '1.2.3' });
});

// spec: api 9.2
test('an error that is reported says what it is and where it happened, and what else is known', () => {
  const { log, entries } = aLog('info');
  log.write('monitor.error', 'err', { error: new RangeError('too far'), event: 'e' });
  log.write('monitor.error', 'err', { error: 'no error at all' });
  log.write('monitor.periodic', 'err', { name: 'provision', error: new Error('late') });
  const [error, text, periodic] = entries();
  const { stack, ...fields } = (error?.['Fields'] ?? {}) as Record<string, unknown>;
  assert.deepEqual(fields, { name: 'RangeError', message: 'too far', event: 'e' });
  assert.match(String(stack), /^RangeError: too far\n +at /);
  assert.equal(error?.['message'], stack);
  assert.deepEqual([text?.['Fields'], text?.['message']], [{ error: 'no error at all' }, undefined]);
  assert.deepEqual(periodic?.['Fields'], { name: 'provision', error: { name: 'Error', message: 'late' } });
});

test('a message stands where people look first, too', () => {
  const { log, entries } = aLog('info');
  log.write('monitor.generic', 'notice', { message: 'a remark' });
  log.write('worker-requested', 'notice', { workerId: 'i-1' });
  assert.deepEqual(
    entries().map(({ message }) => message),
    ['a remark', undefined],
  );
});

test('an entry of a request can be found by its ids', () => {
  const { log, entries } = aLog('info');
  log.write('monitor.apiMethod', 'notice', {}, { traceId: 't-1', requestId: 'r-1' });
  log.write('monitor.generic', 'notice', {});
  assert.deepEqual(
    entries().map(({ traceId, requestId }) => [traceId, requestId]),
    [
      ['t-1', 'r-1'],
      [undefined, undefined],
    ],
  );
});

test('entries of a published type say their version', () => {
  const lines: string[] = [];
  const log = createLog({
    clock: new SteppedClock(start),
    sink: { write: (line) => void lines.push(line) },
    level: 'info',
    version: '1.2.3',
    entryVersions: new Map([['worker-running', 2]]),
  });
  log.write('worker-running', 'notice', { workerId: 'i-1' });
  const entry = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.deepEqual(entry['Fields'], { v: 2, workerId: 'i-1' });
});

test('secrets are masked at any depth', () => {
  const { log, entries } = aLog('info');
  log.write('x', 'info', { a: [{ credentials: { accessToken: 't' } }], staticSecret: 's' });
  assert.deepEqual(entries()[0]?.['Fields'], { a: [{ credentials: '...' }], staticSecret: '...' });
});

test('a child can be more talkative than the root', () => {
  const { log, entries } = aLog('root:warning estimator:debug');
  log.write('quiet', 'info', {});
  log.child('api').write('quiet', 'notice', {});
  log.child('estimator').write('heard', 'debug', {});
  log.write('loud', 'err', {});
  assert.deepEqual(
    entries().map((entry) => entry['Type']),
    ['heard', 'loud'],
  );
});

test('an unknown level stops the start with the names that exist', () => {
  assert.throws(() => readLevels('loud'), /"loud" names no log level; use one of err, warning/);
});
