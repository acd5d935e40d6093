import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { ArmError } from './errors.ts';
import { sightingOf, stateOf } from './machine.ts';

function machine(provisioningState: string, codes: readonly string[] = []): JsonObject {
  return {
    properties: { provisioningState, instanceView: { statuses: codes.map((code) => ({ code, message: 'words' })) } },
  };
}

/** Provisioning state, codes of its statuses, ignored failures, and the presence. */
const table: [string, string[], string[], string][] = [
  ['Creating', [], [], 'starting'],
  ['Creating', ['ProvisioningState/creating', 'PowerState/running'], [], 'alive'],
  ['Creating', ['PowerState/starting'], [], 'alive'],
  ['Succeeded', [], [], 'alive'],
  ['Succeeded', ['ProvisioningState/succeeded', 'PowerState/running'], [], 'alive'],
  ['Updating', ['PowerState/running'], [], 'alive'],
  ['Succeeded', ['PowerState/stopping'], [], 'failed'],
  ['Succeeded', ['PowerState/stopped'], [], 'failed'],
  ['Succeeded', ['PowerState/deallocating'], [], 'failed'],
  ['Succeeded', ['PowerState/deallocated'], [], 'failed'],
  ['Failed', ['ProvisioningState/failed/OSProvisioningTimedOut'], [], 'failed'],
  ['Failed', ['ProvisioningState/failed/OSProvisioningTimedOut'], ['OSProvisioningTimedOut'], 'alive'],
  ['Failed', ['ProvisioningState/failed/OSProvisioningTimedOut', 'PowerState/running'], [], 'alive'],
  [
    'Failed',
    ['ProvisioningState/failed/OSProvisioningTimedOut', 'PowerState/deallocated'],
    ['OSProvisioningTimedOut'],
    'failed',
  ],
  ['Failed', ['ProvisioningState/failed/AllocationFailed'], ['OSProvisioningTimedOut'], 'failed'],
  ['Failed', [], [], 'failed'],
  ['Canceled', [], [], 'failed'],
  ['Deleting', ['PowerState/running'], [], 'ending'],
  ['Hovering', [], [], 'suspended'],
  ['', [], [], 'suspended'],
];

// spec: provisioning 8.8, P-14
describe('what a machine shows', () => {
  for (const [state, codes, ignored, presence] of table) {
    test(`${state || 'nothing'} with ${codes.join(' and ') || 'no status'}, ignoring ${ignored.join()}, is ${presence}`, () => {
      assert.equal(stateOf(machine(state, codes), ignored).presence, presence);
    });
  }

  test('a power state that does not come back is told as the reason', () => {
    const { why, error } = stateOf(machine('Succeeded', ['PowerState/deallocated']), []);
    assert.equal(why, 'failed power state; powerStates=PowerState/deallocated');
    assert.equal(error, null);
  });

  // spec: provisioning 8.8, 8.11
  test('a failed allocation is a refusal, a system that does not come up and an eviction are none', () => {
    const allocation = new ArmError('AllocationFailed', 'No place.', { isOperation: true });
    const codes = (...given: string[]): JsonObject => machine('Failed', given);
    assert.equal(sightingOf(codes('ProvisioningState/failed/AllocationFailed')).trouble?.class, 'capacity');
    assert.equal(sightingOf(codes('ProvisioningState/failed/OSProvisioningTimedOut')).trouble, undefined);
    assert.equal(sightingOf(codes(), allocation).trouble?.code, 'AllocationFailed');
    assert.equal(sightingOf(codes('PowerState/deallocated'), allocation).trouble, undefined);
    assert.equal(sightingOf(codes('PowerState/running'), allocation).trouble, undefined);
  });
});
