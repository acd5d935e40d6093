// spec: provisioning 7.8, P-22, P-36

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { Worker } from '#core/worker.ts';
import type { SimulatedGce } from '#simulators/gce/server.ts';
import { forgeries } from '#test/conformance/provider/google-world.ts';
import { aGoogleWorld } from '#test/google-world.ts';
import type { GoogleWorld } from '#test/google-world.ts';
import { minuteMs, secondMs } from '#test/world.ts';
import { aGooglePool } from './a-google-pool.ts';
import { refusedAlike, register, timeless } from './machine-proof.ts';

const pool = 'proj/doors';

/** The token of a booted machine, as a program on it gets it. */
async function tokenOf(gce: SimulatedGce, id: string, audience: string, format = 'full'): Promise<string> {
  const question = new URLSearchParams({ audience, format }).toString();
  const url = `${gce.url}/_sim/metadata/${id}/computeMetadata/v1/instance/service-accounts/default/identity?${question}`;
  const answer = await fetch(url, { headers: { 'Metadata-Flavor': 'Google' } });
  if (!answer.ok) throw new Error(`the metadata server answers ${answer.status}`);
  return answer.text();
}

interface Scene extends GoogleWorld {
  worker: Worker;
  token: string;
  neighbour: Worker;
  /** The token of the other machine of the pool. */
  other: string;
  rootUrl: string;
}

/** Two machines that have booted, and whose programs have not asked for anything yet. */
async function aScene(t: TestContext): Promise<Scene> {
  const google = await aGoogleWorld(t);
  const { world, gce } = google;
  await world.createPool(pool, aGooglePool({ min: 2 }));
  await world.through(world.provision());
  await world.clock.step(minuteMs);
  const [worker, neighbour] = await world.rows(pool);
  assert.ok(worker !== undefined && neighbour !== undefined);
  const rootUrl = world.service.url ?? '';
  const token = await tokenOf(gce, worker.workerId, rootUrl);
  return { ...google, worker, token, neighbour, other: await tokenOf(gce, neighbour.workerId, rootUrl), rootUrl };
}

async function forged({ world, gce, worker, token, other, rootUrl }: Scene): Promise<[string, JsonObject][]> {
  const { workerId } = worker;
  return [
    ['of another machine of the pool', { token: other }],
    ['of the standard format', { token: await tokenOf(gce, workerId, rootUrl, 'standard') }],
    ['for another deployment', { token: await tokenOf(gce, workerId, 'https://other.example.com') }],
    ['with a letter changed', { token: token.replace('.', '.A') }],
    ['cut', { token: token.slice(0, -8) }],
    ['empty', { token: '' }],
    ['of a megabyte', { token: 'A'.repeat(1 << 20) }],
    ['of another kind of cloud', { document: 'garbage', signature: 'garbage' }],
    ['a secret', { staticSecret: 'a-secret-of-forty-four-characters-0123456789' }],
    ...Object.entries(forgeries(gce, token, world.clock.now())),
  ];
}

test('forged tokens are all refused with one and the same face, change nothing, and only the log knows why', async (t) => {
  const scene = await aScene(t);
  const { world, gce, worker } = scene;
  gce.resetCounts();
  const reasons = await refusedAlike(world, worker, await forged(scene));
  assert.ok(!reasons.some((reason) => reason.includes(scene.token.split('.')[2] ?? '')), 'no proof in the log');
  const keyCalls = gce.counts.calls['global']?.['oauth2.certs'] ?? 0;
  assert.equal(keyCalls, 1, 'whoever makes keys up causes no call for each');
});

test('a true token is accepted after any number of forged ones, and a replay of it has the face of a forgery', async (t) => {
  const scene = await aScene(t);
  const { world, worker, token, neighbour, other } = scene;
  const wrong = await forged(scene);
  const [refused] = await Promise.all(wrong.map(([, proof]) => register(world, worker, proof)));
  assert.ok(refused !== undefined);
  assert.equal((await register(world, worker, { token })).status, 200);
  assert.equal((await register(world, neighbour, { token: other })).status, 200);
  assert.deepEqual(await world.states(pool), { running: 2 });

  // As long as that a client that got no answer may come again.
  await world.clock.step(6 * minuteMs);
  const replayed = await register(world, worker, { token });
  assert.deepEqual(timeless(replayed), timeless(refused));
  assert.deepEqual(await world.states(pool), { running: 2 });
});

test('a token of a new key is accepted, and one of a revoked key no more from then on', async (t) => {
  const { world, gce, worker, token, neighbour, other, rootUrl } = await aScene(t);
  const refused = await register(world, worker, { token: other });
  const revoked = gce.keys.kid;
  gce.keys.rotate();
  gce.keys.revoke(revoked);
  await world.clock.step(minuteMs);
  const renewed = await tokenOf(gce, neighbour.workerId, rootUrl);
  assert.equal((await register(world, neighbour, { token: renewed })).status, 200);
  assert.deepEqual(timeless(await register(world, worker, { token })), timeless(refused));
  assert.equal((await register(world, worker, { token: await tokenOf(gce, worker.workerId, rootUrl) })).status, 200);
  assert.equal(gce.counts.calls['global']?.['oauth2.certs'], 2);
});

test('when the published keys cannot be had nobody is refused for it: the worker comes again', async (t) => {
  const { world, gce, worker, token } = await aScene(t);
  gce.faults.add({ kind: 'error', action: 'oauth2.certs', reason: 'backendError', times: 1 });
  const { status, body } = await register(world, worker, { token });
  // A client repeats the call.
  assert.deepEqual([status, body['code']], [503, 'ProviderSetupFailed']);
  await world.clock.step(10 * secondMs);
  assert.equal((await register(world, worker, { token })).status, 200);
});
