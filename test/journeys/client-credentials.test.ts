// spec: api 2.4, 3.2, 3.3, 3.4, 3.5
import assert from 'node:assert/strict';
import { before, describe, after, test } from 'node:test';
import type { Credentials } from 'taskcluster-client';
import { systemClock } from '#lib/clock.ts';
import { admin, hourMs, minuteMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aPool, aStaticPool } from './a-pool.ts';
import { aClient, aWorldOfToday, knownMethods, rawGet, temporary } from './published-client.ts';

const pool = 'proj/cloud';
const fixed = 'proj/fixed';
const refused = { statusCode: 401, code: 'AuthenticationFailed' };
const insufficient = { statusCode: 403, code: 'InsufficientScopes' };

/** May read two pools and create the second, and issue credentials to its own helpers. */
const reader = {
  clientId: 'test/reader',
  accessToken: 'access-token-of-one-who-mostly-reads',
  scopes: [
    'worker-manager:get-worker-pool:proj/*',
    'worker-manager:manage-worker-pool:proj/fixed',
    'worker-manager:provider:static-*',
    'auth:create-client:test/reader/*',
  ],
};
const readsPools = ['worker-manager:get-worker-pool:proj/*'];

function at(offsetMs: number): Date {
  return new Date(systemClock.now().getTime() + offsetMs);
}

