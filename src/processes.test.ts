import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskKinds } from '#core/task-store.ts';
import { kindsOf, processNames, processesNamed } from './processes.ts';

test('no word, and `all`, mean everything', () => {
  for (const words of [[], ['all']]) {
    assert.deepEqual(processesNamed(words), { processes: new Set(processNames), unknown: [] });
  }
});

// spec: api 10.2, provisioning 4.1, W36
test('the names that deployments use are understood, alone and together', () => {
  const named = {
    web: 'server',
    server: 'server',
    runProvisioner: 'provisioner',
    provisioner: 'provisioner',
    workerScanner: 'scanner',
    workerscanner: 'scanner',
    'workerscanner-azure': 'scanner',
    workerScannerAzure: 'scanner',
    scanner: 'scanner',
  };
  for (const [word, name] of Object.entries(named)) {
    assert.deepEqual(processesNamed([word]), { processes: new Set([name]), unknown: [] });
  }
  assert.deepEqual(processesNamed(['web', 'provisioner']).processes, new Set(['server', 'provisioner']));
});

test('words that name nothing are told, whatever they stand beside', () => {
  assert.deepEqual(processesNamed(['server', 'constructor', 'Scanner']).unknown, ['constructor', 'Scanner']);
});

test('each kind of task is taken by some process, and none by the server', () => {
  const taken = new Set([...kindsOf.provisioner, ...kindsOf.scanner]);
  assert.deepEqual([...taken].toSorted(), taskKinds.toSorted());
  assert.deepEqual(kindsOf.server, []);
});
