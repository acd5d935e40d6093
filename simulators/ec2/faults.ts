import type { Random } from '#lib/random.ts';
import { checkFault, FaultList, type FaultForms, type Strikes } from '#simulators/fault-list.ts';
import { calmDials, parseDials, type Dials } from './dials.ts';
import type { QuotaFamily } from './instance-type.ts';

/** Something that goes wrong with calls: with those of an action and region, or with all where they are not given. */
export interface CallFault extends Strikes {
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

const forms: FaultForms<Fault['kind']> = {
  error: { fields: ['action', 'region', 'when', 'code', 'message', 'status', 'times', 'chance'] },
  reset: { fields: ['action', 'region', 'when', 'times', 'chance'] },
  hang: { fields: ['action', 'region', 'when', 'times', 'chance'] },
  delay: { fields: ['action', 'region', 'delayMs', 'times', 'chance'] },
  stock: {
    fields: ['region', 'zone', 'instanceType', 'market', 'available'],
    needed: ['region', 'available'],
  },
  quota: { fields: ['region', 'family', 'market', 'vcpus', 'instances'] },
};

const types = {
  status: 'number',
  times: 'number',
  chance: 'number',
  delayMs: 'number',
  available: 'number',
  vcpus: 'number',
  instances: 'number',
} as const;

/** What is wrong with the cloud at the moment: the dials, and single faults that come and go. */
export class Faults extends FaultList<Fault, Dials> {
  constructor(random: Random, dials: Partial<Dials>) {
    super(random, { ...calmDials, ...dials }, parseDials);
  }

  /** The first fault that strikes such a call at that moment, counted as one of its times. */
  strikeCall(call: { action: string; region: string }, when: 'before' | 'after'): CallFault | undefined {
    return this.strike(
      (fault): fault is CallFault => isCallFault(fault) && (fault.when ?? 'before') === when && concerns(fault, call),
    );
  }

  /** The stocks of a region; a launch takes from them by lowering `available`. */
  stocks(region: string): Stock[] {
    return this.all()
      .filter((fault) => fault.kind === 'stock')
      .filter((stock) => stock.region === region);
  }

  quotas(region: string): Quota[] {
    return this.all()
      .filter((fault) => fault.kind === 'quota')
      .filter((quota) => (quota.region ?? region) === region);
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
  checkFault(json, forms, types);
  return json as Fault;
}

function isCallFault(fault: Fault): fault is CallFault {
  return fault.kind !== 'stock' && fault.kind !== 'quota';
}

function concerns(fault: CallFault, call: { action: string; region: string }): boolean {
  return (fault.action ?? call.action) === call.action && (fault.region ?? call.region) === call.region;
}
