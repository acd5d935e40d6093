import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { auth, compute } from '@googleapis/compute';
import { SignJWT } from 'jose';
import { clientConfig, refused, rigGce, zone } from './rig.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

async function rig(t: TestContext) {
  const { gce, clock } = await rigGce(t);
  const grant = async (parameters: Record<string, string>) => {
    const answer = await fetch(`${gce.url}/token`, { method: 'POST', body: new URLSearchParams(parameters) });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const assertion = (aud = `${gce.url}/token`, lifeSeconds = 3600) => {
    const iat = clock.now().getTime() / 1000;
    return new SignJWT({ scope: 'https://www.googleapis.com/auth/compute' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer('manager@simulated.iam.gserviceaccount.com')
      .setAudience(aud)
      .setIssuedAt(iat)
      .setExpirationTime(iat + lifeSeconds)
      .sign(privateKey);
  };
  const iam = async (name: string, headers: Record<string, string> = { authorization: 'Bearer any' }) => {
    const answer = await fetch(`${gce.url}/v1/projects/${name}`, { headers });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  return { gce, clock, grant, assertion, iam };
}

const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

test('a service account gets a token for its assertion, which is good for an hour', async (t) => {
  const { gce, clock, grant, assertion } = await rig(t);
  const { status, json } = await grant({ grant_type: grantType, assertion: await assertion() });
  assert.deepEqual([status, json['token_type'], json['expires_in']], [200, 'Bearer', 3599]);
  const client = compute({
    ...clientConfig(gce),
    headers: { authorization: `Bearer ${String(json['access_token'])}` },
  });
  const call = () => client.instances.list({ project: gce.project, zone });
  assert.equal((await call()).status, 200);
  await clock.step(3_600_000);
  await assert.rejects(call(), refused('authError', 401));
});

test('an OAuth client of the SDK with a token that somebody gave it may call', async (t) => {
  const { gce } = await rig(t);
  const client = new auth.OAuth2();
  client.setCredentials({ access_token: 'any', expiry_date: Date.parse('2100-01-01T00:00:00Z') });
  const gceClient = compute({ version: 'v1', rootUrl: `${gce.url}/`, auth: client });
  assert.equal((await gceClient.instances.list({ project: gce.project, zone })).status, 200);
});

test('a refresh token gets one, too', async (t) => {
  const { grant } = await rig(t);
  assert.equal((await grant({ grant_type: 'refresh_token', refresh_token: 'r' })).status, 200);
  assert.equal((await grant({ grant_type: 'refresh_token' })).json['error'], 'invalid_request');
});

test('assertions that are malformed, for others or past are refused', async (t) => {
  const { grant, assertion } = await rig(t);
  const wrongs = ['x', 'a.b.c', await assertion('http://elsewhere/'), await assertion(undefined, -1)];
  for (const wrong of wrongs) {
    const { status, json } = await grant({ grant_type: grantType, assertion: wrong });
    assert.deepEqual([status, json['error']], [400, 'invalid_grant']);
  }
  assert.equal((await grant({ grant_type: 'password' })).json['error'], 'unsupported_grant_type');
});

// spec: provisioning 7.1
test('a service account is found by its unique id and its e-mail', async (t) => {
  const { gce, iam } = await rig(t);
  const [{ email, uniqueId } = { email: '', uniqueId: '' }] = gce.accounts;
  for (const name of [uniqueId, email]) {
    const { status, json } = await iam(`simulated/serviceAccounts/${encodeURIComponent(name)}`);
    assert.deepEqual([status, json['email'], json['uniqueId'], json['projectId']], [200, email, uniqueId, 'simulated']);
  }
  assert.equal((await iam(`-/serviceAccounts/${uniqueId}`)).status, 200);
  const unknown = await iam('simulated/serviceAccounts/1');
  assert.deepEqual(unknown, {
    status: 404,
    json: { error: { code: 404, message: 'Unknown service account: 1', status: 'NOT_FOUND' } },
  });
  assert.equal((await iam(`other/serviceAccounts/${uniqueId}`)).status, 404);
  assert.equal((await iam(`simulated/serviceAccounts/${uniqueId}`, {})).status, 401);
});

test('faults strike these calls, too, and the logbook has them', async (t) => {
  const { gce, grant, iam } = await rig(t);
  const name = `simulated/serviceAccounts/${gce.accounts[0]?.uniqueId}`;
  gce.faults.add({ kind: 'error', action: 'iam.serviceAccounts.get', reason: 'forbidden', times: 1 });
  const { status, json } = await iam(name);
  assert.deepEqual([status, (json['error'] as { status: string }).status], [403, 'PERMISSION_DENIED']);
  assert.equal((await iam(name)).status, 200);
  gce.faults.add({ kind: 'error', action: 'oauth2.token', times: 1 });
  assert.equal((await grant({ grant_type: 'refresh_token', refresh_token: 'r' })).status, 503);
  gce.faults.add({ kind: 'reset', action: 'oauth2.certs', times: 1 });
  await assert.rejects(fetch(`${gce.url}/oauth2/v3/certs`));
  assert.equal((await fetch(`${gce.url}/oauth2/v3/certs`)).status, 200);
  assert.deepEqual(
    gce.logbook.map(({ action, outcome }) => `${action} ${outcome}`),
    [
      'iam.serviceAccounts.get forbidden',
      'iam.serviceAccounts.get ok',
      'oauth2.token backendError',
      'oauth2.certs reset',
      'oauth2.certs ok',
    ],
  );
});