describe('the published client', () => {
  let world: World;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    const everybody = ['worker-manager:list-worker-pools'];
    const settings = () => ({ LOCAL_CLIENTS: [admin, reader], ANONYMOUS_SCOPES: everybody });
    world = await aWorldOfToday({ after: (run) => ends.push(run) }, { settings });
    await world.createPool(pool, aPool());
    await world.createPool(fixed, aStaticPool());
    const expires = at(hourMs).toISOString();
    await world.client.call('PUT', '/workers/proj%2Ffixed/desk/mac-1', {
      expires,
      providerInfo: { staticSecret: 's'.repeat(44) },
    });
    world.queue.state.claimWork(fixed, { workerGroup: 'desk', workerId: 'mac-1' }, 1);
  });
  after(async () => {
    for (const end of ends) await end();
  });

  test('has the scopes of its client, and is told which are missing', async () => {
    const client = aClient(world, { credentials: reader });
    assert.equal((await client.workerPool(pool)).workerPoolId, pool);
    assert.equal((await client.createWorkerPool(fixed, aStaticPool())).workerPoolId, fixed);
    await assert.rejects(client.createWorkerPool(pool, aPool()), (error: Error) => {
      assert.match(error.message, /Client `test\/reader` does not have the scopes/);
      const [lacking] = error.message.split('This request needs');
      assert.match(lacking ?? '', /worker-manager:manage-worker-pool:proj\/cloud/);
      assert.match(lacking ?? '', /worker-manager:provider:aws-demo/);
      return true;
    });
    const movesToCloud = { ...aPool(), providerId: 'aws-demo' };
    await assert.rejects(client.updateWorkerPool(fixed, movesToCloud), (error: Error) => {
      const [lacking] = error.message.split('This request needs');
      assert.match(lacking ?? '', /```\nworker-manager:provider:aws-demo\n```/);
      return true;
    });
    await assert.rejects(client.deleteWorkerPool(pool), insufficient);
    await assert.rejects(client.listProviders(), insufficient);
  });

  test('has everybody’s scopes without credentials, and no others; credentials that are wrong are worth less', async () => {
    const stranger = aClient(world, { credentials: {} });
    assert.equal((await stranger.listWorkerPools()).workerPools.length, 2);
    await assert.rejects(stranger.workerPool(pool), insufficient);
    for (const credentials of [
      { clientId: 'test/reader', accessToken: 'wrong' },
      { clientId: 'test/nobody', accessToken: reader.accessToken },
    ]) {
      await assert.rejects(aClient(world, { credentials }).listWorkerPools(), refused);
    }
  });

  test('is held to the scopes of temporary credentials', async () => {
    for (const name of [{}, { clientId: 'test/reader/helper' }]) {
      const client = aClient(world, { credentials: temporary(readsPools, { ...name, credentials: reader }) });
      assert.equal((await client.workerPool(pool)).workerPoolId, pool);
      await assert.rejects(client.createWorkerPool(fixed, aStaticPool()), insufficient);
      await assert.rejects(client.createWorkerPool(fixed, aStaticPool()), {
        message: new RegExp(`Client \`${name.clientId ?? 'test/reader'}\` does not`),
      });
    }
  });

  test('cannot pass on by temporary credentials what their issuer does not have, nor names that it may not give', async () => {
    const more = temporary(['worker-manager:*'], { credentials: reader });
    const named = temporary(readsPools, { clientId: 'test/admin/helper', credentials: reader });
    const certificate = (change: object): Credentials => {
      const good = temporary(readsPools, { credentials: reader });
      return { ...good, certificate: JSON.stringify({ ...JSON.parse(good.certificate ?? ''), ...change }) };
    };
    for (const credentials of [
      more,
      named,
      certificate({ scopes: ['*'] }),
      certificate({ expiry: at(2 * hourMs).getTime() }),
      certificate({ issuer: 'test/reader' }),
      certificate({ signature: 'AAAA' }),
      { ...temporary(readsPools, { credentials: reader }), clientId: 'test/admin' },
    ]) {
      await assert.rejects(aClient(world, { credentials }).workerPool(pool), refused);
      await assert.rejects(aClient(world, { credentials }).listWorkerPools(), refused);
    }
  });

  test('can use temporary credentials from their start to their end, give or take five minutes', async () => {
    const between = (start: number, expiry: number): Credentials =>
      temporary(readsPools, { start: at(start), expiry: at(expiry), credentials: reader });
    for (const credentials of [between(-hourMs, -4 * minuteMs), between(4 * minuteMs, hourMs)]) {
      assert.equal((await aClient(world, { credentials }).workerPool(pool)).workerPoolId, pool);
    }
    for (const credentials of [between(-hourMs, -6 * minuteMs), between(7 * minuteMs, hourMs)]) {
      await assert.rejects(aClient(world, { credentials }).workerPool(pool), refused);
    }
  });

  test('can renounce scopes for its calls, with any credentials, and never gain any', async () => {
    for (const credentials of [reader, temporary(reader.scopes, { credentials: reader })]) {
      const client = aClient(world, { credentials });
      const narrow = client.use({ authorizedScopes: readsPools });
      assert.equal((await narrow.workerPool(pool)).workerPoolId, pool);
      await assert.rejects(narrow.createWorkerPool(fixed, aStaticPool()), insufficient);
      const one = client.use({ authorizedScopes: ['worker-manager:get-worker-pool:proj/fixed'] });
      assert.equal((await one.workerPool(fixed)).workerPoolId, fixed);
      await assert.rejects(one.workerPool(pool), insufficient);
      const none = client.use({ authorizedScopes: [] });
      assert.equal((await none.listWorkerPools()).workerPools.length, 2, 'everybody’s scopes stay');
      await assert.rejects(none.workerPool(pool), insufficient);
      await assert.rejects(client.use({ authorizedScopes: ['worker-manager:*'] }).workerPool(pool), refused);
    }
  });

  /** What stands for each argument of a method. */
  const values: Readonly<Record<string, string>> = {
    workerPoolId: fixed,
    provisionerId: 'proj',
    workerType: 'fixed',
    workerGroup: 'desk',
    workerId: 'mac-1',
  };

  test('signs a URL for every method that reads, which anyone may use and nobody can alter', async () => {
    const methods = knownMethods().filter(({ entryReference }) => entryReference.method === 'get');
    assert.equal(methods.length, 17);
    const holders: readonly Credentials[] = [admin, temporary(['*']), temporary(['*'], { clientId: 'test/someone' })];
    for (const credentials of holders) {
      const client = aClient(world, { credentials });
      for (const method of methods) {
        const { name, args, query = [], scopes } = method.entryReference;
        const given = [...args.map((arg) => values[arg]), ...(query.includes('limit') ? [{ limit: 1 }] : [])];
        const url = client.buildSignedUrl(method, ...given);
        const { status, body } = await rawGet(url);
        assert.equal(status, 200, `${name}: ${JSON.stringify(body)}`);
        if (name !== 'ping') assert.deepEqual(body, await method.apply(client, given), name);
        if (scopes === undefined) continue;
        const altered = query.includes('limit') ? url.replace('limit=1', 'limit=2') : `${url}&limit=2`;
        assert.equal((await rawGet(altered)).status, 401, name);
      }
    }
  });

  test('gives a signed URL no more scopes than it has, and no more time than was said', async () => {
    const url = aClient(world, { credentials: reader }).buildSignedUrl(method('listProviders'));
    assert.equal((await rawGet(url)).status, 403);
    const narrow = aClient(world, {
      credentials: reader,
      authorizedScopes: ['worker-manager:get-worker-pool:proj/fixed'],
    });
    assert.equal((await rawGet(narrow.buildSignedUrl(method('workerPool'), fixed))).status, 200);
    assert.equal((await rawGet(narrow.buildSignedUrl(method('workerPool'), pool))).status, 403);

    const short = narrow.buildSignedUrl(method('workerPool'), fixed, { expiration: 60 });
    assert.equal((await rawGet(short)).status, 200);
    await world.clock.step(2 * minuteMs);
    const late = await rawGet(short);
    assert.equal(late.status, 401);
    assert.match(JSON.stringify(late.body), /no longer valid/);
  });

  test('signs a URL for reading only, and for a request that is not signed otherwise', async () => {
    const url = aClient(world).buildSignedUrl(method('workerPool'), pool);
    for (const verb of ['DELETE', 'PUT', 'POST']) {
      const body =
        verb === 'DELETE' ? {} : { body: JSON.stringify(aPool()), headers: { 'content-type': 'application/json' } };
      assert.equal((await fetch(url, { method: verb, ...body })).status, 401, verb);
    }
    assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
    assert.equal((await rawGet(url, { authorization: 'Hawk id="a", ts="1", nonce="b", mac="c"' })).status, 401);
    assert.equal((await rawGet(`${url}&${url.split('?')[1]}`)).status, 401, 'two of them');
    assert.equal((await aClient(world).workerPool(pool)).providerId, 'aws-demo', 'nothing was changed');
  });

  test('leaves no key, certificate or signed URL in the log', async () => {
    const log = world.lines.join('');
    assert.ok(world.logged('monitor.apiMethod').length > 100);
    for (const secret of [admin.accessToken, reader.accessToken, 's'.repeat(44)]) assert.ok(!log.includes(secret));
    assert.doesNotMatch(log, /bewit=|Hawk id/);
    assert.doesNotMatch(log, /"(?:bewit|certificate)":"(?!\.\.\.")/);
  });

  function method(name: string): ReturnType<typeof knownMethods>[number] {
    const found = knownMethods().find(({ entryReference }) => entryReference.name === name);
    assert.ok(found !== undefined);
    return found;
  }
});
