import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { jsonbText, launchConfigIdOf } from '#core/launch-config-id.ts';
import type { JsonObject } from '#core/json.ts';
import { launchConfigPromises } from '#test/conformance/store/launch-configs.ts';
import { openPostgres, openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { poolPromises } from '#test/conformance/store/pools.ts';
import { aPool, after, now, poolId, poolInput } from '#test/conformance/store/samples.ts';

describe('pools in PostgreSQL', () => poolPromises(openPostgresStore));
describe('launch configs in PostgreSQL', () => launchConfigPromises(openPostgresStore));

// spec: api 7.6, W2
test('who created, updated and deleted a pool is on record, repeats included, failures not', async (t) => {
  const { store, url } = await openPostgres(t);
  await store.createPool(poolInput(), 'creator', now);
  await store.createPool(poolInput(), 'repeater', now);
  await store.updatePool(poolInput(), 'updater', after(1));
  await assert.rejects(store.createPool(poolInput({ owner: 'other' }), 'intruder', after(2)));
  await store.deletePool(poolId, 'deleter', after(3));
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<object>(
    'select entity_id, entity_type, client_id, action_type, created from audit order by audit_id',
  );
  await client.end();
  const entry = (client_id: string, action_type: string, created: Date): object => ({
    entity_id: poolId,
    entity_type: 'worker-pool',
    client_id,
    action_type,
    created,
  });
  assert.deepEqual(rows, [
    entry('creator', 'created', now),
    entry('repeater', 'created', now),
    entry('updater', 'updated', after(1)),
    entry('deleter', 'deleted', after(3)),
  ]);
});

/** Any JSON object of what can be stored. */
const storableObject = fc
  .object({
    key: fc.string({ unit: 'grapheme' }),
    values: [fc.string({ unit: 'grapheme' }), fc.double(), fc.boolean(), fc.constant(null)],
  })
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll(/\\u0000/g, '')) as JsonObject)
  .filter((value) => !JSON.stringify(value).includes('\\u0000'));

test('any config is stored as sent, and ids are those that core computes', async (t) => {
  const { store } = await openPostgres(t);
  const md5 = (text: string): string => createHash('md5').update(text, 'utf8').digest('hex');
  let pools = 0;
  await fc.assert(
    fc.asyncProperty(storableObject, storableObject, async (extra, content) => {
      pools += 1;
      const workerPoolId = `proj/p${pools}`;
      const config = { ...extra, launchConfigs: [content] };
      const input = { ...poolInput({ workerPoolId }), config };
      const { pool } = await store.createPool(input, 'user', now);
      const { launchConfigs: _, ...rest } = config;
      assert.equal(jsonbText(pool.config), jsonbText(rest));
      const [stored] = pool.launchConfigs;
      assert.equal(jsonbText(stored?.configuration ?? null), jsonbText(content));
      assert.equal(stored?.launchConfigId, launchConfigIdOf(workerPoolId, content, md5));
      // A repeat is the same whatever the content.
      await store.createPool(input, 'user', now);
    }),
    { numRuns: 60 },
  );
});

test('reading a pool with any number of launch configs is one statement', async (t) => {
  const { store, statements } = await openPostgres(t);
  await aPool(store, { launchConfigs: Array.from({ length: 50 }, (_, index) => ({ region: `r-${index}` })) });
  statements.length = 0;
  assert.equal((await store.pool(poolId))?.launchConfigs.length, 50);
  assert.deepEqual(statements, ['pools.get']);
});
