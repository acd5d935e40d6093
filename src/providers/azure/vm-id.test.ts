import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vmIdOf as vmIdAtAzure } from '#test/azure/small-azure.ts';
import { aSmallAzure, launched, passing } from '#test/azure/small-life.ts';
import { sequentialConfiguration } from '#test/azure/small-azure-world.ts';
import { never } from '#test/conformance/provider/world.ts';
import { ProofUncheckable } from '#core/error.ts';
import { vmIdOf } from './vm-id.ts';

// spec: provisioning 8.12
test('Azure’s own id of a machine is asked for by the machine’s name', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, sequentialConfiguration);
  const [worker] = workers;
  const asked = (workerId: string) => vmIdOf(small.process.parts, { ...worker!, workerId }, never);
  assert.equal((await passing(small.clock, asked(worker!.workerId))).value, vmIdAtAzure(worker!.workerId));
  assert.equal((await passing(small.clock, asked('vm-unknown'))).value, null);
});

test('while Azure does not say which machine it is, nothing is said about a proof', async () => {
  const small = aSmallAzure();
  const { workers } = await launched(small, sequentialConfiguration);
  const how = { status: 503, code: 'ServiceUnavailable' };
  small.azure.faults.push({ matches: ({ operation }) => operation === 'virtualMachines.get', how, times: Infinity });
  const asking = passing(small.clock, vmIdOf(small.process.parts, workers[0]!, never));
  await assert.rejects(
    asking,
    (error) => error instanceof ProofUncheckable && /503|ServiceUnavailable/.test(error.message),
  );
});
