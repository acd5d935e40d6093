import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { fetchCertificate } from './fetch-certificate.ts';

const never = new AbortController().signal;

async function aPublisher(t: TestContext, answer: RequestListener): Promise<URL> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a.crt`);
}

// spec: provisioning 8.12
test('a certificate is fetched as it is', async (t) => {
  const url = await aPublisher(t, (_request, response) => response.end(Buffer.from([0x30, 0x00, 0xff])));
  assert.deepEqual(await fetchCertificate(url, never), Buffer.from([0x30, 0x00, 0xff]));
});

test('an answer that leads elsewhere, or is no success, is none', async (t) => {
  const asked: string[] = [];
  for (const status of [301, 302, 303, 307, 308, 204, 404, 500]) {
    const url = await aPublisher(t, (request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(status, { location: '/b.crt' }).end();
    });
    await assert.rejects(fetchCertificate(url, never), new RegExp(`answered ${status}`));
  }
  assert.ok(asked.every((path) => path === '/a.crt'));
});

test('an answer that does not end is not read to its end', async (t) => {
  let sent = 0;
  const url = await aPublisher(t, (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(1024))) sent += 1024;
    };
    response.on('drain', more);
    more();
  });
  await assert.rejects(fetchCertificate(url, never), /more than 16384 bytes/);
  assert.ok(sent > 0);
});

test('who does not answer is not waited for once the call is aborted', async (t) => {
  const url = await aPublisher(t, () => undefined);
  const ended = new AbortController();
  const fetching = fetchCertificate(url, ended.signal);
  ended.abort(new Error('too slow'));
  await assert.rejects(fetching, /too slow/);
});
