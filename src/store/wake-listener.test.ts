import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import { emptyDatabase, withClient } from '#test/conformance/store/open-postgres.ts';
import { now } from '#test/conformance/store/samples.ts';
import { wakeChannel, WakeListener } from './wake-listener.ts';

/** Ends every connection that listens. */
async function cutListener(url: string): Promise<void> {
  await withClient(url, async (client) =>
    client.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`),
  );
}

const notify = async (url: string): Promise<unknown> =>
  withClient(url, async (client) => client.query(`notify ${wakeChannel}`));

/** A promise and what resolves it. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

test('a lost connection is made again, and everybody is called, since something may have been missed', async (t) => {
  const url = await emptyDatabase(t);
  const clock = new SteppedClock(now);
  const lost = gate();
  const listener = new WakeListener({ url, clock, onError: lost.open });
  t.after(async () => listener.close());
  let called = gate();
  await listener.listen(() => called.open());
  await cutListener(url);
  await lost.opened;
  while (clock.pending === 0) await clock.step(0);
  await clock.step(1_000);
  await called.opened;
  called = gate();
  await notify(url);
  await called.opened;
});

test('the first connection that cannot be made is told, and a later try can succeed', async (t) => {
  const url = await emptyDatabase(t);
  const nowhere = new URL(url);
  nowhere.pathname = '/no_such_database';
  const failing = new WakeListener({ url: nowhere.href, clock: new SteppedClock(now), onError: () => undefined });
  await assert.rejects(
    failing.listen(() => undefined),
    /no_such_database/,
  );
  await assert.rejects(
    failing.listen(() => undefined),
    /no_such_database/,
  );
  await failing.close();
});

test('a closed listener neither calls nor connects again', async (t) => {
  const url = await emptyDatabase(t);
  const clock = new SteppedClock(now);
  const listener = new WakeListener({ url, clock, onError: () => undefined });
  let calls = 0;
  await listener.listen(() => {
    calls += 1;
  });
  await listener.close();
  await notify(url);
  assert.equal(calls, 0);
  assert.equal(clock.pending, 0);
  const { rowCount } = await withClient(url, async (client) =>
    client.query(`select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`),
  );
  assert.equal(rowCount, 0);
});

test('listening ends with the last who listens, and can begin again', async (t) => {
  const url = await emptyDatabase(t);
  const listener = new WakeListener({ url, clock: new SteppedClock(now), onError: () => undefined });
  t.after(async () => listener.close());
  const connections = async (): Promise<number | null> => {
    const listening = `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
    return withClient(url, async (client) => (await client.query(listening)).rowCount);
  };
  const calls: string[] = [];
  let heard = gate();
  const callback = (): void => {
    calls.push('call');
    heard.open();
  };
  const [endOne, endTwo] = await Promise.all([listener.listen(callback), listener.listen(callback)]);
  assert.equal(await connections(), 1);
  await endOne();
  await notify(url);
  await heard.opened;
  assert.deepEqual(calls, ['call']);
  await endTwo();
  heard = gate();
  await listener.listen(callback);
  await notify(url);
  await heard.opened;
  assert.deepEqual(calls, ['call', 'call']);
});
