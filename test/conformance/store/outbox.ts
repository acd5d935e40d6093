import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPool, after, now, oneRequested, poolId, requested } from './samples.ts';
import type { OpenStore } from './samples.ts';

/** What every store promises of the outbox. */
export function outboxPromises(open: OpenStore): void {
  test('events wait until they are confirmed, oldest first', async (t) => {
    const store = await open(t);
    assert.deepEqual(await store.backlog(), { count: 0, oldest: null });
    await aPool(store);
    await oneRequested(store, { at: after(5) });
    assert.deepEqual(await store.backlog(), { count: 4, oldest: now });
    const first = await store.waitingEvents(2);
    assert.deepEqual(
      first.map(({ event, createdAt }) => [event.exchange, createdAt]),
      [
        ['worker-pool-created', now],
        ['launch-config-created', now],
      ],
    );
    assert.deepEqual(await store.waitingEvents(2), first);
    await store.confirmEvents(first.map(({ sequence }) => sequence));
    await store.confirmEvents(first.map(({ sequence }) => sequence));
    await store.confirmEvents([]);
    const rest = await store.waitingEvents(10);
    assert.deepEqual(
      rest.map(({ event }) => event.exchange),
      ['launch-config-created', 'worker-requested'],
    );
    assert.deepEqual(await store.backlog(), { count: 2, oldest: now });
  });

  test('events of one pool have one key, those of each worker another', async (t) => {
    const store = await open(t);
    await aPool(store);
    await aPool(store, { workerPoolId: 'other/pool' });
    await requested(store, 2);
    const entries = await store.waitingEvents(100);
    const keys = Map.groupBy(entries, ({ orderKey }) => orderKey);
    assert.deepEqual(
      [...keys.values()].map((group) => group.map(({ event }) => event.payload.workerPoolId)),
      [[poolId, poolId, poolId], ['other/pool', 'other/pool', 'other/pool'], [poolId], [poolId]],
    );
  });

  // spec: W2
  test('what is undone is not told', async (t) => {
    const store = await open(t);
    await aPool(store);
    const before = await store.backlog();
    await assert.rejects(aPool(store, { owner: 'other@example.com' }));
    assert.deepEqual(await store.backlog(), before);
  });
}
