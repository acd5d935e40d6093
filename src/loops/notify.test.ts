import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { MailRefused } from '#core/mail.ts';
import type { Mail, Mailer } from '#core/mail.ts';
import { defaultPace } from '#core/pace.ts';
import { silentLog, silentMetrics } from '#core/telemetry.ts';
import { SteppedClock } from '#lib/clock.ts';
import { FixedDemand } from '#demand/fixed/fixed-demand.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { aPool, now, poolId } from '#test/conformance/store/samples.ts';
import type { LoopParts } from './parts.ts';
import { notifyOwners } from './notify.ts';

const { signal } = new AbortController();

/** Loops with three incidents waiting, and a mailer whose sending a test decides. */
async function threeIncidents(t: TestContext, send: (mail: Mail) => Promise<void>) {
  const clock = new SteppedClock(now);
  const store = await openPostgresStore(t);
  await aPool(store, { emailOnError: true, owner: 'who@example.com' });
  for (const [index, title] of ['One', 'Two', 'Three'].entries()) {
    const problem = { kind: 'creation-error', title, description: 'none left', extra: { code: 'Full' } };
    const at = new Date(now.getTime() + index);
    await store.recordProblem({ errorId: `e${index}`, workerPoolId: poolId, launchConfigId: null, ...problem }, at);
  }
  const parts: LoopParts = {
    store,
    clock,
    providers: { get: () => undefined, list: () => [] },
    demand: new FixedDemand(clock),
    random: () => 0,
    pace: defaultPace,
    log: silentLog,
    metrics: silentMetrics,
    newOrderId: () => '',
    newErrorId: () => '',
  };
  const mailer: Mailer = { send, close: () => Promise.resolve() };
  return { parts, mailer, left: async () => (await store.waitingNotices(10)).length };
}

// spec: api 7.4, provisioning 10.2, E44
test('each incident is one mail to the owner, with what happened and where to look', async (t) => {
  const mails: Mail[] = [];
  const { parts, mailer, left } = await threeIncidents(t, async (mail) => void mails.push(mail));
  await notifyOwners(parts, mailer, signal);
  await notifyOwners(parts, mailer, signal);
  assert.deepEqual(
    mails.map(({ to, subject }) => `${to}: ${subject}`),
    ['One', 'Two', 'Three'].map((title) => `who@example.com: Taskcluster Worker Manager Error: ${title}`),
  );
  assert.match(mails[0]?.content ?? '', /proj-a\/linux[^]*> none left[^]*e0[^]*"code": "Full"/);
  assert.equal(await left(), 0);
});

// spec: W21, P-37
test('while the way out is closed nothing is lost, and what has left does not leave again', async (t) => {
  const mails: Mail[] = [];
  let isOpen = true;
  const { parts, mailer, left } = await threeIncidents(t, async (mail) => {
    if (!isOpen) throw new Error('connection refused');
    mails.push(mail);
    isOpen = false;
  });
  await assert.rejects(notifyOwners(parts, mailer, signal), /connection refused/);
  assert.equal(await left(), 2);
  for (let turn = 0; turn < 2; turn += 1) {
    isOpen = true;
    await notifyOwners(parts, mailer, signal).catch(() => undefined);
  }
  assert.deepEqual(
    mails.map(({ subject }) => subject.split(' ').at(-1)),
    ['One', 'Two', 'Three'],
  );
});

test('a mail that will never be taken holds up no other', async (t) => {
  const sent: string[] = [];
  const { parts, mailer, left } = await threeIncidents(t, async ({ subject }) => {
    if (subject.endsWith('One')) throw new MailRefused('no such address');
    sent.push(subject);
  });
  await notifyOwners(parts, mailer, signal);
  assert.equal(sent.length, 2);
  assert.equal(await left(), 0);
});
