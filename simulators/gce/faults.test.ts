import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compute } from '@googleapis/compute';
import { clientConfig, plainInstance, refused, rigGce, zone } from './rig.ts';
import type { GceOptions } from './server.ts';

async function rig(t: TestContext, options?: GceOptions) {
  const { gce, clock } = await rigGce(t, options);
  const client = compute(clientConfig(gce));
  const place = { project: gce.project, zone };
  const insert = async (name = 'worker-1', requestId = randomUUID(), where = zone) =>
    (
      await client.instances.insert({
        project: gce.project,
        zone: where,
        requestId,
        requestBody: plainInstance(name, where),
      })
    ).data;
  const list = async () => (await client.instances.list(place)).data;
  return { gce, clock, client, place, insert, list };
}

/** Lets sockets move while the simulator's time stands still. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await nextTurn();
  }
}

test('errors have the reason, status and text that Google gives them', async (t) => {
  const { gce, list } = await rig(t);
  const shapes: Readonly<Record<string, number>> = {
    authError: 401,
    backendError: 503,
    forbidden: 403,
    internalError: 500,
    quotaExceeded: 403,
    rateLimitExceeded: 403,
    resourceNotReady: 400,
  };
  for (const [reason, status] of Object.entries(shapes)) {
    gce.faults.add({ kind: 'error', reason, times: 1 });
    await assert.rejects(list(), refused(reason, status));
  }
  gce.faults.add({ kind: 'error', reason: 'rateLimitExceeded', status: 429, message: 'Slow down.', times: 1 });
  await assert.rejects(list(), refused('rateLimitExceeded', 429, /^Slow down\.$/));
  await list();
});

test('an error strikes before anything is done, as often as it says', async (t) => {
  const { gce, insert } = await rig(t);
  gce.faults.add({ kind: 'error', action: 'instances.insert', times: 2 });
  await assert.rejects(insert(), refused('backendError', 503));
  await assert.rejects(insert(), refused('backendError', 503));
  assert.equal(gce.instances().length, 0);
  await insert();
  assert.equal(gce.instances().length, 1);
});

test('faults strike only the action, region and zone that they name', async (t) => {
  const { gce, list, insert } = await rig(t);
  gce.faults.add({ kind: 'error', action: 'instances.list', reason: 'forbidden' });
  gce.faults.add({ kind: 'error', region: 'us-east1' });
  gce.faults.add({ kind: 'error', zone: 'us-central1-b', reason: 'internalError' });
  await insert();
  await assert.rejects(list(), refused('forbidden', 403));
  await assert.rejects(insert('a', randomUUID(), 'us-east1-c'), refused('backendError', 503));
  await assert.rejects(insert('a', randomUUID(), 'us-central1-b'), refused('internalError', 500));
  await insert('a', randomUUID(), 'us-central1-c');
});

test('an answer that is lost leaves its effect behind, and the request id finds it', async (t) => {
  const { gce, insert } = await rig(t);
  gce.faults.add({ kind: 'error', action: 'instances.insert', when: 'after', times: 1 });
  gce.faults.add({ kind: 'reset', action: 'instances.insert', when: 'after', times: 1 });
  const [one, two] = [randomUUID(), randomUUID()];
  await assert.rejects(insert('a', one), refused('backendError', 503));
  await assert.rejects(insert('b', two), { code: 'ECONNRESET' });
  const ids = [(await insert('a', one)).targetId, (await insert('b', two)).targetId];
  assert.deepEqual(
    gce.instances().map(({ id }) => id),
    ids,
  );
  assert.equal(gce.counts.replayed, 2);
});

test('a connection that breaks before the effect leaves nothing', async (t) => {
  const { gce, insert } = await rig(t);
  gce.faults.add({ kind: 'reset', times: 1 });
  await assert.rejects(insert(), { code: 'ECONNRESET' });
  assert.equal(gce.instances().length, 0);
  assert.equal(gce.logbook[0]?.outcome, 'reset');
});

test('a call that hangs gets no answer until its caller gives up', async (t) => {
  const { gce, client, place } = await rig(t);
  gce.faults.add({ kind: 'hang', action: 'instances.list' });
  const giveUp = new AbortController();
  const hanging = client.instances.list(place, { signal: giveUp.signal });
  await until(() => gce.logbook.length === 1);
  assert.equal(gce.logbook[0]?.outcome, 'hang');
  giveUp.abort();
  await assert.rejects(hanging);
});

test('a late answer comes after its time, its effect at once', async (t) => {
  const { gce, clock, insert } = await rig(t, { latencyMs: 50 });
  gce.faults.add({ kind: 'delay', delayMs: 1000, times: 1 });
  const accepted = insert();
  await until(() => clock.pending === 1);
  assert.equal(gce.instances().length, 1);
  let isAnswered = false;
  void accepted.then(() => (isAnswered = true));
  await clock.step(1049);
  assert.equal(isAnswered, false);
  await clock.step(1);
  await accepted;
});

test('faults strike by chance, the same for the same seed', async (t) => {
  const course = async (): Promise<string[]> => {
    const { gce, list } = await rig(t);
    gce.faults.add({ kind: 'error', chance: 0.5 });
    for (let call = 0; call < 20; call++) {
      await list().catch(() => undefined);
    }
    return gce.logbook.map(({ outcome }) => outcome);
  };
  const first = await course();
  assert.deepEqual(await course(), first);
  assert.deepEqual(new Set(first), new Set(['ok', 'backendError']));
});

test('calls over the limit are refused until the next minute, each kind by itself', async (t) => {
  const { gce, clock, client, place, list } = await rig(t, {
    dials: { limits: { list_requests_per_region: 3, read_requests_per_region: 1 } },
  });
  await clock.step(50_000);
  for (let call = 0; call < 3; call++) {
    await list();
  }
  await assert.rejects(
    list(),
    refused(
      'rateLimitExceeded',
      403,
      /^Quota exceeded for quota metric 'list_requests_per_region'.*'project_number:123456789012'/,
    ),
  );
  const other = await client.instances.list({ project: gce.project, zone: 'us-east1-b' });
  assert.equal(other.status, 200, 'another region has its own');
  const get = () => client.instances.get({ ...place, instance: 'x' });
  await assert.rejects(get(), refused('notFound', 404));
  await assert.rejects(get(), refused('rateLimitExceeded', 403));
  await clock.step(9_999);
  await assert.rejects(list(), refused('rateLimitExceeded', 403));
  await clock.step(1);
  await list();
  gce.faults.turn({ throttleStatus: 429, limits: { list_requests_per_region: 0 } });
  await assert.rejects(list(), refused('rateLimitExceeded', 429));
  gce.faults.turn({ isThrottling: false });
  await list();
});

test('without a bearer token nothing is done', async (t) => {
  const { gce } = await rig(t);
  const bare = compute({ version: 'v1', rootUrl: `${gce.url}/` });
  await assert.rejects(bare.instances.list({ project: gce.project, zone }), refused('required', 401));
  const chosen = await rigGce(t, { tokens: ['good'] });
  const ask = (token: string) =>
    compute({ ...clientConfig(chosen.gce), headers: { authorization: `Bearer ${token}` } }).instances.list({
      project: chosen.gce.project,
      zone,
    });
  await assert.rejects(ask('bad'), refused('authError', 401));
  assert.equal((await ask('good')).status, 200);
});

test('parameters that a method does not have, and bodies that are no JSON, are refused', async (t) => {
  const { gce } = await rig(t);
  const call = (method: string, path: string, body?: string) =>
    fetch(`${gce.url}/compute/v1/projects/${gce.project}/zones/${zone}/${path}`, {
      method,
      headers: { authorization: 'Bearer any' },
      ...(body === undefined ? {} : { body }),
    });
  const unknown = await call('GET', 'instances?colour=red');
  assert.equal(unknown.status, 400);
  assert.match(await unknown.text(), /Unknown name \\"colour\\"/);
  assert.equal((await call('GET', 'instances?alt=json&prettyPrint=false')).status, 200);
  const broken = await call('POST', 'instances', '{');
  assert.deepEqual([broken.status, JSON.parse(await broken.text()).error.errors[0].reason], [400, 'parseError']);
  assert.equal((await call('POST', 'instances')).status, 400);
  assert.equal((await call('GET', 'instances/%')).status, 400);
});
