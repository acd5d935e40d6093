import type { Random } from '#lib/random.ts';
import { happens } from './range.ts';

/** How often a fault strikes; one without these is always there. */
export interface Strikes {
  /** After how many strikes it is over; by default never. */
  times?: number;
  /** Share of the occasions that it strikes; by default all. */
  chance?: number;
}

/** What is wrong with a cloud at the moment: the dials, and single faults that come and go. */
export class FaultList<Fault extends object, Dials extends object> {
  readonly #random: Random;
  #dials: Dials;
  readonly #parseDials: (json: unknown) => Partial<Dials>;
  readonly #faults = new Map<number, Fault>();
  #lastId = 0;

  /** @param parseDials throws a TypeError where a dial does not exist or its value does not fit. */
  constructor(random: Random, dials: Dials, parseDials: (json: unknown) => Partial<Dials>) {
    this.#random = random;
    this.#dials = dials;
    this.#parseDials = parseDials;
  }

  get dials(): Readonly<Dials> {
    return this.#dials;
  }

  /** Turns some dials. @throws TypeError where one does not exist or its value does not fit. */
  turn(dials: Partial<Dials>): void {
    this.#dials = { ...this.#dials, ...this.#parseDials(dials) };
  }

  /** Adds a fault, behind those that are there. @returns its id, for `remove`. */
  add(fault: Fault): number {
    this.#lastId += 1;
    this.#faults.set(this.#lastId, { ...fault });
    return this.#lastId;
  }

  /** Ends a fault; false where there is none of that id. */
  remove(id: number): boolean {
    return this.#faults.delete(id);
  }

  /** Ends all faults; the dials stay. */
  clear(): void {
    this.#faults.clear();
  }

  /** The faults in force, by id, as they are now. */
  list(): { id: number; fault: Fault }[] {
    return [...this.#faults].map(([id, fault]) => ({ id, fault: { ...fault } }));
  }

  /** The faults themselves, for those that are used up. */
  all(): Fault[] {
    return [...this.#faults.values()];
  }

  /** The first fault of a kind that concerns an occasion and strikes on it, counted as one of its times. */
  strike<Kind extends Fault & Strikes>(isConcerned: (fault: Fault) => fault is Kind): Kind | undefined {
    for (const [id, fault] of this.#faults) {
      if (isConcerned(fault) && happens(fault.chance ?? 1, this.#random)) {
        this.#countStrike(id, fault);
        return fault;
      }
    }
    return undefined;
  }

  #countStrike(id: number, fault: Strikes): void {
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times <= 0) {
        this.#faults.delete(id);
      }
    }
  }
}

/** The members that faults of each kind may have. */
export type FaultForms<Kind extends string> = Readonly<Record<Kind, FaultForm>>;

export interface FaultForm {
  fields: readonly string[];
  needed?: readonly string[];
}

/**
 * Checks that a JSON value is a fault of one of the kinds.
 *
 * @param types of members that are no strings.
 * @throws TypeError that says what does not fit.
 */
export function checkFault<Kind extends string>(
  json: unknown,
  forms: FaultForms<Kind>,
  types: Readonly<Record<string, 'number' | 'boolean'>>,
): asserts json is { kind: Kind } {
  if (typeof json !== 'object' || json === null || !('kind' in json)) {
    throw new TypeError(`a fault must be an object whose kind is one of ${Object.keys(forms).join(', ')}`);
  }
  const form = Object.entries<FaultForm>(forms).find(([kind]) => kind === json.kind)?.[1];
  if (form === undefined) {
    throw new TypeError(`there is no fault of kind ${JSON.stringify(json.kind)}`);
  }
  for (const [name, value] of Object.entries(json)) {
    checkField(name, value, form, types[name] ?? 'string');
  }
  const missing = form.needed?.find((name) => !Object.hasOwn(json, name));
  if (missing !== undefined) {
    throw new TypeError(`a fault of kind ${JSON.stringify(json.kind)} needs ${missing}`);
  }
}

function checkField(name: string, value: unknown, { fields }: FaultForm, type: string): void {
  if (name !== 'kind' && !fields.includes(name)) {
    throw new TypeError(`such a fault has no ${name}; it has ${fields.join(', ')}`);
  }
  if (typeof value !== type) {
    throw new TypeError(`${name} of a fault must be a ${type}`);
  }
}
