import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute } from '@googleapis/compute';
import { clientConfig, plainInstance, refused, rigGce, zone } from './rig.ts';

async function rig(t: TestContext) {
  const { gce, clock } = await rigGce(t);
  const client = compute(clientConfig(gce));
  const place = { project: gce.project, zone };
  const insert = async (name = 'worker-1') =>
    (await client.instances.insert({ ...place, requestBody: plainInstance(name) })).data;
  const remove = async (instance = 'worker-1') => (await client.instances.delete({ ...place, instance })).data;
  const operation = async (name: string | null | undefined) =>
    (await client.zoneOperations.get({ ...place, operation: name ?? '' })).data;
  const wait = async (name: string | null | undefined) =>
    (await client.zoneOperations.wait({ ...place, operation: name ?? '' })).data;
  const shown = () => gce.instances().map(({ name, status }) => `${name} ${status}`);
  return { gce, clock, client, place, insert, remove, operation, wait, shown };
}

test('an operation can fail after it was accepted, with the code that is wished', async (t) => {
  const { gce, clock, insert, operation, shown } = await rig(t);
  gce.faults.add({
    kind: 'operation',
    code: 'RESOURCE_OPERATION_RATE_EXCEEDED',
    message: 'Too fast.',
    status: 403,
    times: 1,
  });
  const { name } = await insert();
  assert.deepEqual(shown(), ['worker-1 PROVISIONING'], 'it can be seen until then');
  await clock.step(4_000);
  assert.deepEqual(shown(), []);
  const done = await operation(name);
  assert.deepEqual(
    [done.status, done.error, done.httpErrorStatusCode, done.httpErrorMessage],
    ['DONE', { errors: [{ code: 'RESOURCE_OPERATION_RATE_EXCEEDED', message: 'Too fast.' }] }, 403, 'FORBIDDEN'],
  );
  await insert();
  await clock.step(5_000);
  assert.deepEqual(shown(), ['worker-1 RUNNING']);
  assert.deepEqual([gce.counts.launched, gce.counts.failed], [2, 1]);
});

test('an instance whose insert will fail need not be seen at all', async (t) => {
  const { gce, client, place, insert } = await rig(t);
  gce.faults.turn({ isFailingShown: false });
  gce.faults.add({ kind: 'operation', type: 'insert' });
  await insert();
  await assert.rejects(client.instances.get({ ...place, instance: 'worker-1' }), refused('notFound', 404));
});

test('a delete that fails leaves the instance as it is', async (t) => {
  const { gce, clock, insert, remove, operation, shown } = await rig(t);
  await insert();
  await clock.step(5_000);
  gce.faults.add({ kind: 'operation', type: 'delete', times: 1 });
  const { name } = await remove();
  await clock.step(60_000);
  assert.equal((await operation(name)).error?.errors?.[0]?.code, 'INTERNAL_ERROR');
  assert.deepEqual(shown(), ['worker-1 RUNNING']);
});

test('a stuck operation never ends; its effect may be there or not', async (t) => {
  const { gce, clock, insert, remove, operation, shown } = await rig(t);
  gce.faults.add({ kind: 'stuck', type: 'insert', times: 1 });
  gce.faults.add({ kind: 'stuck', type: 'insert', isEffective: true, times: 1 });
  gce.faults.add({ kind: 'stuck', type: 'delete', times: 1 });
  gce.faults.add({ kind: 'stuck', type: 'delete', isEffective: true, times: 1 });
  const operations = [await insert('a'), await insert('b'), await insert('c'), await insert('d')];
  await clock.step(60_000);
  assert.deepEqual(shown(), ['a PROVISIONING', 'b RUNNING', 'c RUNNING', 'd RUNNING']);
  operations.push(await remove('c'), await remove('d'));
  await clock.step(24 * 3_600_000);
  assert.deepEqual(shown(), ['a PROVISIONING', 'b RUNNING', 'c STOPPING']);
  const states = await Promise.all(operations.map(async ({ name }) => (await operation(name)).status));
  assert.deepEqual(states, ['RUNNING', 'RUNNING', 'DONE', 'DONE', 'RUNNING', 'RUNNING']);
});

test('a wait is answered when the operation is done', async (t) => {
  const { clock, insert, wait } = await rig(t);
  const { name } = await insert();
  let answered = false;
  const waiting = wait(name).finally(() => (answered = true));
  while (clock.pending === 0) {
    await new Promise(setImmediate);
  }
  await clock.step(4_999);
  assert.equal(answered, false);
  await clock.step(1);
  assert.equal((await waiting).status, 'DONE');
  assert.equal((await wait(name)).status, 'DONE', 'and at once if it is');
});

test('a wait ends after two minutes, whatever the operation is then', async (t) => {
  const { gce, clock, insert, wait } = await rig(t);
  gce.faults.add({ kind: 'stuck' });
  const { name } = await insert();
  const waiting = wait(name);
  while (clock.pending === 0) {
    await new Promise(setImmediate);
  }
  await clock.step(120_000);
  assert.equal((await waiting).status, 'RUNNING');
});

test('operations are listed, filtered and paged', async (t) => {
  const { clock, client, place, insert, remove } = await rig(t);
  const { targetId } = await insert('a');
  await insert('b');
  await clock.step(10_000);
  await remove('a');
  const list = async (filter?: string, maxResults = 500) =>
    (await client.zoneOperations.list({ ...place, maxResults, ...(filter === undefined ? {} : { filter }) })).data;
  assert.equal((await list()).items?.length, 3);
  assert.deepEqual((await list(`targetId=${targetId}`)).items?.map(({ operationType }) => operationType).toSorted(), [
    'delete',
    'insert',
  ]);
  assert.equal((await list('status!=DONE')).items?.length, 1);
  const first = await list(undefined, 2);
  const rest = await client.zoneOperations.list({ ...place, pageToken: first.nextPageToken ?? '', maxResults: 2 });
  assert.deepEqual([first.items?.length, rest.data.items?.length, rest.data.nextPageToken], [2, 1, undefined]);
});

test('an unknown operation is not found, in zones and globally', async (t) => {
  const { client, gce, operation } = await rig(t);
  await assert.rejects(operation('operation-1'), refused('notFound', 404, /operations\/operation-1' was not found/));
  const global = client.globalOperations.get({ project: gce.project, operation: 'operation-1' });
  await assert.rejects(global, refused('notFound', 404));
});
