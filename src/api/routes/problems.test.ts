import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anApiWorld, aPool } from '#test/api-world.ts';
import type { ApiWorld } from '#test/api-world.ts';

const pool = '/worker-pool/aa%2Fbb';
const errors = '/worker-pool-errors/aa%2Fbb';

function aReport(special: object = {}): object {
  return {
    workerGroup: 'g',
    workerId: 'w',
    kind: 'worker-error',
    title: 'Something went wrong',
    description: 'what and where',
    extra: { amISure: true },
    ...special,
  };
}

async function withPool(world: ApiWorld): Promise<ApiWorld> {
  await world.call('PUT', pool, { body: aPool() });
  await world.store.confirmEvents((await world.store.waitingEvents(100)).map(({ sequence }) => sequence));
  return world;
}

// spec: api 0.2, 1.12, 7.4, 8.3, 9.2, W21, E37
test('a report is stored with what the worker said and who it is, and told', async (t) => {
  const world = await withPool(await anApiWorld(t));
  const { status, body } = await world.call('POST', errors, {
    body: aReport({ extra: { amISure: true, workerId: 'mine', code: 'E1' } }),
  });
  assert.equal(status, 200);
  assert.match(body.errorId, /^[\w-]{22}$/);
  const { errorId, ...rest } = body;
  assert.deepEqual(rest, {
    workerPoolId: 'aa/bb',
    reported: '2026-03-04T05:06:07.890Z',
    kind: 'worker-error',
    title: 'Something went wrong',
    description: 'what and where',
    extra: { amISure: true, code: 'E1', workerGroup: 'g', workerId: 'w' },
  });
  const { workerPoolErrors } = (await world.call('GET', errors)).body;
  assert.deepEqual(workerPoolErrors, [body]);
  const [event] = await world.store.waitingEvents(10);
  assert.deepEqual(event?.event, {
    exchange: 'worker-pool-error',
    payload: {
      workerPoolId: 'aa/bb',
      providerId: 'cloud',
      errorId,
      kind: 'worker-error',
      title: 'Something went wrong',
      timestamp: '2026-03-04T05:06:07.890Z',
      workerGroup: 'g',
      workerId: 'w',
    },
  });
});

// spec: api 1.12, E37
test('a report of a known worker says its launch config, and each report is a new error', async (t) => {
  const world = await withPool(await anApiWorld(t));
  const worker = await world.requestWorker('aa/bb');
  const { workerGroup, workerId, launchConfigId } = worker;
  const one = await world.call('POST', errors, { body: aReport({ workerGroup, workerId }) });
  const two = await world.call('POST', errors, { body: aReport({ workerGroup, workerId }) });
  assert.equal(one.body.launchConfigId, launchConfigId);
  assert.notEqual(one.body.errorId, two.body.errorId);
});

// spec: api 1.12, E38
test('a report for a pool that is missing, or whose provider is unusable, is refused', async (t) => {
  const world = await withPool(await anApiWorld(t));
  assert.equal((await world.call('POST', '/worker-pool-errors/aa%2Fnone', { body: aReport() })).status, 404);
  world.broken.add('cloud');
  assert.equal((await world.call('POST', errors, { body: aReport() })).status, 503);
  const gone = { workerPoolId: 'aa/old', providerId: 'gone', description: '', owner: 'a@b.c', emailOnError: false };
  await world.store.createPool({ ...gone, config: {} }, 'me', world.clock.now());
  const unknown = await world.call('POST', '/worker-pool-errors/aa%2Fold', { body: aReport() });
  assert.deepEqual([unknown.status, unknown.body.code], [400, 'InputError']);
});

// spec: W47
test('a report keeps its text even where a character of it cannot be stored', async (t) => {
  const world = await withPool(await anApiWorld(t));
  const { status } = await world.call('POST', errors, {
    body: aReport({ title: 'a\0b', description: 'half \ud800', extra: { 'x\0': ['\0'] } }),
  });
  assert.equal(status, 200);
  assert.match((await world.call('GET', errors)).body.workerPoolErrors[0].title, /^a.b$/);
});

// spec: W20
test('any kind with one proper character in it is accepted', async (t) => {
  const world = await withPool(await anApiWorld(t));
  assert.equal((await world.call('POST', errors, { body: aReport({ kind: 'ABC!x' }) })).status, 200);
  assert.equal((await world.call('POST', errors, { body: aReport({ kind: 'ABC!' }) })).status, 400);
});

