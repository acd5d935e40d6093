import { MemorySink } from '#events/memory/memory-sink.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';

/**
 * Tells the simulated queue what the real one hears from the broker: workers that were removed or stopped, whose claimed tasks it gives to others
 * (spec/provisioning.md 1.8).
 */
export function noticesFor(queue: Pick<QueueSimulator, 'workerGone'>): MemorySink {
  const sink = new MemorySink(1_000);
  sink.onEvent((event) => {
    if (event.exchange === 'worker-removed' || event.exchange === 'worker-stopped') queue.workerGone(event.payload);
  });
  return sink;
}
