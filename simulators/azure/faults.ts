import { happens } from '#simulators/range.ts';
import type { Random } from '#lib/random.ts';
import { calmDials, parseDials, type Dials } from './dials.ts';
import type { ErrorBody } from './refusal.ts';

/** Something that goes wrong with calls: with those of an action and resource group, or with all where they are not given. */
export interface CallFault {
  /** An error answer, a broken connection, no answer at all, or one that is late. */
  kind: 'error' | 'reset' | 'hang' | 'delay';
  /** E.g. `virtualMachines.put`; `actions` in routes.ts shows all. */
  action?: string;
  group?: string;
  /** Before the call has any effect (default), or after it: done, but the answer is lost. */
  when?: 'before' | 'after';
  /** Of an `error`; by default `InternalServerError`. */
  code?: string;
  message?: string;
  /** HTTP status of an `error`; by default what Azure sends with the code. */
  status?: number;
  /** Of an `error`: the `Retry-After` that it tells. */
  retryAfterSeconds?: number;
  /** Of a `delay`; milliseconds. */
  delayMs?: number;
  /** After how many calls it is over; by default never. */
  times?: number;
  /** Share of the calls that it strikes; by default all. */
  chance?: number;
}

/**
 * Something that goes wrong with operations that such a call begins, after it was accepted. What has happened until
 * then stays: a machine may be up although its creation fails.
 */
export interface OperationFault {
  kind: 'operation';
  /** It fails, is canceled, never ends, or cannot be asked for (404) although it goes on. */
  outcome: 'fail' | 'cancel' | 'stick' | 'expire';
  action?: string;
  group?: string;
  /** Of one that fails; by default `InternalExecutionError`. */
  code?: string;
  message?: string;
  times?: number;
  chance?: number;
}

/** What is left of the hosts for a location, zone, size and priority; virtual machines use it up. */
export interface Stock {
  kind: 'stock';
  location: string;
  zone?: string;
  vmSize?: string;
  priority?: 'Regular' | 'Spot';
  /** How many more virtual machines find a host; 0 is a stock-out. */
  available: number;
  /**
   * How Azure says that there is none: `SkuNotAvailable` at once, all others in the operation. By default
   * `AllocationFailed`, or `ZonalAllocationFailed` for a virtual machine with a zone.
   */
  code?: string;
}

/** What a subscription may have at a time; each limit counts the virtual machines that it speaks of. */
export interface Quota {
  kind: 'quota';
  location?: string;
  /** As quotas name it, e.g. `standardDASv5Family`; without it all together. */
  family?: string;
  priority?: 'Regular' | 'Spot';
  vcpus: number;
  /** `OperationNotAllowed` (default) or `QuotaExceeded`. */
  code?: string;
}

export type Fault = CallFault | OperationFault | Stock | Quota;

const statuses: Readonly<Record<string, number>> = {
  AuthorizationFailed: 403,
  InvalidAuthenticationToken: 401,
  InternalServerError: 500,
  ServiceUnavailable: 503,
  ServerTimeout: 503,
  ResourceNotFound: 404,
  NotFound: 404,
  TooManyRequests: 429,
  SubscriptionRequestsThrottled: 429,
  OperationNotAllowed: 409,
  SkuNotAvailable: 409,
  QuotaExceeded: 409,
  Conflict: 409,
  AnotherOperationInProgress: 429,
  DeploymentActive: 409,
};

const texts: Readonly<Record<string, string>> = {
  AuthorizationFailed:
    "The client 'simulated' with object id 'simulated' does not have authorization to perform action over scope or the scope is invalid. If access was recently granted, please refresh your credentials.",
  InvalidAuthenticationToken: 'The access token is invalid.',
  InternalServerError: 'Encountered internal server error. Please retry the request.',
  ServerTimeout: 'The request timed out. Please try again.',
};

const fieldsOf: Readonly<Record<Fault['kind'], readonly string[]>> = {
  error: ['kind', 'action', 'group', 'when', 'code', 'message', 'status', 'retryAfterSeconds', 'times', 'chance'],
  reset: ['kind', 'action', 'group', 'when', 'times', 'chance'],
  hang: ['kind', 'action', 'group', 'when', 'times', 'chance'],
  delay: ['kind', 'action', 'group', 'delayMs', 'times', 'chance'],
  operation: ['kind', 'outcome', 'action', 'group', 'code', 'message', 'times', 'chance'],
  stock: ['kind', 'location', 'zone', 'vmSize', 'priority', 'available', 'code'],
  quota: ['kind', 'location', 'family', 'priority', 'vcpus', 'code'],
};

const needed: Readonly<Partial<Record<string, readonly string[]>>> = {
  operation: ['outcome'],
  stock: ['location', 'available'],
  quota: ['vcpus'],
};

const numbers = new Set(['status', 'retryAfterSeconds', 'times', 'chance', 'delayMs', 'available', 'vcpus']);

/** A call as faults look at it. */
export interface FaultyCall {
  action: string;
  group: string;
}

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
  strike(call: FaultyCall, when: 'before' | 'after'): CallFault | undefined {
    return this.#strike(call, (fault) => isCallFault(fault) && (fault.when ?? 'before') === when) as
      | CallFault
      | undefined;
  }

  /** The first fault that strikes the operation that such a call begins, counted likewise. */
  strikeOperation(call: FaultyCall): OperationFault | undefined {
    return this.#strike(call, (fault) => fault.kind === 'operation') as OperationFault | undefined;
  }

  /** A virtual machine takes from the stocks by lowering `available`. */
  get stocks(): Stock[] {
    return [...this.#faults.values()].filter((fault) => fault.kind === 'stock');
  }

  get quotas(): Quota[] {
    return [...this.#faults.values()].filter((fault) => fault.kind === 'quota');
  }

  #strike(call: FaultyCall, isMeant: (fault: Fault) => boolean): Fault | undefined {
    for (const [id, fault] of this.#faults) {
      if (fault.kind !== 'stock' && fault.kind !== 'quota' && isMeant(fault) && concerns(fault, call)) {
        if (happens(fault.chance ?? 1, this.#random)) {
          this.#countStrike(id, fault);
          return fault;
        }
      }
    }
    return undefined;
  }

  #countStrike(id: number, fault: CallFault | OperationFault): void {
    if (fault.times !== undefined) {
      fault.times -= 1;
      if (fault.times <= 0) {
        this.#faults.delete(id);
      }
    }
  }
}

/** Code, text and HTTP status of an error fault, with Azure's own where it does not say. */
export function errorOf(fault: CallFault): { code: string; message: string; status: number } {
  const code = fault.code ?? 'InternalServerError';
  return { code, message: fault.message ?? texts[code] ?? code, status: fault.status ?? statuses[code] ?? 400 };
}

/** How an operation ends that a fault makes fail. */
export function operationErrorOf(fault: OperationFault): ErrorBody {
  const code = fault.code ?? (fault.outcome === 'cancel' ? 'OperationPreempted' : 'InternalExecutionError');
  return { code, message: fault.message ?? 'An internal execution error occurred. Please retry later.' };
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
  const missing = (needed[String(json.kind)] ?? []).find((name) => !(name in json));
  if (missing !== undefined) {
    throw new TypeError(`a fault of kind ${String(json.kind)} needs ${missing}`);
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
  return fault.kind === 'error' || fault.kind === 'reset' || fault.kind === 'hang' || fault.kind === 'delay';
}

function concerns(fault: CallFault | OperationFault, call: FaultyCall): boolean {
  const { action = call.action, group = call.group } = fault;
  return action === call.action && group.toLowerCase() === call.group.toLowerCase();
}
