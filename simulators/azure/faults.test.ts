import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { group, plainAddress, refused, rigAzure } from './rig.ts';

/** Lets sockets move while the simulator's time stands still. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await nextTurn();
  }
}

test('an error strikes as often as it says, before anything is done', async (t) => {
  const { azure, network } = await rigAzure(t);
  azure.faults.add({ kind: 'error', action: 'publicIPAddresses.put', code: 'AuthorizationFailed', times: 2 });
  const put = () => network.publicIPAddresses.createOrUpdate(group, 'ip', plainAddress).submitted();
  await assert.rejects(put(), refused('AuthorizationFailed', 403));
  await assert.rejects(put(), refused('AuthorizationFailed', 403));
  assert.deepEqual(azure.steering.resources(), []);
  await put();
  assert.equal(azure.steering.resources().length, 1);
});

test('faults strike only the action and group that they name', async (t) => {
  const { azure, resources, compute } = await rigAzure(t);
  azure.faults.add({ kind: 'error', group: 'RG-OTHER' });
  azure.faults.add({ kind: 'error', action: 'virtualMachines.delete', code: 'TooManyRequests', retryAfterSeconds: 7 });
  await resources.resourceGroups.get(group);
  await assert.rejects(resources.resourceGroups.get('rg-other'), refused('InternalServerError', 500));
  await assert.rejects(async () => compute.virtualMachines.delete(group, 'vm'), refused('TooManyRequests', 429));
});

test('an answer that is lost leaves its effect behind, and the same request finds it', async (t) => {
  const { azure, network } = await rigAzure(t);
  azure.faults.add({ kind: 'reset', action: 'publicIPAddresses.put', when: 'after', times: 1 });
  azure.faults.add({ kind: 'error', action: 'publicIPAddresses.put', when: 'after', times: 1 });
  const put = () => network.publicIPAddresses.createOrUpdate(group, 'ip', plainAddress).submitted();
  await assert.rejects(put(), { code: 'ECONNRESET' });
  await assert.rejects(put(), refused('InternalServerError', 500));
  await put();
  assert.equal(azure.steering.resources().length, 1);
  assert.deepEqual(azure.counts.outcomes, { reset: 1, InternalServerError: 1, ok: 1 });
});

test('a call that hangs is never answered, and does not keep the simulator open', async (t) => {
  const { azure, rest } = await rigAzure(t);
  azure.faults.add({ kind: 'hang', action: 'resourceGroups.list' });
  const hanging = assert.rejects(rest('GET', '/resourcegroups'));
  await until(() => azure.logbook.length === 1);
  assert.equal(azure.logbook[0]?.outcome, 'hang');
  await azure.close();
  await hanging;
});

test('a latency passes between the effect and the answer', async (t) => {
  const { azure, clock, rest } = await rigAzure(t, { latencyMs: 50 });
  azure.faults.add({ kind: 'delay', action: 'resourceGroups.put', delayMs: 1000, times: 1 });
  let isAnswered = false;
  const answer = rest('PUT', '/resourcegroups/rg-2', { location: 'eastus' }).then(() => (isAnswered = true));
  await until(() => clock.pending === 1);
  assert.equal(azure.counts.calls['rg-2']?.['resourceGroups.put'], 1);
  await clock.step(1049);
  assert.equal(isAnswered, false);
  await clock.step(1);
  await answer;
});
