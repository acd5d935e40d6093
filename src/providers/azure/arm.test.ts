import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { never } from '#test/conformance/provider/world.ts';
import { openArm } from './arm.ts';
import type { Arm, ArmRequest } from './arm.ts';
import { ArmError } from './errors.ts';
import { readAzureSettings } from './settings.ts';

interface Told {
  method: string;
  url: string;
  authorization: string;
  body: string;
}

/** A host that gives tokens, and answers everything else as it is told to. */
async function aHost(t: TestContext, answer: (request: Told, response: ServerResponse) => void) {
  const told: Told[] = [];
  let tokens = 0;
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, authorization: headers.authorization ?? '', body };
      told.push(one);
      if (!url.endsWith('/oauth2/v2.0/token')) return answer(one, response);
      tokens += 1;
      response.end(JSON.stringify({ access_token: `token-${tokens}`, expires_in: 3600 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new SteppedClock(new Date('2026-03-01T00:00:00Z'));
  const members = {
    endpoint,
    authority: endpoint,
    clientId: 'c',
    secret: 's',
    domain: 'tenant',
    subscriptionId: 'sub',
    resourceGroupName: 'rg',
  };
  const arm = await openArm(readAzureSettings(new SettingsReader(members)), clock);
  return { arm, clock, told, endpoint };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

const get: ArmRequest = { method: 'GET', url: '/thing?api-version=1', kind: 'get', operation: 'things.get' };

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function refusal(arm: Arm, request: ArmRequest = get): Promise<ArmError> {
  const error = await arm.send(request, never).then(
    () => null,
    (one: unknown) => one,
  );
  assert.ok(error instanceof ArmError);
  return error;
}

// spec: provisioning 8.1
describe('calls to the resource manager', () => {
  test('are one request each, with a token that is fetched once and renewed before it ends', async (t) => {
    const { arm, clock, told } = await aHost(t, (_request, response) => json(response, 200, { name: 'thing' }));
    await Promise.all([arm.send(get, never), arm.send(get, never)]);
    await clock.step(3_400_000);
    const put: ArmRequest = {
      ...get,
      method: 'PUT',
      kind: 'write',
      body: { tags: { a: 'b' } },
      headers: { 'if-none-match': '*' },
    };
    const answer = await arm.send(put, never);
    assert.deepEqual([answer.status, answer.body], [200, { name: 'thing' }]);
    const [login, ...calls] = told.map(({ method, url, authorization, body }) => [method, url, authorization, body]);
    assert.deepEqual(login?.slice(0, 2), ['POST', '/tenant/oauth2/v2.0/token']);
    assert.match(String(login?.[3]), /grant_type=client_credentials&client_id=c&client_secret=s/);
    assert.deepEqual(
      calls.filter(([, url]) => url === get.url),
      [
        ['GET', get.url, 'Bearer token-1', ''],
        ['GET', get.url, 'Bearer token-1', ''],
        ['PUT', get.url, 'Bearer token-2', '{"tags":{"a":"b"}}'],
      ],
    );
  });

  test('that are refused say the code, Azure’s words and wishes, and are not repeated', async (t) => {
    const { arm, told } = await aHost(t, (_request, response) =>
      json(
        response,
        429,
        { error: { code: 'TooManyRequests', message: 'Slower.' } },
        { 'retry-after': '7', 'x-ms-request-id': 'r-1' },
      ),
    );
    const { code, words, status, retryAfterMs, requestId } = await refusal(arm);
    assert.deepEqual([code, words, status, retryAfterMs, requestId], ['TooManyRequests', 'Slower.', 429, 7_000, 'r-1']);
    assert.equal(told.filter(({ url }) => url === get.url).length, 1);
  });

  test('with a token that is not accepted fetch another one the next time', async (t) => {
    const { arm } = await aHost(t, ({ authorization }, response) =>
      json(response, authorization === 'Bearer token-1' ? 401 : 200, {
        error: { code: 'InvalidAuthenticationToken', message: '' },
      }),
    );
    assert.equal((await refusal(arm)).status, 401);
    assert.equal((await arm.send(get, never)).status, 200);
  });

  test('never show the token to another host, whatever an answer says comes next', async (t) => {
    const { arm, told } = await aHost(t, (_request, response) => json(response, 200, {}));
    const { code } = await refusal(arm, { ...get, url: 'http://127.0.0.1:1/next' });
    assert.equal(code, 'BrokenAnswer');
    assert.ok(told.every(({ url }) => url.endsWith('/token')));
  });

  test('without an answer, or with one that is none, are errors without a status', async (t) => {
    const { arm } = await aHost(t, ({ url }, response) => {
      if (url.startsWith('/broken')) response.writeHead(200).end('<html>');
      else response.destroy();
    });
    assert.deepEqual([(await refusal(arm)).code, (await refusal(arm)).status], ['ECONNRESET', null]);
    assert.equal((await refusal(arm, { ...get, url: '/broken' })).code, 'BrokenAnswer');
  });

  test('refused with a page instead of JSON have the status for a code', async (t) => {
    const { arm } = await aHost(t, (_request, response) => response.writeHead(502).end('<html>bad gateway'));
    assert.deepEqual([(await refusal(arm)).code, (await refusal(arm)).status], ['HTTP502', 502]);
  });

  test('that are aborted end at once with the reason', async (t) => {
    const { arm } = await aHost(t, () => {});
    const controller = new AbortController();
    const reason = new Error('no time left');
    const call = arm.send(get, controller.signal);
    call.catch(() => {});
    controller.abort(reason);
    await assert.rejects(call, (error) => error === reason);
  });
});
