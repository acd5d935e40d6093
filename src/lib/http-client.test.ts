import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { SteppedClock, systemClock } from './clock.ts';
import { ConnectionError, HttpError, requestJson } from './http-client.ts';
import type { HttpRequest } from './http-client.ts';

const aServer = (t: TestContext, listener: RequestListener): Promise<HttpRequest> =>
  aRequestTo(t, createServer(listener));

async function aRequestTo(t: TestContext, server: Server): Promise<HttpRequest> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { method: 'GET', url: `http://127.0.0.1:${port}/path?bewit=s3cret`, clock: systemClock, timeoutMs: 10_000 };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

describe('a JSON request', () => {
  test('carries method, path, query, headers and body, and brings back status, headers and body', async (t) => {
    const request = await aServer(t, async (incoming, answer) => {
      const { method, url, headers } = incoming;
      const seen = {
        method,
        url,
        type: headers['content-type'],
        mine: headers['x-mine'],
        text: await textOf(incoming),
      };
      answer.writeHead(201, { 'x-theirs': 'yes' }).end(JSON.stringify(seen));
    });
    const answer = await requestJson({ ...request, method: 'PUT', headers: { 'x-mine': '1' }, body: { a: ['ü'] } });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('x-theirs'), 'yes');
    assert.deepEqual(answer.body, {
      method: 'PUT',
      url: '/path?bewit=s3cret',
      type: 'application/json',
      mine: '1',
      text: '{"a":["ü"]}',
    });
  });

  test('without a body says nothing of JSON, and an empty answer is undefined', async (t) => {
    let type: string | undefined = 'not asked';
    const request = await aServer(t, (incoming, answer) => {
      type = incoming.headers['content-type'];
      answer.writeHead(204).end();
    });
    assert.equal((await requestJson(request)).body, undefined);
    assert.equal(type, undefined);
  });

  test('a refusal is an error with status, body and an excerpt, but without the query', async (t) => {
    const request = await aServer(t, (_incoming, answer) => {
      answer.writeHead(429, { 'retry-after': '7' }).end(JSON.stringify({ code: 'Slow', message: 'x'.repeat(1000) }));
    });
    await assert.rejects(requestJson(request), (error) => {
      assert.ok(error instanceof HttpError);
      assert.equal(error.status, 429);
      assert.equal(error.headers.get('retry-after'), '7');
      assert.deepEqual(error.body, { code: 'Slow', message: 'x'.repeat(1000) });
      assert.match(error.message, /^GET http:\/\/127\.0\.0\.1:\d+\/path answered 429: \{"code":"Slow",/);
      assert.ok(error.message.length < 400);
      return true;
    });
  });

  test('a redirect is not followed', async (t) => {
    const request = await aServer(t, (_incoming, answer) => {
      answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end('gone');
    });
    await assert.rejects(requestJson(request), (error) => error instanceof HttpError && error.status === 302);
  });

  test('text that is not JSON is an error that shows its beginning', async (t) => {
    const request = await aServer(t, (_incoming, answer) => void answer.end('<html>\n  hello'));
    await assert.rejects(
      requestJson(request),
      (error) => error instanceof ConnectionError && error.code === 'NOT_JSON' && /<html> hello/.test(error.message),
    );
  });

  test('nobody there is an error with the system’s code', async (t) => {
    const server = createServer();
    const request = await aRequestTo(t, server);
    server.close();
    await assert.rejects(requestJson(request), (error) => {
      assert.ok(error instanceof ConnectionError);
      assert.equal(error.code, 'ECONNREFUSED');
      assert.match(error.message, /^GET http:\/\/127\.0\.0\.1:\d+\/path got no answer: ECONNREFUSED$/);
      return true;
    });
  });

  test('a connection that breaks in the middle of the answer is no answer', async (t) => {
    const request = await aServer(t, (_incoming, answer) => {
      answer.writeHead(200, { 'content-length': '100' });
      answer.write('{"half":', () => answer.destroy());
    });
    await assert.rejects(requestJson(request), ConnectionError);
  });

  test('an answer that takes too long is given up, also in the middle of its body', async (t) => {
    const clock = new SteppedClock(new Date(0));
    const request = await aServer(t, (_incoming, answer) => {
      answer.writeHead(200);
      answer.write('{"half":', () => void clock.step(1000));
    });
    await assert.rejects(
      requestJson({ ...request, clock, timeoutMs: 1000 }),
      (error) => error instanceof ConnectionError && error.code === 'TIMEOUT',
    );
    assert.equal(clock.pending, 0);
  });

  test('an abort ends it with the reason', async (t) => {
    const controller = new AbortController();
    const request = await aServer(t, () => controller.abort(new Error('enough')));
    await assert.rejects(requestJson({ ...request, signal: controller.signal }), /enough/);
  });
});
