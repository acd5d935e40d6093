import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { compute, type compute_v1 } from '@googleapis/compute';
import { clientConfig, plainInstance, plainProperties, refused, rigGce, zone } from './rig.ts';
import type { GceOptions } from './server.ts';

type ListParams = compute_v1.Params$Resource$Instances$List;
type AggregatedParams = compute_v1.Params$Resource$Instances$Aggregatedlist;

async function rig(t: TestContext, options?: GceOptions) {
  const { gce, clock } = await rigGce(t, options);
  const client = compute(clientConfig(gce));
  const project = { project: gce.project };
  const insert = async (name: string, labels: Record<string, string> = {}, place = zone) =>
    (await client.instances.insert({ ...project, zone: place, requestBody: { ...plainInstance(name, place), labels } }))
      .data;
  const many = async (count: number, place = zone) =>
    (
      await client.instances.bulkInsert({
        ...project,
        zone: place,
        requestBody: {
          count: String(count),
          namePattern: 'w-#####',
          instanceProperties: plainProperties(),
        },
      })
    ).data;
  const list = async (more: ListParams = {}) => (await client.instances.list({ ...project, zone, ...more })).data;
  const aggregated = async (more: AggregatedParams = {}) =>
    (await client.instances.aggregatedList({ ...project, ...more })).data;
  return { gce, clock, client, project, insert, many, list, aggregated };
}

const names = (items: readonly compute_v1.Schema$Instance[] | undefined): string[] =>
  (items ?? []).map(({ name }) => name ?? '');

test('a zone lists its instances by name, and only its own', async (t) => {
  const { insert, list, client, project } = await rig(t);
  await insert('b');
  await insert('c', {}, 'us-central1-b');
  await insert('a');
  assert.deepEqual(names((await list()).items), ['a', 'b']);
  const other = await client.instances.list({ ...project, zone: 'us-central1-c' });
  assert.equal(other.data.items, undefined, 'an empty list has no items');
  assert.equal(other.data.kind, 'compute#instanceList');
});

test('pages follow one another without gaps or repeats, while instances come and go', async (t) => {
  const { clock, many, insert, list, client, project } = await rig(t);
  await many(10);
  const first = await list({ maxResults: 4 });
  assert.deepEqual(names(first.items), ['w-00001', 'w-00002', 'w-00003', 'w-00004']);
  await client.instances.delete({ ...project, zone, instance: 'w-00004' });
  await clock.step(20_000);
  await insert('a-new-one');
  await insert('w-00004a');
  const second = await list({ maxResults: 4, pageToken: first.nextPageToken ?? '' });
  assert.deepEqual(names(second.items), ['w-00004a', 'w-00005', 'w-00006', 'w-00007']);
  const third = await list({ maxResults: 4, pageToken: second.nextPageToken ?? '' });
  assert.deepEqual(names(third.items), ['w-00008', 'w-00009', 'w-00010']);
  assert.equal(third.nextPageToken, undefined);
});

test('a page has 500 instances at most, and a token is for its own query only', async (t) => {
  const { many, list } = await rig(t);
  await many(501);
  const first = await list();
  assert.equal(first.items?.length, 500);
  await assert.rejects(list({ maxResults: 501 }), refused('invalid', 400, /maxResults/));
  const pageToken = first.nextPageToken ?? '';
  assert.equal((await list({ pageToken })).items?.length, 1);
  await assert.rejects(list({ pageToken, filter: 'status=RUNNING' }), refused('invalid', 400, /pageToken/));
  await assert.rejects(list({ pageToken: 'x' }), refused('invalid', 400, /pageToken/));
  await assert.rejects(list({ orderBy: 'creationTimestamp desc' }), refused('invalid', 400, /orderBy/));
});

test('a page that is cut short, even to nothing, has a token for the rest', async (t) => {
  const { many, list } = await rig(t, { dials: { shortPage: 1 } });
  await many(60);
  const seen: string[] = [];
  let pageToken: string | undefined;
  let pages = 0;
  do {
    const page = await list(pageToken === undefined ? { maxResults: 10 } : { maxResults: 10, pageToken });
    seen.push(...names(page.items));
    pageToken = page.nextPageToken ?? undefined;
    pages += 1;
  } while (pageToken !== undefined);
  assert.equal(new Set(seen).size, 60);
  assert.equal(seen.length, 60);
  assert.ok(pages > 6, `${pages} pages`);
});

test('filters choose by labels and status', async (t) => {
  const { clock, insert, list } = await rig(t);
  await insert('a', { 'created-by': 'wm', pool: 'one' });
  await insert('b', { 'created-by': 'wm', pool: 'two' });
  await clock.step(10_000);
  await insert('c', { 'created-by': 'wm', pool: 'one' });
  await insert('d', { 'created-by': 'me' });
  assert.deepEqual(names((await list({ filter: 'labels.created-by=wm' })).items), ['a', 'b', 'c']);
  assert.deepEqual(names((await list({ filter: '(labels.created-by = "wm") (labels.pool = one)' })).items), ['a', 'c']);
  assert.deepEqual(names((await list({ filter: 'labels.pool:* AND status=RUNNING' })).items), ['a', 'b']);
  assert.deepEqual(names((await list({ filter: 'labels.pool=two OR labels.created-by=me' })).items), ['b', 'd']);
  assert.equal((await list({ filter: 'labels.pool=three' })).items, undefined);
  await assert.rejects(list({ filter: 'colour=red' }), refused('invalid', 400, /Invalid list filter expression/));
});

