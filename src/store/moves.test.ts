import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { movePromises } from '#test/conformance/store/moves.ts';
import { openPostgres, openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { aPool, now, requested, toldEvents } from '#test/conformance/store/samples.ts';

describe('moves in PostgreSQL', () => movePromises(openPostgresStore));

test('10,000 moves take as many statements as one', async (t) => {
  const { store, statements } = await openPostgres(t);
  await aPool(store);
  const workers = await requested(store, 10_000);
  await toldEvents(store);
  const statementsFor = async (count: number, skip: number): Promise<string[]> => {
    statements.length = 0;
    const asked = workers
      .slice(skip, skip + count)
      .map((worker) => ({ worker, move: 'stop' as const, reason: 'gone' }));
    assert.equal((await store.moveWorkers(asked, now)).length, count);
    return [...statements];
  };
  const forOne = await statementsFor(1, 0);
  assert.deepEqual(await statementsFor(9_999, 1), forOne);
  assert.deepEqual(forOne, ['begin', 'workers.move', 'outbox.insert', 'launch-records.losses', 'commit']);
  assert.equal((await store.backlog()).count, 10_000);
});
