import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rigAzure } from './rig.ts';
import type { SimulatedAzure } from './server.ts';

async function askToken(azure: SimulatedAzure, form: Record<string, string>, tenant = azure.tenantId) {
  const whole = { grant_type: 'client_credentials', scope: 'https://management.azure.com/.default', ...form };
  const answer = await fetch(`${azure.url}/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams(whole),
  });
  return { status: answer.status, json: JSON.parse(await answer.text()) };
}

async function status(azure: SimulatedAzure, authorization?: string) {
  const url = `${azure.url}/subscriptions/${azure.subscriptionId}/resourceGroups?api-version=2021-04-01`;
  const answer = await fetch(url, { headers: authorization === undefined ? {} : { authorization } });
  const { error } = JSON.parse(await answer.text());
  return [answer.status, error?.code, answer.headers.get('www-authenticate')?.startsWith('Bearer ')];
}

const good = { client_id: 'app', client_secret: 'sesame' };

test('a client gets a token for its secret, and calls with it until it expires', async (t) => {
  const { azure, clock } = await rigAzure(t, { secrets: { app: 'sesame' } });
  const { json } = await askToken(azure, good);
  assert.equal(json.token_type, 'Bearer');
  assert.equal(json.expires_in, 3599);
  assert.deepEqual(await status(azure, `Bearer ${json.access_token}`), [200, undefined, undefined]);
  await clock.step(3599 * 1000);
  assert.deepEqual(await status(azure, `Bearer ${json.access_token}`), [401, 'ExpiredAuthenticationToken', true]);
});

test('calls without a token, and with one that nobody issued, are refused', async (t) => {
  const { azure } = await rigAzure(t, { secrets: { app: 'sesame' } });
  assert.deepEqual(await status(azure), [401, 'AuthenticationFailed', true]);
  assert.deepEqual(await status(azure, 'Basic abc'), [401, 'AuthenticationFailedInvalidHeader', true]);
  assert.deepEqual(await status(azure, 'Bearer forged'), [401, 'InvalidAuthenticationToken', true]);
});

test('requests for tokens are refused in the words of the token service', async (t) => {
  const { azure } = await rigAzure(t, { secrets: { app: 'sesame' } });
  for (const [form, wanted] of [
    [{ ...good, client_secret: 'wrong' }, [401, 'invalid_client', 7000215]],
    [{ ...good, client_id: 'other' }, [400, 'unauthorized_client', 700016]],
    [{ ...good, scope: 'user.read' }, [400, 'invalid_scope', 1002012]],
    [{ ...good, grant_type: 'password' }, [400, 'unsupported_grant_type', 70003]],
    [{ client_id: 'app' }, [400, 'invalid_request', 900144]],
  ] as const) {
    const answer = await askToken(azure, form);
    assert.deepEqual([answer.status, answer.json.error, answer.json.error_codes[0]], wanted);
    assert.match(answer.json.error_description, new RegExp(`^AADSTS${wanted[2]}: `));
  }
  assert.equal((await askToken(azure, good, 'elsewhere')).json.error_codes[0], 90002);
});

test('without secrets any client gets a token, and any token is good', async (t) => {
  const { azure } = await rigAzure(t);
  assert.equal((await askToken(azure, { client_id: 'x', client_secret: 'y' })).status, 200);
  assert.deepEqual(await status(azure, 'Bearer any'), [200, undefined, undefined]);
  assert.deepEqual(await status(azure), [401, 'AuthenticationFailed', true]);
});

test('requests for tokens are logged, and faults strike them', async (t) => {
  const { azure } = await rigAzure(t);
  azure.faults.add({ kind: 'error', action: 'token', code: 'temporarily_unavailable', status: 503, times: 1 });
  azure.faults.add({ kind: 'reset', action: 'token', when: 'after', times: 1 });
  const refused = await askToken(azure, good);
  assert.deepEqual([refused.status, refused.json.error], [503, 'temporarily_unavailable']);
  await assert.rejects(askToken(azure, good));
  assert.equal((await askToken(azure, good)).status, 200);
  assert.deepEqual(azure.counts.outcomes, { temporarily_unavailable: 1, reset: 1, ok: 1 });
});
