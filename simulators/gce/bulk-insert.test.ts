import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { clientConfig, plainInstance, plainProperties, refused, rigGce, zone } from './rig.ts';

type Bulk = compute_v1.Schema$BulkInsertInstanceResource;

async function rig(t: TestContext) {
  const { gce, clock } = await rigGce(t);
  const client = compute(clientConfig(gce));
  const place = { project: gce.project, zone };
  const bulk = async (body: Bulk, requestId?: string) =>
    (
      await client.instances.bulkInsert({
        ...place,
        ...(requestId === undefined ? {} : { requestId }),
        requestBody: { instanceProperties: plainProperties(), ...body },
      })
    ).data;
  const operation = async (name: string | null | undefined) =>
    (await client.zoneOperations.get({ ...place, operation: name ?? '' })).data;
  const inserts = async (groupId: string | null | undefined) => {
    const filter = `operationGroupId="${groupId}" AND operationType=insert`;
    return (await client.zoneOperations.list({ ...place, filter })).data.items ?? [];
  };
  const shown = () => gce.instances().map(({ name, status }) => `${name} ${status}`);
  return { gce, clock, client, place, bulk, operation, inserts, shown };
}

const pattern: Bulk = { count: '3', namePattern: 'worker-##' };

test('a bulk insert starts all its instances, each with an insert of its own', async (t) => {
  const { gce, clock, bulk, operation, inserts, shown } = await rig(t);
  const accepted = await bulk({ ...pattern, minCount: '1' });
  assert.deepEqual(
    { type: accepted.operationType, status: accepted.status, targetId: accepted.targetId },
    { type: 'bulkInsert', status: 'RUNNING', targetId: undefined },
  );
  assert.deepEqual(accepted.instancesBulkInsertOperationMetadata?.perLocationStatus, {
    [`zones/${zone}`]: {
      status: 'CREATING',
      targetVmCount: 3,
      createdVmCount: 0,
      failedToCreateVmCount: 0,
      deletedVmCount: 0,
    },
  });
  await clock.step(5_000);
  assert.deepEqual(shown(), ['worker-01 RUNNING', 'worker-02 RUNNING', 'worker-03 RUNNING']);
  const done = await operation(accepted.name);
  assert.equal(done.status, 'DONE');
  const status = done.instancesBulkInsertOperationMetadata?.perLocationStatus?.[`zones/${zone}`];
  assert.deepEqual([status?.status, status?.createdVmCount], ['DONE', 3]);
  const own = await inserts(accepted.operationGroupId);
  assert.deepEqual(
    own.map(({ targetId, status: state }) => `${targetId} ${state}`).toSorted(),
    gce
      .instances()
      .map(({ id }) => `${id} DONE`)
      .toSorted(),
  );
  assert.equal(gce.logbook[0]?.instances, 3);
});

test('numbers begin after the biggest that is there', async (t) => {
  const { bulk, shown } = await rig(t);
  await bulk({ count: '2', namePattern: 'worker-##' });
  await bulk({ count: '1', namePattern: 'worker-##' });
  await bulk({ count: '1', namePattern: 'worker-###' });
  assert.deepEqual(
    shown().map((text) => text.split(' ')[0]),
    ['worker-001', 'worker-01', 'worker-02', 'worker-03'],
  );
});

test('names can be given one by one, with host names', async (t) => {
  const { bulk, client, place } = await rig(t);
  await bulk({ count: '2', perInstanceProperties: { 'wm-a': {}, 'wm-b': { hostname: 'b.example.com' } } });
  const get = async (instance: string) => (await client.instances.get({ ...place, instance })).data;
  assert.equal((await get('wm-a')).hostname, undefined);
  assert.equal((await get('wm-b')).hostname, 'b.example.com');
});

test('a repeated request id starts nothing, and gets the operation that it began', async (t) => {
  const { gce, clock, bulk } = await rig(t);
  const requestId = randomUUID();
  const first = await bulk(pattern, requestId);
  await clock.step(10_000);
  const again = await bulk(pattern, requestId);
  assert.deepEqual([again.name, again.operationGroupId, again.status], [first.name, first.operationGroupId, 'DONE']);
  assert.deepEqual([gce.counts.launched, gce.counts.replayed], [3, 1]);
});

test('with fewer machines than asked for, but enough, those are created and the rest fails one by one', async (t) => {
  const { gce, clock, bulk, operation, inserts, shown } = await rig(t);
  gce.faults.add({ kind: 'stock', zone, available: 2 });
  const accepted = await bulk({ ...pattern, minCount: '1' });
  await clock.step(5_000);
  assert.deepEqual(shown(), ['worker-01 RUNNING', 'worker-02 RUNNING']);
  const done = await operation(accepted.name);
  assert.deepEqual([done.status, done.error], ['DONE', undefined]);
  const status = done.instancesBulkInsertOperationMetadata?.perLocationStatus?.[`zones/${zone}`];
  assert.deepEqual([status?.createdVmCount, status?.failedToCreateVmCount, status?.deletedVmCount], [2, 1, 0]);
  const errors = (await inserts(accepted.operationGroupId)).flatMap(({ error }) => error?.errors ?? []);
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['ZONE_RESOURCE_POOL_EXHAUSTED'],
  );
});

