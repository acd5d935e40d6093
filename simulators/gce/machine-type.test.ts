import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { machineTypeOf, machineTypes } from './machine-type.ts';

test('predefined types have the size that their name says', () => {
  const sizes = [
    'n2-standard-4',
    'e2-highmem-8',
    'n1-highcpu-16',
    'f1-micro',
    'c4d-standard-8-lssd',
    't2a-standard-4',
  ].map((name) => {
    const { vcpus, memoryMb, architecture, cpuMetric } = machineTypeOf(name)!;
    return [vcpus, memoryMb, architecture, cpuMetric];
  });
  assert.deepEqual(sizes, [
    [4, 16_384, 'X86_64', 'N2_CPUS'],
    [8, 65_536, 'X86_64', 'CPUS'],
    [16, 14_746, 'X86_64', 'CPUS'],
    [1, 614, 'X86_64', 'CPUS'],
    [8, 31_744, 'X86_64', 'CPUS_PER_VM_FAMILY'],
    [4, 16_384, 'ARM64', 'T2A_CPUS'],
  ]);
});

test('custom types are read, where their series has them', () => {
  assert.equal(machineTypeOf('n1-custom-40-262144')?.vcpus, 40);
  assert.equal(machineTypeOf('custom-4-5120')?.cpuMetric, 'CPUS');
  assert.equal(machineTypeOf('n2-custom-4-8192-ext')?.memoryMb, 8192);
  for (const name of ['n2-custom-3-8192', 'n2-custom-4-8000', 'c2-custom-4-8192', 'n2-custom-0-256']) {
    assert.equal(machineTypeOf(name), undefined, name);
  }
});

test('every type in the list is found by its name, and nothing else is', () => {
  const names = new Set(machineTypes().map(({ name }) => name));
  assert.ok(names.size > 250);
  for (const name of names) {
    assert.equal(machineTypeOf(name)?.name, name);
  }
  const anyName = fc.stringMatching(/^[a-z0-9]{1,4}-(standard|highmem|highcpu|mega)-\d{1,3}$/);
  fc.assert(fc.property(anyName, (name) => (machineTypeOf(name) !== undefined) === names.has(name)));
});
