/** Things that have a name, in the order of their names. Sorted again only when something was added. */
export class Shelf<T extends { name: string; id: string }> {
  #sorted: T[] = [];
  #isSorted = true;
  readonly #byName = new Map<string, T>();
  readonly #byId = new Map<string, T>();

  /** Adds a thing; one of the same name stays, but is no longer found by its name. */
  add(thing: T): void {
    this.#isSorted &&= (this.#sorted.at(-1)?.name ?? '') <= thing.name;
    this.#sorted.push(thing);
    this.#byName.set(thing.name, thing);
    this.#byId.set(thing.id, thing);
  }

  find(nameOrId: string): T | undefined {
    return this.#byName.get(nameOrId) ?? this.#byId.get(nameOrId);
  }

  /** All things by growing name. */
  get sorted(): readonly T[] {
    if (!this.#isSorted) {
      this.#sorted.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
      this.#isSorted = true;
    }
    return this.#sorted;
  }

  /** Forgets what is past. */
  sweep(isPast: (thing: T) => boolean): void {
    const kept = this.#sorted.filter((thing) => !isPast(thing));
    if (kept.length === this.#sorted.length) {
      return;
    }
    for (const thing of this.#sorted) {
      if (isPast(thing)) {
        this.#byId.delete(thing.id);
        if (this.#byName.get(thing.name) === thing) {
          this.#byName.delete(thing.name);
        }
      }
    }
    this.#sorted = kept;
  }
}

/** Index of the first thing whose name is greater in a list by growing name. */
export function indexAfter(things: readonly { name: string }[], name: string): number {
  let low = 0;
  let high = things.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const thing = things[middle];
    if (thing !== undefined && thing.name <= name) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
