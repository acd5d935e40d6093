import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { readConfigureGlobal } from 'fast-check';
import pg from 'pg';
import { testDatabase } from './database.ts';
import { seed } from './seed.ts';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a test database', () => {
  test('has the schema, and is nobody else’s', async (t) => {
    const [one, other] = await Promise.all([testDatabase(t), testDatabase(t)]);
    await query(one.url, 'delete from migration');
    assert.deepEqual(await query(one.url, 'select * from migration'), []);
    assert.notDeepEqual(await query(other.url, 'select * from migration'), []);
  });

  test('is gone after its test, also with a connection left open', async (t) => {
    let url = '';
    await t.test('that leaves a connection open', async (inner) => {
      ({ url } = await testDatabase(inner));
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => {});
      await client.connect();
    });
    await assert.rejects(query(url, 'select 1'), /does not exist/);
  });

  test('can serve a whole file', async () => {
    const { url } = await testDatabase({ after });
    assert.deepEqual(await query(url, 'select 1 as one'), [{ one: 1 }]);
  });
});

test('the seed of the run is that of property tests', () => {
  assert.equal(readConfigureGlobal().seed, seed);
});
