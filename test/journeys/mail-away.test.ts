// spec: api 7.4, E44, W21, W49, P-37, provisioning 10.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { segment } from '#demo/client.ts';
import type { ApiClient } from '#demo/client.ts';
import { aDeployment } from '#test/deployment.ts';
import { endingOf } from '#test/processes.ts';
import { systemClock } from '#lib/clock.ts';
import { admin, own } from '#test/world.ts';
import { aStaticPool } from './a-pool.ts';
import { SiblingServices } from './sibling-services.ts';

const timesEach = 5;
const pools = { 'proj/one': true, 'proj/two': true, 'proj/quiet': false };
const titles = ['Disk full', 'No network'];

async function report(client: ApiClient, workerPoolId: string, title: string): Promise<void> {
  const body = { workerGroup: 'g', workerId: 'w', kind: 'worker-error', title, description: 'd', extra: {} };
  await client.call('POST', `/worker-pool-errors/${segment(workerPoolId)}`, body);
}

/** Waits for what another process is about to do. @throws when it does not come. */
async function until(what: string, isReached: () => boolean): Promise<void> {
  for (let turn = 0; !isReached(); turn += 1) {
    if (turn === 600) throw new Error(`did not happen: ${what}`);
    await systemClock.sleep(50);
  }
}

/** Each kind of trouble in each pool, several times. */
async function reportAll(client: ApiClient): Promise<void> {
  for (const workerPoolId of Object.keys(pools)) {
    for (const title of titles) {
      for (let time = 0; time < timesEach; time += 1) await report(client, workerPoolId, title);
    }
  }
}

test('while mails cannot be sent they wait, through a crash of the service too; afterwards there is one for each incident', async (test) => {
  const t = endingOf(test);
  const siblings = new SiblingServices([admin, { ...own, scopes: ['*'] }], []);
  const rootUrl = await siblings.listen();
  t.after(() => siblings.close());
  const deployment = await aDeployment(t, { regions: ['us-west-2'] });
  const pace = { notifyEveryMs: 100, leaseMs: 1_500 };
  const settings = {
    TASKCLUSTER_ROOT_URL: rootUrl,
    LOCAL_CLIENTS: null,
    PACE: pace,
    PROVIDERS: { 'static-demo': { providerType: 'static' } },
  };

  siblings.notifyAnswers = 503;
  const first = await deployment.start([], settings);
  for (const [workerPoolId, emailOnError] of Object.entries(pools)) {
    const body: JsonObject = { ...aStaticPool(), owner: `${workerPoolId.slice(5)}@example.com`, emailOnError };
    await first.client.call('PUT', `/worker-pool/${segment(workerPoolId)}`, body);
  }
  await reportAll(first.client);
  await until('a try was in vain', () => siblings.refusedMails >= 1);
  siblings.notifyAnswers = 'nothing';
  await until('the next one, too', () => siblings.refusedMails >= 2);
  first.kill('SIGKILL');
  await first.ended;
  assert.equal(siblings.mails.length, 0);

  siblings.notifyAnswers = 200;
  const second = await deployment.start([], settings);
  const expected = ['one', 'two'].flatMap((name) =>
    titles.map((title) => `${name}@example.com: Taskcluster Worker Manager Error: ${title}`),
  );
  await until('the mails arrive', () => siblings.mails.length >= expected.length);
  await reportAll(second.client);
  await report(second.client, 'proj/one', 'Another one');
  await until('the mail about what is new arrives', () => siblings.mails.length > expected.length);
  assert.deepEqual(
    siblings.mails.map(({ address, subject }) => `${address}: ${subject}`).toSorted(),
    [...expected, 'one@example.com: Taskcluster Worker Manager Error: Another one'].toSorted(),
  );
  for (const workerPoolId of Object.keys(pools)) {
    const { workerPoolErrors } = (await second.client.call('GET', `/worker-pool-errors/${segment(workerPoolId)}`)) as {
      workerPoolErrors: JsonObject[];
    };
    const stored = workerPoolErrors.filter(({ title }) => title !== 'Another one');
    assert.equal(stored.length, 2 * timesEach * titles.length, workerPoolId);
    for (const { content } of siblings.mails.filter(({ address }) => address.startsWith(`${workerPoolId.slice(5)}@`))) {
      assert.ok(
        workerPoolErrors.some(({ errorId }) => content.includes(String(errorId))),
        'the error can be looked up',
      );
    }
  }
});
