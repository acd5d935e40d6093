import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { ProofUncheckable } from '#core/error.ts';
import { SteppedClock } from '#lib/clock.ts';
import { startGce } from '#simulators/gce/server.ts';
import { IdentityKeys } from './identity-keys.ts';

const never = new AbortController().signal;
const minuteMs = 60_000;

interface Page {
  status?: number;
  body?: string;
  headers?: Record<string, string>;
}

/** A page of keys that can be changed; tells how often it was asked for. */
async function aPage(
  t: TestContext,
  page: Page,
): Promise<{ page: Page; keys: IdentityKeys; clock: SteppedClock; asked: () => number }> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    const { status = 200, body = '', headers = {} } = page;
    response.writeHead(status, headers).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new SteppedClock(new Date('2026-03-01T12:00:00Z'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`;
  return { page, clock, asked: () => asked, keys: new IdentityKeys(url, clock, never) };
}

async function publishedKeys(t: TestContext) {
  const gce = await startGce({ regions: ['us-west1'] });
  t.after(() => gce.close());
  return gce.keys;
}

// spec: provisioning 7.8
describe('the keys that Google publishes', () => {
  test('are read as a JWK set or as certificates, and kept as long as the answer allows', async (t) => {
    const ring = await publishedKeys(t);
    for (const body of [ring.jwks(), ring.certificates()]) {
      const headers = { 'cache-control': 'public, max-age=600, must-revalidate', age: '300' };
      const { keys, clock, asked } = await aPage(t, { body: JSON.stringify(body), headers });
      assert.equal((await keys.find(ring.kid, never))?.asymmetricKeyType, 'rsa');
      await clock.step(299_000);
      await keys.find(ring.kid, never);
      assert.equal(asked(), 1);
      await clock.step(2_000);
      await keys.find(ring.kid, never);
      assert.equal(asked(), 2);
    }
  });

  test('that are new are found when somebody comes with one; those that are no more are then forgotten', async (t) => {
    const ring = await publishedKeys(t);
    const old = ring.kid;
    const { keys, page, clock } = await aPage(t, { body: JSON.stringify(ring.jwks()) });
    assert.notEqual(await keys.find(old, never), null);
    ring.rotate();
    ring.revoke(old);
    page.body = JSON.stringify(ring.jwks());
    await clock.step(minuteMs);
    assert.notEqual(await keys.find(ring.kid, never), null);
    assert.equal(await keys.find(old, never), null);
  });

  test('are asked for once, however many wait, and once a minute, however many keys are made up', async (t) => {
    const ring = await publishedKeys(t);
    const { keys, clock, asked } = await aPage(t, { body: JSON.stringify(ring.jwks()) });
    await Promise.all(Array.from({ length: 50 }, () => keys.find(ring.kid, never)));
    assert.equal(asked(), 1);
    for (let made = 0; made < 500; made++) {
      assert.equal(await keys.find(`made-up-${made}`, never), null);
    }
    assert.equal(asked(), 1);
    await clock.step(minuteMs);
    await Promise.all(Array.from({ length: 500 }, (_, made) => keys.find(`made-up-${made}`, never)));
    assert.equal(asked(), 2);
  });

  test('that cannot be had are an outage, which is not made worse by asking again and again', async (t) => {
    const { keys, page, clock, asked } = await aPage(t, { status: 503 });
    for (let turn = 0; turn < 100; turn++) {
      await assert.rejects(keys.find('any', never), ProofUncheckable);
    }
    assert.equal(asked(), 1);
    await clock.step(5_000);
    const ring = await publishedKeys(t);
    Object.assign(page, { status: 200, body: JSON.stringify(ring.jwks()) });
    assert.notEqual(await keys.find(ring.kid, never), null);
    // While the keys are good, a failure to renew them hides none of them; a new one may be among those not seen.
    page.status = 503;
    await clock.step(minuteMs);
    await assert.rejects(keys.find('any', never), ProofUncheckable);
    assert.notEqual(await keys.find(ring.kid, never), null);
  });

  test('an answer without a usable key is none', async (t) => {
    for (const body of [
      '',
      '{}',
      '[]',
      'null',
      '{"keys":[]}',
      '{"keys":[{"kid":"a","kty":"oct","k":"AAAA"}]}',
      '{"a":"no PEM"}',
    ]) {
      const { keys } = await aPage(t, { body });
      await assert.rejects(keys.find('a', never), ProofUncheckable, body);
    }
  });

  test('who does not want to wait any longer does not have to', async (t) => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const closing = new AbortController();
    t.after(() => closing.abort());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const keys = new IdentityKeys(url, new SteppedClock(new Date('2026-03-01T12:00:00Z')), closing.signal);
    const controller = new AbortController();
    const finding = keys.find('any', controller.signal);
    const reason = new Error('no time left');
    controller.abort(reason);
    await assert.rejects(finding, (error) => error === reason);
  });
});
