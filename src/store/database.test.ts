import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { ServiceError } from '#core/error.ts';
import { emptyDatabase, openPostgres, withClient } from '#test/conformance/store/open-postgres.ts';
import { aPool, now, poolId, poolInput } from '#test/conformance/store/samples.ts';
import { testDatabase } from '#test/database.ts';
import { openDatabase, prepared, statement } from './database.ts';
import type { Database } from './database.ts';
import { openStore } from './postgres.ts';

const quiet = { max: 4, onError: (): void => undefined, onStatement: (): void => undefined };

async function aDatabase(t: Parameters<typeof emptyDatabase>[0]): Promise<Database & { url: string }> {
  const url = await emptyDatabase(t);
  const database = openDatabase({ url, ...quiet });
  t.after(async () => database.close());
  return { ...database, url };
}

const addToOutbox = statement(
  'test.add',
  `insert into outbox (order_key, event, created_at) values ($1, '{}', '2026-01-01Z')`,
);
const count = prepared('test.count', 'select count(*)::integer as count from outbox');
const countIn = async (database: Database): Promise<number | undefined> =>
  (await database.rows<{ count: number }>(count))[0]?.count;

const unavailable = { name: 'ServiceError', code: 'unavailable' };

describe('transactions', () => {
  test('what a transaction did is undone when it rejects, and the caller gets the very error', async (t) => {
    const database = await aDatabase(t);
    const error = new Error('mine');
    const failing = database.transaction(async (transaction) => {
      await transaction.run(addToOutbox, ['a']);
      throw error;
    });
    await assert.rejects(failing, (thrown) => thrown === error);
    assert.equal(await countIn(database), 0);
    assert.equal(await database.transaction(async (transaction) => transaction.run(addToOutbox, ['a'])), 1);
    assert.equal(await countIn(database), 1);
  });

  // spec: W30
  test('a deadlock is nobody’s trouble: who lost it does its work again', async (t) => {
    const database = await aDatabase(t);
    await database.run(addToOutbox, ['a']);
    await database.run(addToOutbox, ['b']);
    const lock = statement('test.lock', 'update outbox set created_at = created_at where order_key = $1');
    let waiting = 0;
    let bothHold: () => void = () => undefined;
    const both = new Promise<void>((resolve) => {
      bothHold = resolve;
    });
    let attempts = 0;
    const lockBoth = async (first: string, second: string): Promise<void> =>
      database.transaction(async (transaction) => {
        attempts += 1;
        await transaction.run(lock, [first]);
        waiting += 1;
        if (waiting >= 2) bothHold();
        await both;
        await transaction.run(lock, [second]);
      });
    await Promise.all([lockBoth('a', 'b'), lockBoth('b', 'a')]);
    // Who lost may come back before the other has woken, and lose again.
    assert.ok(attempts >= 3, `${attempts} attempts`);
  });

  test('a serialization failure that does not end is told after a few attempts', async (t) => {
    const database = await aDatabase(t);
    const fail = statement('test.fail', `do $$ begin raise exception 'no luck' using errcode = '40001'; end $$`);
    let attempts = 0;
    const failing = database.transaction(async (transaction) => {
      attempts += 1;
      await transaction.run(fail);
    });
    await assert.rejects(failing, { ...unavailable, message: 'the database is too busy' });
    assert.equal(attempts, 5);
    await assert.rejects(database.run(fail), unavailable);
  });
});

describe('trouble with the database', () => {
  test('a database that nobody serves is unavailable, without its address in the message', async (t) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const opening = openStore({ url: `postgres://someone:hunter2@127.0.0.1:${port}/db` });
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, 'unavailable');
      assert.equal(error.message, 'the database cannot be reached');
      assert.match(String(error.cause), /ECONNREFUSED/);
      return true;
    });
    assert.ok(t.name);
  });

  test('connections cut by the database fail what was under way and are made anew', async (t) => {
    const errors: unknown[] = [];
    const { store, url } = await openPostgres(t, { onError: (error) => errors.push(error) });
    await aPool(store);
    await cutConnections(url);
    const answers = await Promise.allSettled(Array.from({ length: 30 }, async () => store.pool(poolId)));
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.equal((answer.reason as ServiceError).code, 'unavailable');
    }
    assert.equal((await store.pool(poolId))?.workerPoolId, poolId);
    assert.ok(errors.length > 0 || answers.some(({ status }) => status === 'rejected'));
  });

  test('a transaction cut in the middle is undone and tells that the database is unavailable', async (t) => {
    const database = await aDatabase(t);
    const failing = database.transaction(async (transaction) => {
      await transaction.run(addToOutbox, ['a']);
      await cutConnections(database.url);
      await transaction.run(addToOutbox, ['b']);
    });
    await assert.rejects(failing, unavailable);
    assert.equal(await countIn(database), 0);
  });

  test('a statement that takes longer than allowed is stopped', async (t) => {
    const url = await emptyDatabase(t);
    const database = openDatabase({ url, ...quiet, statementTimeoutMs: 50 });
    t.after(async () => database.close());
    const sleeping = database.run(statement('test.sleep', 'select pg_sleep(60)'));
    await assert.rejects(sleeping, { ...unavailable, message: 'the database took too long to answer' });
    assert.equal(await countIn(database), 0);
  });

  test('a closed store is unavailable', async (t) => {
    const { store } = await openPostgres(t);
    const other = await openStore({ url: await emptyDatabase(t) });
    await other.ping();
    await other.close();
    await assert.rejects(other.ping(), unavailable);
    await store.ping();
  });

  // spec: W47
  test('text with a character that cannot be stored is a violation of the schema, wherever it comes from', async (t) => {
    const { store } = await openPostgres(t);
    const refused = { name: 'ServiceError', code: 'schema-violation' };
    await assert.rejects(store.pool('a\0/b'), refused);
    await assert.rejects(store.createPool(poolInput(), 'user\0', now), refused);
    await assert.rejects(store.wake([{ kind: 'provision', key: 'a\0' }], now), refused);
  });

  test('a defect of ours stays a defect', async (t) => {
    const database = await aDatabase(t);
    await assert.rejects(database.run(statement('test.wrong', 'select no_such_column')), (error) => {
      assert.ok(!(error instanceof ServiceError));
      return true;
    });
  });
});

test('listings are read from the reading database, everything else from the writing one', async (t) => {
  const { url: readUrl } = await testDatabase(t);
  const writeUrl = await emptyDatabase(t);
  const replica = await openStore({ url: readUrl });
  const store = await openStore({ readUrl, writeUrl });
  t.after(async () => Promise.all([store.close(), replica.close()]));
  await aPool(store);
  await aPool(replica, { description: 'older' });
  assert.equal((await store.pool(poolId))?.description, 'builds things');
  const page = { after: null, limit: 9 };
  assert.equal((await store.poolsPage(page)).rows[0]?.description, 'older');
  const worker = { key: { workerPoolId: poolId, workerGroup: 'g', workerId: 'i' }, providerId: 's', capacity: 1 };
  await store.declareWorker({ ...worker, expires: now, providerData: {} }, () => true, now);
  assert.deepEqual((await store.workersPage({ workerPoolId: poolId }, page)).rows, []);
  assert.equal((await store.worker(worker.key))?.workerId, 'i');
});

/** Ends all other connections to a database, as a restart of the server does. */
async function cutConnections(url: string): Promise<void> {
  await withClient(url, async (client) =>
    client.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`),
  );
}
