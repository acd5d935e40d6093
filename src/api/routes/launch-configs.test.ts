import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aLaunchConfig, anApiWorld, aPool } from '#test/api-world.ts';

const pool = '/worker-pool/aa%2Fbb';
const list = `${pool}/launch-configs`;

function named(id: string): ReturnType<typeof aLaunchConfig> {
  return aLaunchConfig({ zone: id, workerManager: { launchConfigId: id } });
}

// spec: api 0.2, 1.9, 7.2
test('launch configs are listed by id, exactly as they were sent', async (t) => {
  const world = await anApiWorld(t);
  const unnamed = aLaunchConfig();
  await world.call('PUT', pool, { body: aPool({}, [named('b'), named('a_1'), unnamed]) });
  const { body } = await world.call('GET', list);
  const items = body.workerPoolLaunchConfigs;
  assert.deepEqual(
    items.map(({ configuration }: { configuration: unknown }) => configuration),
    [named('a_1'), named('b'), unnamed],
  );
  const { configuration: _, ...rest } = items[0];
  assert.deepEqual(rest, {
    launchConfigId: 'a_1',
    workerPoolId: 'aa/bb',
    isArchived: false,
    created: '2026-03-04T05:06:07.890Z',
    lastModified: '2026-03-04T05:06:07.890Z',
  });
});

// spec: api 1.9, 6.3
test('archived launch configs are listed only when asked for', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool({}, [named('a'), named('b')]) });
  await world.call('POST', pool, { body: aPool({}, [named('b')]) });
  const idsOf = async (query: string): Promise<string[]> => {
    const { body } = await world.call('GET', `${list}${query}`);
    return body.workerPoolLaunchConfigs.map(
      ({ launchConfigId, isArchived }: { launchConfigId: string; isArchived: boolean }) =>
        `${launchConfigId}${isArchived ? ' archived' : ''}`,
    );
  };
  assert.deepEqual(await idsOf(''), ['b']);
  assert.deepEqual(await idsOf('?includeArchived=false'), ['b']);
  assert.deepEqual(await idsOf('?includeArchived=true'), ['a archived', 'b']);
  assert.equal((await world.call('GET', `${list}?includeArchived=yes`)).status, 400);
});

// spec: api 1.9, 2.6
test('launch configs come in pages', async (t) => {
  const world = await anApiWorld(t);
  await world.call('PUT', pool, { body: aPool({}, [named('a'), named('b'), named('c')]) });
  const first = (await world.call('GET', `${list}?limit=2`)).body;
  assert.equal(first.workerPoolLaunchConfigs.length, 2);
  const rest = (await world.call('GET', `${list}?limit=2&continuationToken=${first.continuationToken}`)).body;
  assert.deepEqual(
    rest.workerPoolLaunchConfigs.map(({ launchConfigId }: { launchConfigId: string }) => launchConfigId),
    ['c'],
  );
  assert.equal('continuationToken' in rest, false);
});
