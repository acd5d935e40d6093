import type { EventSink, OutboxEntry, ServiceEvent } from '#core/events.ts';

/** Keeps the newest events in memory: for tests, for a first look, and where no broker is configured. */
export class MemorySink implements EventSink {
  readonly #limit: number;
  readonly #events: ServiceEvent[] = [];
  readonly #listeners = new Set<(event: ServiceEvent) => void>();

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  /** Oldest first; at most the limit. */
  get events(): readonly ServiceEvent[] {
    return this.#events;
  }

  /** Calls back for each event from now on. @returns a function that ends it. */
  onEvent(listener: (event: ServiceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(entries: readonly OutboxEntry[]): Promise<void> {
    for (const { event } of entries) {
      this.#events.push(event);
      for (const listener of this.#listeners) listener(event);
    }
    this.#events.splice(0, this.#events.length - this.#limit);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }
}
