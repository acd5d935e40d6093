import type { EventSink } from '#core/events.ts';
import { after } from './parts.ts';
import type { LoopParts } from './parts.ts';

/** Entries carried in one go: enough to fill a broker's pipeline, few enough to repeat after a broken connection. */
const batchSize = 500;

/**
 * Carries waiting events out, oldest first, until none waits. An event is forgotten only after the receiver confirmed it, so it arrives at
 * least once; order holds because one task at a time delivers.
 */
export async function deliverEvents(parts: LoopParts, sink: EventSink, signal: AbortSignal): Promise<Date> {
  const { store, clock, pace } = parts;
  for (;;) {
    signal.throwIfAborted();
    const entries = await store.waitingEvents(batchSize);
    if (entries.length > 0) {
      await sink.publish(entries, signal);
      await store.confirmEvents(entries.map((entry) => entry.sequence));
    }
    if (entries.length < batchSize) break;
  }
  return after(clock, pace.deliverEveryMs);
}

/** Shows how much waits to be told, also while the receiver is away. */
export async function measureOutbox({ store, metrics, clock }: LoopParts): Promise<void> {
  const { count, oldest } = await store.backlog();
  metrics.gauge('worker_manager_outbox_waiting', {}, count);
  const ageMs = oldest === null ? 0 : clock.now().getTime() - oldest.getTime();
  metrics.gauge('worker_manager_outbox_age_seconds', {}, Math.max(0, ageMs / 1000));
}
