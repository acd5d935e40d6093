import { Refusal } from './refusal.ts';
import { isInShape, type Shape } from './shape.ts';

/** What a caller wants of an object: the members by name, `*` for each, and of each all (null) or a part. */
export type Mask = ReadonlyMap<string, Mask | null>;

/**
 * Reads the parameter `fields`: names with commas between, `a/b` for what is within, `a(b,c)` for several of that, and
 * `*` (https://cloud.google.com/compute/docs/api/how-tos/performance, "Using partial responses").
 *
 * @param shape of the answer: what it does not have cannot be asked for.
 * @throws Refusal
 */
export function parseFields(text: string, shape: Shape): Mask {
  const reader = new Reader(text);
  const mask = reader.list([], shape);
  if (!reader.isAtEnd) {
    throw invalidSelection(text);
  }
  return mask;
}

/** What the mask leaves of a JSON value; lists are passed through. */
export function masked(value: unknown, mask: Mask | null): unknown {
  if (mask === null || typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown) => masked(item, mask));
  }
  const all = mask.get('*');
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const part = mask.get(name) ?? (mask.has(name) ? null : all);
    if (part !== undefined) {
      kept[name] = masked(member, part);
    }
  }
  return kept;
}

/** The part of a mask at a path of names; undefined where all is wanted, an empty mask where nothing is. */
export function maskAt(mask: Mask | undefined, ...path: readonly string[]): Mask | undefined {
  let found: Mask | null | undefined = mask;
  for (const name of path) {
    if (found === undefined || found === null) {
      return undefined;
    }
    found = found.has(name) ? found.get(name) : found.has('*') ? found.get('*') : new Map();
  }
  return found ?? undefined;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.replaceAll(/\s/g, '');
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  list(path: readonly string[], shape: Shape): Mask {
    const mask = new Map<string, Mask | null>();
    do {
      this.#path(path, shape, mask);
    } while (this.#takes(','));
    return mask;
  }

  /** One path; what it selects is added to what others have. */
  #path(outer: readonly string[], shape: Shape, mask: Map<string, Mask | null>): void {
    const name = /^(?:\*|[\w-]+)/.exec(this.#text.slice(this.#at))?.[0];
    if (name === undefined || !isInShape([...outer, name], shape)) {
      throw invalidSelection(name ?? this.#text);
    }
    this.#at += name.length;
    const path = [...outer, name];
    const part = this.#part(path, shape);
    const known = mask.get(name);
    mask.set(name, part === null || known === null ? null : new Map([...(known ?? []), ...part]));
  }

  /** What follows a name; null where all of it is wanted. */
  #part(path: readonly string[], shape: Shape): Mask | null {
    if (this.#takes('(')) {
      const mask = this.list(path, shape);
      if (!this.#takes(')')) {
        throw invalidSelection(this.#text);
      }
      return mask;
    }
    if (this.#takes('/') || this.#takes('.')) {
      const mask = new Map<string, Mask | null>();
      this.#path(path, shape, mask);
      return mask;
    }
    return null;
  }

  #takes(character: string): boolean {
    const isNext = this.#text[this.#at] === character;
    this.#at += isNext ? 1 : 0;
    return isNext;
  }
}

function invalidSelection(text: string): Refusal {
  return new Refusal(400, 'invalidParameter', `Invalid field selection ${text}`);
}
