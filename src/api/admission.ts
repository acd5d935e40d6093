import { ServiceError } from '#core/error.ts';

interface Waiter {
  enter(): void;
  refuse(reason: ServiceError): void;
}

/**
 * Lets only so many of one kind of work in at a time, so that a storm of it leaves room for the rest. Sources that wait are let in turn by turn:
 * one that sends a thousand delays another by one.
 */
export class Admission {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  /** Lines of those who wait, by source; the first source is next. */
  readonly #lines = new Map<string, Waiter[]>();
  #inside = 0;
  #waiting = 0;

  constructor(limits: { atOnce: number; mostWaiting: number }) {
    this.#atOnce = limits.atOnce;
    this.#mostWaiting = limits.mostWaiting;
  }

  /** How many are inside and how many wait. */
  get load(): { inside: number; waiting: number } {
    return { inside: this.#inside, waiting: this.#waiting };
  }

  /**
   * Does `work` as soon as there is room.
   * @throws {ServiceError} `unavailable` when too many wait already; the last of the longest line has to go.
   */
  async run<T>(source: string, work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#atOnce) this.#inside += 1;
    else await this.#wait(source);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #wait(source: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const line = this.#lines.get(source) ?? [];
      line.push({ enter: resolve, refuse: reject });
      this.#lines.set(source, line);
      this.#waiting += 1;
      if (this.#waiting > this.#mostWaiting) this.#refuseOne();
    });
  }

  #refuseOne(): void {
    const [source, line] = [...this.#lines].reduce((longest, other) =>
      other[1].length > longest[1].length ? other : longest,
    );
    const last = line.pop();
    if (line.length === 0) this.#lines.delete(source);
    this.#waiting -= 1;
    last?.refuse(new ServiceError('unavailable', 'Too many of these requests at once; try again soon.'));
  }

  /** Gives the place to whoever is next. */
  #leave(): void {
    const next = this.#lines.entries().next();
    if (next.done === true) {
      this.#inside -= 1;
      return;
    }
    const [source, line] = next.value;
    this.#lines.delete(source);
    const waiter = line.shift();
    if (line.length > 0) this.#lines.set(source, line);
    this.#waiting -= 1;
    waiter?.enter();
  }
}
