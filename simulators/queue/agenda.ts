/** Things that become due at given times, taken in order of time: a binary heap. */
export class Agenda<T> {
  readonly #entries: { atMs: number; item: T }[] = [];

  /** How many are noted. */
  get size(): number {
    return this.#entries.length;
  }

  /** Notes that `item` is due at `atMs` (milliseconds since the epoch). */
  add(atMs: number, item: T): void {
    const entries = this.#entries;
    let index = entries.length;
    entries.push({ atMs, item });
    for (let parent = (index - 1) >> 1; index > 0 && this.#timeAt(parent) > atMs; parent = (index - 1) >> 1) {
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Takes the earliest item that is due at `nowMs` or before, with its time; undefined when none is. */
  takeDue(nowMs: number): { atMs: number; item: T } | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.atMs > nowMs) {
      return undefined;
    }
    const last = this.#entries.pop();
    if (last !== undefined && this.#entries.length > 0) {
      this.#entries[0] = last;
      this.#sink();
    }
    return first;
  }

  #sink(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#timeAt(left + 1) < this.#timeAt(left) ? left + 1 : left;
      if (this.#timeAt(child) >= this.#timeAt(index)) {
        return;
      }
      this.#swap(index, child);
      index = child;
    }
  }

  /** Infinity behind the end, so that a missing child never rises. */
  #timeAt(index: number): number {
    return this.#entries[index]?.atMs ?? Infinity;
  }

  #swap(one: number, other: number): void {
    const [first, second] = [this.#entries[one], this.#entries[other]];
    if (first !== undefined && second !== undefined) {
      this.#entries[one] = second;
      this.#entries[other] = first;
    }
  }
}
