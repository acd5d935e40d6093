import type { Random } from '#lib/random.ts';
import { happens } from '#simulators/range.ts';
import { calmDials, parseDials, type Dials } from './dials.ts';
import type { QuotaFamily } from './instance-type.ts';

/** Something that goes wrong with calls: with those of an action and region, or with all where they are not given. */
export interface CallFault {
  /** An error answer, a broken connection, no answer at all, or one that is late. */
  kind: 'error' | 'reset' | 'hang' | 'delay';
  action?: string;
  region?: string;
  /** Before the call has any effect (default), or after it: done, but the answer is lost. */
  when?: 'before' | 'after';
  /** Of an `error`; by default `InternalError`. */
  code?: string;
  message?: string;
  /** HTTP status of an `error`; by default what AWS sends with the code. */
  status?: number;
  /** Of a `delay`; milliseconds. */
  delayMs?: number;
  /** After how many calls it is over; by default never. */
  times?: number;
  /** Share of the calls that it strikes; by default all. */
  chance?: number;
}

/** What is left of the machines of a region, zone, instance type and market; launches use it up. */
export interface Stock {
  kind: 'stock';
  region: string;
  zone?: string;
  instanceType?: string;
  market?: 'on-demand' | 'spot';
  /** How many more instances can be launched; 0 is a stock-out. */
  available: number;
}

/** What an account may have at a time; each limit counts the instances that it speaks of. */
export interface Quota {
  kind: 'quota';
  region?: string;
  family?: QuotaFamily;
  market?: 'on-demand' | 'spot';
  vcpus?: number;
  instances?: number;
}

export type Fault = CallFault | Stock | Quota;

const statuses: Readonly<Record<string, number>> = {
  AuthFailure: 401,
  UnauthorizedOperation: 403,
  InternalError: 500,
  InternalFailure: 500,
  InsufficientInstanceCapacity: 500,
  RequestLimitExceeded: 503,
  Unavailable: 503,
  ServiceUnavailable: 503,
};

const texts: Readonly<Record<string, string>> = {
  AuthFailure: 'AWS was not able to validate the provided access credentials',
  UnauthorizedOperation: 'You are not authorized to perform this operation.',
  InternalError: 'An internal error has occurred',
  RequestLimitExceeded: 'Request limit exceeded.',
  Unavailable: "The server is overloaded and can't handle the request.",
};

const fieldsOf: Readonly<Record<Fault['kind'], readonly string[]>> = {
  error: ['kind', 'action', 'region', 'when', 'code', 'message', 'status', 'times', 'chance'],
  reset: ['kind', 'action', 'region', 'when', 'times', 'chance'],
  hang: ['kind', 'action', 'region', 'when', 'times', 'chance'],
  delay: ['kind', 'action', 'region', 'delayMs', 'times', 'chance'],
  stock: ['kind', 'region', 'zone', 'instanceType', 'market', 'available'],
  quota: ['kind', 'region', 'family', 'market', 'vcpus', 'instances'],
};

const numbers = new Set(['status', 'times', 'chance', 'delayMs', 'available', 'vcpus', 'instances']);

/** What is wrong with the cloud at the moment: the dials, and single faults that come and go. */
export class Faults {
  #dials: Dials;
  readonly #faults = new Map<number, Fault>();
  #lastId = 0;
  readonly #random: Random;

  constructor(random: Random, dials: Partial<Dials>) {
    this.#random = random;
    this.#dials = { ...calmDials, ...dials };
  }

  get dials(): Readonly<Dials> {
    return this.#dials;
  }

  /** Turns some dials. @throws TypeError where one does not exist or its value does not fit. */
  turn(dials: Partial<Dials>): void {
    this.#dials = { ...this.#dials, ...parseDials(dials) };
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

  /** The faults in force, by id. A stock shows what is left of it. */
  list(): { id: number; fault: Fault }[] {
    return [...this.#faults].map(([id, fault]) => ({ id, fault: { ...fault } }));
  }

  /** The first fault that strikes such a call at that moment, counted as one of its times. */
  strike(call: { action: string; region: string }, when: 'before' | 'after'): CallFault | undefined {
    for (const [id, fault] of this.#faults) {
      if (isCallFault(fault) && (fault.when ?? 'before') === when && concerns(fault, call)) {
        if (happens(fault.chance ?? 1, this.#random)) {
          this.#countStrike(id, fault);
          return fault;
        }
      }
    }
    return undefined;
  }

  /** The stocks of a region; a launch takes from them by lowering `available`. */
  stocks(region: string): Stock[] {
    return [...this.#faults.values()]
      .filter((fault) => fault.kind === 'stock')
      .filter((stock) => stock.region === region);
  }

  quotas(region: string): Quota[] {
    return [...this.#faults.values()]
      .filter((fault) => fault.kind === 'quota')
      .filter((quota) => (quota.region ?? region) === region);
  }

  #countStrike(id: number, fault: CallFault): void {
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times <= 0) {
        this.#faults.delete(id);
      }
    }
  }
}

/** Code, text and HTTP status of an error fault, with AWS's own where it does not say. */
export function errorOf(fault: CallFault): { code: string; message: string; status: number } {
  const code = fault.code ?? 'InternalError';
  return { code, message: fault.message ?? texts[code] ?? code, status: fault.status ?? statuses[code] ?? 400 };
}

/**
 * The fault in a JSON value.
 *
 * @throws TypeError that says what does not fit.
 */
export function parseFault(json: unknown): Fault {
  if (typeof json !== 'object' || json === null || !('kind' in json)) {
    throw new TypeError(`a fault must be an object whose kind is one of ${Object.keys(fieldsOf).join(', ')}`);
  }
  const fields = Object.entries(fieldsOf).find(([kind]) => kind === json.kind)?.[1];
  if (fields === undefined) {
    throw new TypeError(`there is no fault of kind ${JSON.stringify(json.kind)}`);
  }
  for (const [name, value] of Object.entries(json)) {
    checkField(name, value, fields);
  }
  if (json.kind === 'stock' && !('region' in json && 'available' in json)) {
    throw new TypeError('a fault of kind stock needs region and available');
  }
  return json as Fault;
}

function checkField(name: string, value: unknown, fields: readonly string[]): void {
  if (!fields.includes(name)) {
    throw new TypeError(`such a fault has no ${name}; it has ${fields.join(', ')}`);
  }
  const type = numbers.has(name) ? 'number' : 'string';
  if (typeof value !== type) {
    throw new TypeError(`${name} of a fault must be a ${type}`);
  }
}

function isCallFault(fault: Fault): fault is CallFault {
  return fault.kind !== 'stock' && fault.kind !== 'quota';
}

function concerns(fault: CallFault, call: { action: string; region: string }): boolean {
  return (fault.action ?? call.action) === call.action && (fault.region ?? call.region) === call.region;
}
