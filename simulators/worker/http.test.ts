import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { HttpCaller } from './http.ts';

async function aServer(t: TestContext, listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { server, url: `http://127.0.0.1:${address.port}` };
}

function aCaller(t: TestContext, timeoutMs = 5_000): HttpCaller {
  const caller = new HttpCaller(4, timeoutMs);
  t.after(() => caller.close());
  return caller;
}

test('a body goes out as JSON, and status and text come back', async (t) => {
  const { url } = await aServer(t, (request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => {
      response.writeHead(201).end([request.method, request.headers['content-type'], text].join(' '));
    });
  });
  const answer = await aCaller(t).call({ method: 'PUT', url, body: '{"ä":1}' });
  assert.deepEqual(answer, { status: 201, text: 'PUT application/json {"ä":1}' });
});

test('nobody there, a cut connection and silence are answers with status 0', async (t) => {
  const cut = await aServer(t, (request) => request.socket.destroy());
  const silent = await aServer(t, () => undefined);
  const nobody = await aServer(t, () => undefined);
  nobody.server.close();
  const caller = aCaller(t, 50);
  for (const { url } of [cut, silent, nobody]) {
    assert.equal((await caller.call({ method: 'GET', url })).status, 0);
  }
});

test('a connection that was closed while idle does not fail the next call', async (t) => {
  let calls = 0;
  const { url } = await aServer(t, (request, response) => {
    calls += 1;
    if (calls === 2) {
      request.socket.resetAndDestroy();
      return;
    }
    response.end('fine');
  });
  const caller = new HttpCaller(1, 5_000);
  t.after(() => caller.close());
  assert.equal((await caller.call({ method: 'GET', url })).status, 200);
  assert.deepEqual(await caller.call({ method: 'GET', url }), { status: 200, text: 'fine' });
  assert.equal(calls, 3);
});
