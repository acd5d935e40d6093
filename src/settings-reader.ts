import type { JsonObject, JsonValue } from '#core/json.ts';
import { isJsonObject } from '#lib/json.ts';

/** Settings as they come: text from the environment, text or structures from a file. */
export type Settings = Readonly<Record<string, unknown>>;

/** Reads settings one by one and collects what is wrong with them instead of stopping at the first. */
export class SettingsReader {
  readonly problems: string[] = [];
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Notes a problem with a setting, in words for the operator. */
  complain(name: string, what: string): void {
    this.problems.push(`${name} ${what}`);
  }

  /** An empty text counts as unset (spec/api.md 10.1). */
  has(name: string): boolean {
    const value = this.#settings[name];
    return value !== undefined && value !== null && value !== '';
  }

  /** A text; without `otherwise` it is required. */
  text(name: string, otherwise?: string): string {
    if (!this.has(name)) return otherwise ?? this.#missing(name, '');
    const value = this.#settings[name];
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    this.complain(name, 'must be a text');
    return '';
  }

  /** A list of texts, as a structure or JSON text. */
  texts(name: string, otherwise: readonly string[]): readonly string[] {
    if (!this.has(name)) return otherwise;
    const value = this.#structure(name);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    this.complain(name, 'must be a list of texts');
    return [];
  }

  /** An http(s) URL without path; trailing slashes are dropped (spec/api.md 2.8). Required. */
  url(name: string): string {
    const text = this.text(name);
    if (text === '') return '';
    const url = URL.parse(text);
    if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '') {
      return url.origin;
    }
    this.complain(name, 'must be an http:// or https:// URL without a path');
    return '';
  }

  /** A whole number, from `least` to `most`. */
  integer(name: string, otherwise: number, { least, most }: { least: number; most: number }): number {
    if (!this.has(name)) return otherwise;
    const value = wholeNumber(this.#settings[name]);
    if (value !== undefined && value >= least && value <= most) return value;
    this.complain(name, `must be a whole number from ${least} to ${most}`);
    return otherwise;
  }

  /** The address of a server, with one of these schemes; not quoted in a complaint, since it may hold a password. */
  address(name: string, schemes: readonly string[], otherwise?: string): string {
    if (!this.has(name) && otherwise !== undefined) return otherwise;
    const text = this.text(name);
    const url = text === '' ? null : URL.parse(text);
    if (text !== '' && !schemes.includes(url?.protocol.slice(0, -1) ?? '')) {
      this.complain(name, `must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
    }
    return text;
  }

  /** `true` or `false`, in any case. */
  bool(name: string, otherwise: boolean): boolean {
    if (!this.has(name)) return otherwise;
    const text = String(this.#settings[name]).toLowerCase();
    if (text === 'true' || text === 'false') return text === 'true';
    this.complain(name, 'must be true or false');
    return otherwise;
  }

  /** An object, as a structure or JSON text; without `otherwise` it is required. */
  object(name: string, otherwise?: JsonObject): JsonObject {
    if (!this.has(name)) return otherwise ?? this.#missing(name, {});
    const value = this.#structure(name);
    if (isJsonObject(value)) return value;
    this.complain(name, 'must be an object (JSON text, or a mapping in the settings file)');
    return {};
  }

  /** A list of objects. */
  objects(name: string, otherwise: readonly JsonObject[]): readonly JsonObject[] {
    if (!this.has(name)) return otherwise;
    const value = this.#structure(name);
    if (Array.isArray(value) && value.every(isJsonObject)) return value;
    this.complain(name, 'must be a list of objects (JSON text, or a list in the settings file)');
    return [];
  }

  /** A positive number of milliseconds inside one of the original's loop settings. */
  loopSetting(name: string, member: string, otherwise: number): number {
    const value: JsonValue | undefined = this.object(name, {})[member];
    if (value === undefined) return otherwise;
    if (typeof value === 'number' && value > 0) return value;
    this.complain(name, `${member}: must be a number of milliseconds above 0`);
    return otherwise;
  }

  #missing<T>(name: string, instead: T): T {
    this.complain(name, 'is missing');
    return instead;
  }

  #structure(name: string): unknown {
    const value = this.#settings[name];
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return undefined;
    }
  }
}

/** A whole number, as such or as the text of one. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined;
  return typeof value === 'string' && /^\s*-?\d{1,15}\s*$/.test(value) ? Number(value) : undefined;
}
