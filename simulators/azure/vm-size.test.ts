import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmSizeOf } from './vm-size.ts';

test('family and vCPUs are read from the name of a size', () => {
  for (const [name, vcpus, family] of [
    ['Standard_F8s_v2', 8, 'standardFSv2Family'],
    ['Standard_NV12s_v3', 12, 'standardNVSv3Family'],
    ['Standard_D4as_v5', 4, 'standardDASv5Family'],
    ['Standard_D16ds_v5', 16, 'standardDDSv5Family'],
    ['Standard_E8-2s_v5', 2, 'standardESv5Family'],
    ['Standard_B2s', 2, 'standardBSFamily'],
    ['standard_f4s_v2', 4, 'standardFSv2Family'],
    ['Standard_NC24ads_A100_v4', 24, 'standardNCADSA100v4Family'],
  ] as const) {
    assert.deepEqual(vmSizeOf(name), { name, vcpus, family });
  }
});

test('names that Azure would not give are no sizes', () => {
  for (const name of ['', 'm5.large', 'Standard_', 'Standard_D', 'D4s_v5', 'Standard_D4s_v5_x y']) {
    assert.equal(vmSizeOf(name), undefined, name);
  }
});
