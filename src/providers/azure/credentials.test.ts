import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { AuthenticationRequiredError, CredentialUnavailableError } from '@azure/identity';
import type { Clock } from '#core/clock.ts';
import { SteppedClock, systemClock } from '#lib/clock.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { never } from '#test/conformance/provider/world.ts';
import { loginFailure, openTokens } from './credentials.ts';
import type { Tokens } from './credentials.ts';
import { readAzureSettings } from './settings.ts';

const tenant = '11111111-1111-4111-8111-111111111111';

function tokensFrom(authority: string, clock: Clock): Promise<Tokens> {
  const members = { clientId: 'c', secret: 's', domain: tenant, subscriptionId: 'sub', resourceGroupName: 'rg' };
  return openTokens(readAzureSettings(new SettingsReader({ ...members, authority })), clock);
}

/** What a login at this authority ends with. */
async function loginAt(authority: string): Promise<unknown> {
  const tokens = await tokensFrom(authority, systemClock);
  return tokens.token(never).then(
    () => null,
    ({ code }: { code: unknown }) => code,
  );
}

/** An authority that answers as it is told to. */
async function anAuthority(
  t: TestContext,
): Promise<{ url: string; answer: { status: number; body: string }; asked: () => number }> {
  const answer = { status: 200, body: '{}' };
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, answer, asked: () => asked };
}

// spec: provisioning 8.11
describe('a login that gives no token', () => {
  test('is refused when the authority says no, and an outage when it does not come to that', async (t) => {
    const { url, answer } = await anAuthority(t);
    for (const [status, code] of [
      [400, 'LoginRefused'],
      [401, 'LoginRefused'],
      [429, 'LoginUnanswered'],
      [503, 'LoginUnanswered'],
    ] as const) {
      answer.status = status;
      assert.equal(await loginAt(url), code, String(status));
    }
  });

  test('leaves the token before in use until its end, when it is an outage', async (t) => {
    const { url, answer, asked } = await anAuthority(t);
    const clock = new SteppedClock(new Date('2026-03-01T00:00:00Z'));
    const tokens = await tokensFrom(url, clock);
    answer.body = JSON.stringify({ access_token: 'one', expires_in: 3600 });
    assert.equal(await tokens.token(never), 'one');
    answer.status = 503;
    await clock.step(3_400_000);
    for (let calls = 0; calls < 10; calls++) assert.equal(await tokens.token(never), 'one');
    assert.equal(asked(), 2);
    await clock.step(200_000);
    await assert.rejects(tokens.token(never), /LoginUnanswered/);
    Object.assign(answer, { status: 200, body: JSON.stringify({ access_token: 'two', expires_in: 3600 }) });
    assert.equal(await tokens.token(never), 'two');
    // A refusal is believed, and so is Azure when it does not take a token.
    answer.status = 401;
    await clock.step(3_400_000);
    await assert.rejects(tokens.token(never), /LoginRefused/);
    answer.status = 503;
    tokens.forget('two');
    await assert.rejects(tokens.token(never), /LoginUnanswered/);
  });

  test('is an outage for the library too when nobody answers, and is not repeated there', async () => {
    assert.equal(await loginAt('https://127.0.0.1:9'), 'LoginUnanswered');
  });

  test('is told apart by what the library says', () => {
    const because = (message: string, cause?: object): Error =>
      new AuthenticationRequiredError({ scopes: [], message, cause: Object.assign(new Error(message), cause) });
    const rows: readonly [Error, string][] = [
      [because('invalid_client: Error(s): 7000215 - …', { status: 401 }), 'LoginRefused'],
      [because('temporarily_unavailable: AADSTS90033 …', { status: 503 }), 'LoginUnanswered'],
      [because('slow_down: …', { status: 429 }), 'LoginUnanswered'],
      [because('network_error: See https://…'), 'LoginUnanswered'],
      [new CredentialUnavailableError('endpoints_resolution_error: See https://…'), 'LoginUnanswered'],
      // Nothing on this machine that it could log in with.
      [new CredentialUnavailableError('ManagedIdentityCredential: no managed identity endpoint found'), 'LoginRefused'],
      [new Error('socket hang up'), 'LoginUnanswered'],
    ];
    for (const [error, code] of rows) assert.equal(loginFailure(error).code, code, error.message);
  });
});