test('the tightest of quotas and stocks decides, and a stock is never used beyond its end', async (t) => {
  const { gce, clock, bulk, shown } = await rig(t);
  gce.faults.add({ kind: 'quota', metric: 'INSTANCES', limit: 2 });
  gce.faults.add({ kind: 'stock', zone, available: 1 });
  await bulk({ ...pattern, minCount: '1' });
  await clock.step(5_000);
  assert.deepEqual(shown(), ['worker-01 RUNNING']);
  assert.deepEqual(gce.faults.list()[1]?.fault, { kind: 'stock', zone, available: 0 });
});

test('with fewer than the minimum nothing stays, and the operation says so', async (t) => {
  const { gce, clock, bulk, operation, shown } = await rig(t);
  gce.faults.add({ kind: 'stock', zone, available: 2 });
  const accepted = await bulk(pattern);
  await clock.step(5_000);
  assert.deepEqual(shown(), ['worker-01 STOPPING', 'worker-02 STOPPING']);
  const rolling = (await operation(accepted.name)).instancesBulkInsertOperationMetadata?.perLocationStatus;
  assert.equal(rolling?.[`zones/${zone}`]?.status, 'ROLLING_BACK');
  await clock.step(20_000);
  assert.deepEqual(shown(), []);
  const done = await operation(accepted.name);
  assert.deepEqual(
    [done.status, done.error?.errors, done.httpErrorStatusCode],
    [
      'DONE',
      [{ code: 'VM_MIN_COUNT_NOT_REACHED', message: 'Requested minimum count of 3 VMs could not be created.' }],
      503,
    ],
  );
  assert.equal(done.instancesBulkInsertOperationMetadata?.perLocationStatus?.[`zones/${zone}`]?.deletedVmCount, 2);
});

test('single inserts that fail afterwards count against the minimum, too', async (t) => {
  const { gce, clock, bulk, operation, shown } = await rig(t);
  gce.faults.add({ kind: 'operation', type: 'insert', times: 1 });
  const accepted = await bulk(pattern);
  await clock.step(30_000);
  assert.deepEqual(shown(), []);
  assert.equal((await operation(accepted.name)).error?.errors?.[0]?.code, 'VM_MIN_COUNT_NOT_REACHED');
});

test('a quota is looked at before the call is accepted, and a stock only if it says so', async (t) => {
  const { gce, bulk, clock, shown } = await rig(t);
  const id = gce.faults.add({ kind: 'quota', region: 'us-central1', metric: 'N2_CPUS', limit: 8 });
  await assert.rejects(
    bulk(pattern),
    refused('quotaExceeded', 403, /Quota 'N2_CPUS' exceeded. {2}Limit: 8.0 in region us-central1./),
  );
  await bulk({ ...pattern, minCount: '2' });
  await clock.step(10_000);
  assert.equal(shown().length, 2);
  gce.faults.remove(id);
  gce.faults.add({ kind: 'stock', zone, available: 0, at: 'request' });
  await assert.rejects(bulk(pattern), refused('insufficientCapacity', 503));
});

test('what is wrong with a bulk insert is refused whole', async (t) => {
  const { gce, bulk, client, place } = await rig(t);
  await client.instances.insert({ ...place, requestBody: plainInstance('taken') });
  const wrongs: readonly (readonly [Bulk, string, number, RegExp])[] = [
    [{ count: '1' }, 'required', 400, /namePattern/],
    [{ count: '0', namePattern: 'w-#' }, 'invalid', 400, /count/],
    [{ count: '2', minCount: '3', namePattern: 'w-#' }, 'invalid', 400, /minCount/],
    [{ count: '2', namePattern: 'worker' }, 'invalid', 400, /namePattern/],
    [{ count: '1', namePattern: 'W-#' }, 'invalid', 400, /regex/],
    [{ count: '2', perInstanceProperties: { 'w-a': {} } }, 'invalid', 400, /equal to count 2/],
    [{ count: '2', perInstanceProperties: { 'w-a': {}, taken: {} } }, 'alreadyExists', 409, /taken/],
    [{ ...pattern, sourceInstanceTemplate: 'global/instanceTemplates/t' }, 'notFound', 404, /instanceTemplates/],
    [
      {
        ...pattern,
        instanceProperties: { ...plainProperties(), machineType: `zones/${zone}/machineTypes/n2-standard-4` },
      },
      'invalid',
      400,
      /resource.instanceProperties.machineType/,
    ],
    [
      { ...pattern, instanceProperties: { ...plainProperties(), disks: [{ boot: true, source: 'zones/z/disks/d' }] } },
      'invalid',
      400,
      /cannot be attached in bulk/,
    ],
  ];
  for (const [body, reason, status, text] of wrongs) {
    await assert.rejects(bulk(body), refused(reason, status, text));
  }
  assert.equal(gce.counts.launched, 1);
});

test('the eleventh bulk operation at a time is refused', async (t) => {
  const { clock, bulk } = await rig(t);
  for (let number = 0; number < 10; number++) {
    await bulk({ count: '1', namePattern: 'worker-##' });
  }
  await assert.rejects(bulk({ count: '1', namePattern: 'worker-##' }), refused('rateLimitExceeded', 403));
  await clock.step(5_000);
  await bulk({ count: '1', namePattern: 'worker-##' });
});
