import type { JsonObject, JsonValue } from '#core/json.ts';
import { isJsonObject } from '#lib/json.ts';

/**
 * Reads configuration and notes everything that is wrong with it, so that an operator sees all of it at once. A member
 * that cannot be used reads as a harmless stand-in. Problems name the member and what it should be, never its value,
 * which may be a secret.
 */
export class SettingsReader {
  readonly #members: JsonObject;
  readonly #path: string;
  readonly #problems: string[];
  readonly #known = new Set<string>();
  readonly #inner: SettingsReader[] = [];

  /** `path` leads to these members, e.g. `credentials.`; inner readers share the outer one's problems. */
  constructor(members: JsonObject, path = '', problems: string[] = []) {
    this.#members = members;
    this.#path = path;
    this.#problems = problems;
  }

  /** What was found wrong so far, one line each. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Notes what the provider itself finds wrong with a member. */
  reject(name: string, should: string): void {
    this.#problems.push(`${this.#path}${name} ${should}`);
  }

  /** Is it there? JSON's null counts as absent. */
  has(name: string): boolean {
    return this.#get(name) !== undefined;
  }

  /** A text that must be there and not be empty. */
  text(name: string): string {
    const value = this.#get(name);
    if (value === undefined) {
      this.reject(name, 'is missing');
      return '';
    }
    return this.#checkedText(name, value);
  }

  /** A text that may be absent. */
  optionalText(name: string): string | null {
    const value = this.#get(name);
    return value === undefined ? null : this.#checkedText(name, value);
  }

  /** A positive number, or the default. */
  positive(name: string, otherwise: number): number {
    return this.#number(name, otherwise, (value) => value > 0, 'must be a number above 0');
  }

  /** A whole number that is not negative, or the default. */
  count(name: string, otherwise: number): number {
    return this.#number(name, otherwise, (value) => Number.isInteger(value) && value >= 0, 'must be 0, 1, 2, …');
  }

  /** An object that may be absent. */
  optionalObject(name: string): SettingsReader | null {
    const value = this.#get(name);
    if (value === undefined) {
      return null;
    }
    const members = this.#checkedObject(name, value);
    return members === null ? null : this.#innerReader(`${name}.`, members);
  }

  /** A text or an object, as it stands; null when absent. */
  optionalTextOrObject(name: string): string | JsonObject | null {
    const value = this.#get(name);
    if (value === undefined || (typeof value === 'string' && value !== '') || isJsonObject(value)) {
      return value ?? null;
    }
    this.reject(name, 'must be an object or a text that is not empty');
    return null;
  }

  /** A list of objects; absent is empty. */
  objects(name: string): readonly SettingsReader[] {
    const value = this.#get(name);
    if (value === undefined) {
      return [];
    }
    if (!Array.isArray(value)) {
      this.reject(name, 'must be a list');
      return [];
    }
    return value.flatMap((item: JsonValue, index) => {
      const members = this.#checkedObject(`${name}[${index}]`, item);
      return members === null ? [] : [this.#innerReader(`${name}[${index}].`, members)];
    });
  }

  /** Notes every member that nobody has asked for, here and in inner objects: a misspelt one must not pass silently. */
  rejectUnread(): void {
    for (const name of Object.keys(this.#members)) {
      if (!this.#known.has(name)) {
        this.reject(name, 'is not a setting');
      }
    }
    this.#inner.forEach((inner) => inner.rejectUnread());
  }

  #get(name: string): JsonValue | undefined {
    this.#known.add(name);
    return this.#members[name] ?? undefined;
  }

  #checkedText(name: string, value: JsonValue): string {
    if (typeof value === 'string' && value !== '') {
      return value;
    }
    this.reject(name, 'must be a text that is not empty');
    return '';
  }

  #number(name: string, otherwise: number, isGood: (value: number) => boolean, should: string): number {
    const value = this.#get(name);
    if (value === undefined) {
      return otherwise;
    }
    if (typeof value === 'number' && Number.isFinite(value) && isGood(value)) {
      return value;
    }
    this.reject(name, should);
    return otherwise;
  }

  #checkedObject(name: string, value: JsonValue): JsonObject | null {
    if (isJsonObject(value)) {
      return value;
    }
    this.reject(name, 'must be an object');
    return null;
  }

  #innerReader(path: string, members: JsonObject): SettingsReader {
    const reader = new SettingsReader(members, this.#path + path, this.#problems);
    this.#inner.push(reader);
    return reader;
  }
}
