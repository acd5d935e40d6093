import { createHash } from 'node:crypto';
import { invalidValue, missingParameter, Refusal } from './refusal.ts';

/** A tag as the Query API sends it. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** A filter as the Query API sends it: any of the values may match. */
export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/**
 * The parameters of one call in the notation of EC2's Query API: flat names, in which lists are numbered from 1
 * (`Filter.1.Value.2`) and members are joined by dots (`Placement.AvailabilityZone`).
 */
export class Form {
  readonly #values: ReadonlyMap<string, string>;

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** Reads a form-encoded body or query string; of a name given twice the last value counts. */
  static parse(encoded: string): Form {
    return new Form(new Map(new URLSearchParams(encoded)));
  }

  /** The value of that name, or undefined; an empty value counts as given. */
  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** @throws Refusal `MissingParameter` where the value is absent or empty. */
  required(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined || value === '') {
      throw missingParameter(name);
    }
    return value;
  }

  /** @throws Refusal `InvalidParameterValue` where the value is given and is no whole number. */
  integer(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value === undefined) {
      return undefined;
    }
    if (!/^-?\d{1,9}$/.test(value)) {
      throw invalidValue(`Invalid value '${value}' for ${name}. Must be an integer`);
    }
    return Number(value);
  }

  /** @throws Refusal `InvalidParameterValue` where the value is given and neither true nor false. */
  isTrue(name: string, otherwise = false): boolean {
    const value = this.#values.get(name);
    if (value === undefined) {
      return otherwise;
    }
    if (value !== 'true' && value !== 'false') {
      throw invalidValue(`Invalid value '${value}' for ${name}. Must be true or false`);
    }
    return value === 'true';
  }

  /** One of the values that are allowed for that name, or undefined where it is not given. */
  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.#values.get(name);
    if (value === undefined) {
      return undefined;
    }
    const chosen = allowed.find((candidate) => candidate === value);
    if (chosen === undefined) {
      throw invalidValue(`Value (${value}) for parameter ${name} is invalid. Valid values are ${allowed.join(', ')}`);
    }
    return chosen;
  }

  /** The values of `name.1`, `name.2`, …, in the order of their numbers. */
  list(name: string): string[] {
    return this.#numbered(name)
      .filter(([, rest]) => rest === '')
      .map(([, , value]) => value);
  }

  /** The members of `name.1`, `name.2`, …, each as a form of its own, in the order of their numbers. */
  structures(name: string): Form[] {
    const members = new Map<number, Map<string, string>>();
    for (const [number, rest, value] of this.#numbered(name)) {
      const values = members.get(number) ?? new Map<string, string>();
      values.set(rest, value);
      members.set(number, values);
    }
    return [...members.values()].map((values) => new Form(values));
  }

  /** @throws Refusal where a filter has no name or no value, as EC2 does. */
  filters(): Filter[] {
    return this.structures('Filter').map((filter) => {
      const name = filter.required('Name');
      const values = filter.list('Value');
      if (values.length === 0) {
        throw invalidValue(`The filter '${name}' must have at least one value`);
      }
      if (values.length > 200) {
        throw new Refusal(
          'FilterLimitExceeded',
          'The maximum number of filter values specified on a single call is 200',
        );
      }
      return { name, values };
    });
  }

  /** The tags under `name`; a tag without value has the empty one. */
  tags(name: string): Tag[] {
    return this.structures(name).map((tag) => ({ key: tag.required('Key'), value: tag.text('Value') ?? '' }));
  }

  /** Whether any parameter is, or is below, that name. */
  has(name: string): boolean {
    return this.#values.has(name) || [...this.#values.keys()].some((given) => given.startsWith(`${name}.`));
  }

  /** @throws Refusal `UnknownParameter` for the first name that is not in `known`, where numbers are written `N`. */
  refuseUnknown(known: ReadonlySet<string>): void {
    for (const name of this.#values.keys()) {
      if (name !== 'Action' && name !== 'Version' && !known.has(name.replaceAll(/\.\d+(?=\.|$)/g, '.N'))) {
        throw new Refusal('UnknownParameter', `The parameter ${name} is not recognized`);
      }
    }
  }

  /** Equal for two calls that ask for the same: a hash of all parameters but those named. */
  fingerprint(...ignored: readonly string[]): string {
    const hash = createHash('sha256');
    for (const [name, value] of [...this.#values].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      if (!ignored.includes(name)) {
        hash.update(JSON.stringify([name, value]));
      }
    }
    return hash.digest('base64');
  }

  /** Number, rest of the name and value of each parameter below a list, sorted by number. */
  #numbered(name: string): [number: number, rest: string, value: string][] {
    const found: [number, string, string][] = [];
    for (const [given, value] of this.#values) {
      if (given.startsWith(`${name}.`)) {
        const [, number, rest] = /^(\d+)(?:\.(.+))?$/.exec(given.slice(name.length + 1)) ?? [];
        if (number !== undefined) {
          found.push([Number(number), rest ?? '', value]);
        }
      }
    }
    return found.toSorted(([a], [b]) => a - b);
  }
}