test('fields are all that comes', async (t) => {
  const { insert, list, client, project, aggregated } = await rig(t);
  const { targetId } = await insert('a', { pool: 'one' });
  assert.deepEqual(await list({ fields: 'items(id,name,status,labels),nextPageToken' }), {
    items: [{ id: targetId, name: 'a', status: 'PROVISIONING', labels: { pool: 'one' } }],
  });
  const fields = 'items/*/instances(name,scheduling/preemptible),nextPageToken';
  assert.deepEqual((await aggregated({ fields })).items?.[`zones/${zone}`], {
    instances: [{ name: 'a', scheduling: { preemptible: false } }],
  });
  const get = await client.instances.get({ ...project, zone, instance: 'a', fields: 'id' });
  assert.deepEqual(get.data, { id: targetId });
  await assert.rejects(
    list({ fields: 'items(nmae)' }),
    refused('invalidParameter', 400, /Invalid field selection nmae/),
  );
});

test('all zones are listed together, each with its instances or the word that there are none', async (t) => {
  const { many, insert, aggregated } = await rig(t);
  await many(3, 'us-east1-b');
  await insert('a');
  const { items = {} } = await aggregated({ includeAllScopes: true });
  const scopes = Object.entries(items ?? {}).map(([scope, { instances, warning }]) => [
    scope,
    instances?.length ?? warning?.code,
  ]);
  const empty = 'NO_RESULTS_ON_PAGE';
  assert.deepEqual(Object.fromEntries(scopes), {
    'zones/us-central1-a': 1,
    'zones/us-central1-b': empty,
    'zones/us-central1-c': empty,
    'zones/us-central1-f': empty,
    'zones/us-east1-b': 3,
    'zones/us-east1-c': empty,
    'zones/us-east1-d': empty,
    global: empty,
    'regions/us-central1': empty,
    'regions/us-east1': empty,
  });
  assert.equal((await aggregated()).items?.['regions/us-east1'], undefined);
});

test('pages of all zones hold so many instances together', async (t) => {
  const { many, aggregated } = await rig(t);
  await many(7, 'us-central1-b');
  await many(6, 'us-east1-b');
  await many(2, 'us-east1-d');
  const counts: number[] = [];
  const seen = new Set<string>();
  let pageToken: string | undefined;
  do {
    const page = await aggregated(pageToken === undefined ? { maxResults: 4 } : { maxResults: 4, pageToken });
    const found = Object.entries(page.items ?? {}).flatMap(([scope, { instances }]) =>
      names(instances).map((name) => `${scope}/${name}`),
    );
    counts.push(found.length);
    found.forEach((name) => seen.add(name));
    pageToken = page.nextPageToken ?? undefined;
  } while (pageToken !== undefined);
  assert.deepEqual(counts, [4, 4, 4, 3]);
  assert.equal(seen.size, 15);
});

test('a zone that is not reached fails the list, or in part says so', async (t) => {
  const { gce, insert, list, aggregated } = await rig(t);
  await insert('a');
  await insert('b', {}, 'us-east1-b');
  const id = gce.faults.add({ kind: 'unreachable', zone });
  await assert.rejects(list(), refused('backendError', 503));
  await assert.rejects(aggregated(), refused('backendError', 503));
  const part = await aggregated({ returnPartialSuccess: true });
  assert.deepEqual(names(part.items?.['zones/us-east1-b']?.instances), ['b']);
  assert.equal(part.items?.[`zones/${zone}`]?.warning?.code, 'UNREACHABLE');
  assert.deepEqual(part.unreachables, [`zones/${zone}`]);
  gce.faults.remove(id);
  assert.equal((await aggregated({ returnPartialSuccess: true })).unreachables, undefined);
});

test('a stale list shows what was, and a get what is', async (t) => {
  const { gce, clock, insert, list, client, project } = await rig(t);
  await insert('a');
  await clock.step(60_000);
  gce.faults.turn({ staleListMs: 30_000 });
  await insert('b');
  await client.instances.delete({ ...project, zone, instance: 'a' });
  await clock.step(20_000);
  const shown = async () => (await list()).items?.map(({ name, status }) => `${name} ${status}`);
  assert.deepEqual(await shown(), ['a RUNNING']);
  await assert.rejects(client.instances.get({ ...project, zone, instance: 'a' }), refused('notFound', 404));
  await clock.step(15_000);
  assert.deepEqual(await shown(), ['a STOPPING', 'b RUNNING']);
  await clock.step(30_000);
  assert.deepEqual(await shown(), ['b RUNNING']);
});

test('a status that nobody knows is shown as it is', async (t) => {
  const { insert, list } = await rig(t, { dials: { strangeStatus: 1 } });
  await insert('a');
  assert.equal((await list()).items?.[0]?.status, 'HIBERNATING');
});