// spec: api 1.14, W17, E39, E40, E41
test('errors are listed newest first, in pages, by id and by launch config; of an unknown pool there are none', async (t) => {
  const world = await withPool(await anApiWorld(t));
  const { workerGroup, workerId, launchConfigId } = await world.requestWorker('aa/bb');
  const titles = ['one', 'two', 'three'];
  for (const title of titles) {
    await world.clock.step(1000);
    await world.call('POST', errors, {
      body: aReport({ title, ...(title === 'two' ? { workerGroup, workerId } : {}) }),
    });
  }
  const list = async (query: string): Promise<[string[], string | undefined]> => {
    const { body } = await world.call('GET', `${errors}${query}`);
    return [body.workerPoolErrors.map(({ title }: { title: string }) => title), body.continuationToken];
  };
  assert.deepEqual(await list(''), [['three', 'two', 'one'], undefined]);
  const [newest, token] = await list('?limit=2');
  assert.deepEqual(newest, ['three', 'two']);
  assert.deepEqual(await list(`?limit=2&continuationToken=${token}`), [['one'], undefined]);
  assert.deepEqual((await list(`?launchConfigId=${launchConfigId}`))[0], ['two']);
  const { workerPoolErrors } = (await world.call('GET', errors)).body;
  assert.deepEqual((await list(`?errorId=${workerPoolErrors[2].errorId}`))[0], ['one']);
  assert.deepEqual((await world.call('GET', '/worker-pool-errors/aa%2Fnone')).body, { workerPoolErrors: [] });
});

// spec: api 1.13, W22, E42
test('errors of all pools are counted by day, hour, title, code and pool', async (t) => {
  const world = await withPool(await anApiWorld(t));
  await world.call('PUT', '/worker-pool/aa%2Fcc', { body: aPool() });
  await world.call('POST', errors, { body: aReport({ title: 'a', extra: { code: 'E1' } }) });
  await world.call('POST', errors, { body: aReport({ title: 'b' }) });
  await world.call('POST', '/worker-pool-errors/aa%2Fcc', { body: aReport({ title: 'b' }) });
  for (const query of ['', '?workerPoolId=']) {
    const { workerPoolId, totals } = (await world.call('GET', `/worker-pool-errors/stats${query}`)).body;
    assert.equal(workerPoolId, '');
    assert.equal(totals.total, 3);
    assert.deepEqual(Object.keys(totals.daily).at(-1), '2026-03-04T00:00:00.000Z');
    assert.deepEqual(Object.values(totals.daily), [0, 0, 0, 0, 0, 0, 3]);
    assert.equal(Object.keys(totals.hourly).at(-1), '2026-03-04T05:00:00.000Z');
    assert.deepEqual(Object.values(totals.hourly), [...Array.from({ length: 23 }, () => 0), 3]);
    assert.deepEqual(totals.title, { a: 1, b: 2 });
    assert.deepEqual(totals.code, { E1: 1, other: 2 });
    assert.deepEqual(totals.workerPool, { 'aa/bb': 2, 'aa/cc': 1 });
    assert.deepEqual(totals.launchConfig, {});
  }
});

// spec: api 1.13, W18, E43
test('errors of one pool are counted alone, by launch config too, for a pool that exists', async (t) => {
  const world = await withPool(await anApiWorld(t));
  await world.call('PUT', '/worker-pool/under_score%2Fcc', { body: aPool() });
  const { workerGroup, workerId, launchConfigId } = await world.requestWorker('aa/bb');
  await world.call('POST', errors, { body: aReport() });
  await world.call('POST', errors, { body: aReport({ workerGroup, workerId }) });
  await world.call('POST', '/worker-pool-errors/under_score%2Fcc', { body: aReport() });
  const { workerPoolId, totals } = (await world.call('GET', '/worker-pool-errors/stats?workerPoolId=aa/bb')).body;
  assert.equal(workerPoolId, 'aa/bb');
  assert.deepEqual(totals.workerPool, { 'aa/bb': 2 });
  assert.deepEqual(totals.launchConfig, { [launchConfigId ?? '']: 1, unknown: 1 });
  const other = await world.call('GET', '/worker-pool-errors/stats?workerPoolId=under_score/cc');
  assert.equal(other.body.totals.total, 1);
  assert.equal((await world.call('GET', '/worker-pool-errors/stats?workerPoolId=aa/none')).status, 404);
  assert.equal((await world.call('GET', '/worker-pool-errors/stats?workerPoolId=nonsense')).status, 400);
});
