/** Counts by name, of which the oldest are forgotten when there are too many (P-25). */
export class Tallies {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  constructor(most = 10_000) {
    this.#most = most;
  }

  /** @returns the new count. */
  add(name: string): number {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.delete(name);
    this.#counts.set(name, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > this.#most && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }

  delete(name: string): void {
    this.#counts.delete(name);
  }
}
