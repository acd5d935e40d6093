import { priorities } from './wire.ts';
import type { Priority } from './wire.ts';

/** What waits in one task queue: by priority, and within one the eldest first. Adding and taking cost the same however much waits. */
export class Backlog<T> {
  readonly #lanes: Lane<T>[] = priorities.map(() => new Lane<T>());

  add(priority: Priority, item: T): void {
    this.#lanes[priorities.indexOf(priority)]?.add(item);
  }

  /** Takes the first item that still waits; what `isWaiting` denies is dropped on the way. */
  take(isWaiting: (item: T) => boolean): T | undefined {
    for (const lane of this.#lanes) {
      for (let item = lane.take(); item !== undefined; item = lane.take()) {
        if (isWaiting(item)) {
          return item;
        }
      }
    }
    return undefined;
  }
}

/** An array with a moving head: `shift()` would move all that is left. */
class Lane<T> {
  #items: T[] = [];
  #head = 0;

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head >= this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
