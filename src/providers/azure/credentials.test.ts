import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { AuthenticationRequiredError, CredentialUnavailableError } from '@azure/identity';
import { systemClock } from '#lib/clock.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { never } from '#test/conformance/provider/world.ts';
import { loginFailure, openTokens } from './credentials.ts';
import { readAzureSettings } from './settings.ts';

const tenant = '11111111-1111-4111-8111-111111111111';

/** What a login at this authority ends with. */
async function loginAt(authority: string): Promise<unknown> {
  const members = { clientId: 'c', secret: 's', domain: tenant, subscriptionId: 'sub', resourceGroupName: 'rg' };
  const settings = readAzureSettings(new SettingsReader({ ...members, authority }));
  const tokens = await openTokens(settings, systemClock);
  return tokens.token(never).then(
    () => null,
    ({ code }: { code: unknown }) => code,
  );
}

// spec: provisioning 8.11
describe('a login that gives no token', () => {
  test('is refused when the authority says no, and an outage when it does not come to that', async (t) => {
    let status = 0;
    const server = createServer((_request, response) => void response.writeHead(status).end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const authority = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const [answer, code] of [
      [400, 'LoginRefused'],
      [401, 'LoginRefused'],
      [429, 'LoginUnanswered'],
      [503, 'LoginUnanswered'],
    ] as const) {
      status = answer;
      assert.equal(await loginAt(authority), code, String(answer));
    }
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
