import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as Hawk from 'hawk';
import taskcluster from 'taskcluster-client';
import type { Credentials } from 'taskcluster-client';
import { createTemporaryCredentials } from '#access/certificate.ts';
import { remoteAuthenticator } from '#access/remote-authenticator.ts';
import { satisfiesScope } from '#access/scopes.ts';
import type { SignedRequest } from '#access/signed-request.ts';
import { queueSource } from '#demand/taskcluster-queue/queue-source.ts';
import { systemClock } from '#lib/clock.ts';
import { systemRandom } from '#lib/random.ts';
import { aWorld } from '#test/world.ts';

/*
 * Against a real deployment, with credentials that have the role of these tests: that what is believed here of its auth and queue services is true.
 * Nothing is changed there.
 */
const role = 'assume:project:taskcluster:tests:taskcluster-worker-manager';
const {
  TASKCLUSTER_ROOT_URL: rootUrl = '',
  TASKCLUSTER_CLIENT_ID: clientId = '',
  TASKCLUSTER_ACCESS_TOKEN: accessToken = '',
} = process.env;
const skip =
  rootUrl === '' || clientId === '' || accessToken === ''
    ? 'needs TASKCLUSTER_ROOT_URL, TASKCLUSTER_CLIENT_ID and TASKCLUSTER_ACCESS_TOKEN'
    : false;
const { signal } = new AbortController();

test('the queue of the deployment says how many tasks wait', { skip }, async () => {
  const source = queueSource({
    rootUrl,
    credentials: { clientId, accessToken },
    clock: systemClock,
    random: systemRandom,
  });
  const { pendingTasks, claimedTasks } = await source.counts('taskcluster-tests/worker-manager', signal);
  assert.ok(pendingTasks >= 0 && claimedTasks >= 0);
});

/** The auth service of the deployment, and what a caller of a service there would sign: the Hawk client's own work. */
const authenticator = () => remoteAuthenticator({ rootUrl, clock: systemClock, random: systemRandom });
const url = `${rootUrl}/api/worker-manager/v1/worker-pools`;

function signedBy(credentials: Credentials): SignedRequest {
  const { hostname, port, protocol, pathname } = new URL(url);
  const ext = Buffer.from(JSON.stringify({ certificate: JSON.parse(credentials.certificate ?? 'null') ?? undefined }));
  const { header } = Hawk.client.header(url, 'GET', {
    credentials: { id: credentials.clientId, key: credentials.accessToken, algorithm: 'sha256' },
    ext: ext.toString('base64'),
  });
  const plain = protocol === 'https:' ? 443 : 80;
  return { method: 'get', resource: pathname, host: hostname, port: Number(port || plain), authorization: header };
}

test('the auth service of the deployment answers for callers without credentials', { skip }, async () => {
  const { authorization: _, ...unsigned } = signedBy({ clientId, accessToken });
  const answer = await authenticator().authenticate(unsigned);
  assert.equal(answer.status, 'anonymous');
});

test('the auth service of the deployment knows the client of the tests, and what it may do', { skip }, async () => {
  const answer = await authenticator().authenticate(signedBy({ clientId, accessToken }));
  assert.ok(answer.status === 'success', JSON.stringify(answer));
  assert.equal(answer.clientId, clientId);
  assert.ok(satisfiesScope(answer.scopes, role), `the client lacks ${role}`);
  const wrong = await authenticator().authenticate(signedBy({ clientId, accessToken: `${accessToken}x` }));
  assert.equal(wrong.status, 'failed');
});

test('the auth service of the deployment believes temporary credentials that are issued here', { skip }, async () => {
  const now = systemClock.now().getTime();
  const terms = { scopes: [role], start: new Date(now - 60_000), expiry: new Date(now + 600_000) };
  const answer = await authenticator().authenticate(
    signedBy(createTemporaryCredentials({ clientId, accessToken }, terms)),
  );
  assert.ok(answer.status === 'success', JSON.stringify(answer));
  assert.ok(satisfiesScope(answer.scopes, role));
  assert.ok(answer.expires !== null && answer.expires.getTime() <= now + 600_000);
});

test('a service that belongs to the deployment believes its clients and nobody else', { skip }, async (t) => {
  const { service } = await aWorld(t, {
    start: systemClock.now(),
    settings: () => ({ TASKCLUSTER_ROOT_URL: rootUrl, LOCAL_CLIENTS: null }),
  });
  const codeOf = async (credentials: Credentials): Promise<string> => {
    const client = new taskcluster.WorkerManager({ rootUrl: service.url ?? '', credentials, retries: 0 });
    return await client.listProviders().then(
      () => 'none',
      ({ code }: { code: string }) => code,
    );
  };
  // What its client may do at a worker-manager is the deployment's affair; that it is believed is ours.
  assert.match(await codeOf({ clientId, accessToken }), /^(none|InsufficientScopes)$/);
  assert.equal(await codeOf({ clientId, accessToken: 'not-the-one' }), 'AuthenticationFailed');
});
