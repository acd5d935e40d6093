import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventSink, OutboxEntry } from '#core/events.ts';
import type { Store } from '#core/store.ts';
import { after, requested, aPool as storedPool } from '#test/conformance/store/samples.ts';
import { aLoopWorld, unaborted } from '#test/loop-world.ts';
import { deliverEvents, measureOutbox } from './deliver.ts';

/** A sink that takes what `publish` takes. */
function sinkOf(publish: EventSink['publish']): EventSink {
  return { publish, close: () => Promise.resolve() };
}

/** So many events of workers wait, and two of their pool. */
async function workerEvents(store: Store, count: number): Promise<void> {
  await storedPool(store);
  await requested(store, count);
}

test('everything that waits leaves in order, each once, in batches; then it rests', async (t) => {
  const { parts, store } = await aLoopWorld(t);
  await workerEvents(store, 1_100);
  const { count } = await store.backlog();
  const batches: (readonly OutboxEntry[])[] = [];
  const sink = sinkOf(async (entries) => void batches.push(entries));
  assert.deepEqual(await deliverEvents(parts, sink, unaborted), after(1_000));
  await deliverEvents(parts, sink, unaborted);
  assert.deepEqual(
    batches.map(({ length }) => length),
    [500, 500, count - 1_000],
  );
  const sequences = batches.flat().map(({ sequence }) => sequence);
  assert.deepEqual(
    sequences,
    sequences.toSorted((one, other) => Number(one - other)),
  );
  assert.equal(new Set(sequences).size, count);
});

// spec: E13, W2
test('what the receiver does not confirm stays, and leaves again, before all that is newer', async (t) => {
  const { parts, store } = await aLoopWorld(t);
  await workerEvents(store, 700);
  const { count } = await store.backlog();
  let calls = 0;
  const broken = sinkOf(async () => {
    calls += 1;
    if (calls === 2) throw new Error('the broker has gone away');
  });
  await assert.rejects(deliverEvents(parts, broken, unaborted), /the broker has gone away/);
  assert.equal((await store.backlog()).count, count - 500);
  const told: OutboxEntry[] = [];
  await deliverEvents(
    parts,
    sinkOf(async (entries) => void told.push(...entries)),
    unaborted,
  );
  assert.equal(told.length, count - 500);
});

test('a run that is cut short between two batches loses nothing', async (t) => {
  const { parts, store } = await aLoopWorld(t);
  await workerEvents(store, 600);
  const { count } = await store.backlog();
  const cut = new AbortController();
  const sink = sinkOf(async () => cut.abort(new Error('time is up')));
  await assert.rejects(deliverEvents(parts, sink, cut.signal), /time is up/);
  assert.equal((await store.backlog()).count, count - 500);
});

test('the backlog is shown with its age, and 0 when there is none', async (t) => {
  const { parts, store, clock, numbers } = await aLoopWorld(t);
  await measureOutbox(parts);
  assert.deepEqual([...numbers.values()], [0, 0]);
  await workerEvents(store, 3);
  const { count } = await store.backlog();
  await clock.step(90_000);
  await measureOutbox(parts);
  assert.deepEqual(
    [...numbers],
    [
      ['worker_manager_outbox_waiting', count],
      ['worker_manager_outbox_age_seconds', 90],
    ],
  );
});
