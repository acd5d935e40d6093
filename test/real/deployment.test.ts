import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remoteAuthenticator } from '#access/remote-authenticator.ts';
import { queueSource } from '#demand/taskcluster-queue/queue-source.ts';
import { systemClock } from '#lib/clock.ts';
import { systemRandom } from '#lib/random.ts';

/*
 * Against a real deployment, with credentials that have the role `assume:project:taskcluster:tests:taskcluster-worker-manager`: that what is believed
 * here of its auth and queue services is true. Nothing is changed there.
 */
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

test('the auth service of the deployment answers for callers without credentials', { skip }, async () => {
  const authenticator = remoteAuthenticator({ rootUrl, clock: systemClock, random: systemRandom });
  const { hostname, port, protocol } = new URL(rootUrl);
  const answer = await authenticator.authenticate({
    method: 'get',
    resource: '/api/worker-manager/v1/worker-pools',
    host: hostname,
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  });
  assert.equal(answer.status, 'anonymous');
});
