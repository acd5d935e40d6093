import type { Random } from '#lib/random.ts';
import { checkFault, FaultList, type FaultForms, type Strikes } from '#simulators/fault-list.ts';
import { calmDials, parseDials, type Dials } from './dials.ts';
import type { ErrorBody } from './refusal.ts';

/** Something that goes wrong with calls: with those of an action and resource group, or with all where they are not given. */
export interface CallFault extends Strikes {
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
}

/**
 * Something that goes wrong with operations that such a call begins, after it was accepted. What has happened until
 * then stays: a machine may be up although its creation fails.
 */
export interface OperationFault extends Strikes {
  kind: 'operation';
  /** It fails, is canceled, never ends, or cannot be asked for (404) although it goes on. */
  outcome: 'fail' | 'cancel' | 'stick' | 'expire';
  action?: string;
  group?: string;
  /** Of one that fails; by default `InternalExecutionError`. */
  code?: string;
  message?: string;
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

const forms: FaultForms<Fault['kind']> = {
  error: { fields: ['action', 'group', 'when', 'code', 'message', 'status', 'retryAfterSeconds', 'times', 'chance'] },
  reset: { fields: ['action', 'group', 'when', 'times', 'chance'] },
  hang: { fields: ['action', 'group', 'when', 'times', 'chance'] },
  delay: { fields: ['action', 'group', 'delayMs', 'times', 'chance'] },
  operation: {
    fields: ['outcome', 'action', 'group', 'code', 'message', 'times', 'chance'],
    needed: ['outcome'],
  },
  stock: {
    fields: ['location', 'zone', 'vmSize', 'priority', 'available', 'code'],
    needed: ['location', 'available'],
  },
  quota: { fields: ['location', 'family', 'priority', 'vcpus', 'code'], needed: ['vcpus'] },
};

const types = {
  status: 'number',
  retryAfterSeconds: 'number',
  times: 'number',
  chance: 'number',
  delayMs: 'number',
  available: 'number',
  vcpus: 'number',
} as const;

/** A call as faults look at it. */
export interface FaultyCall {
  action: string;
  group: string;
}

/** What is wrong with the cloud at the moment: the dials, and single faults that come and go. */
export class Faults extends FaultList<Fault, Dials> {
  constructor(random: Random, dials: Partial<Dials>) {
    super(random, { ...calmDials, ...dials }, parseDials);
  }

  /** The first fault that strikes such a call at that moment, counted as one of its times. */
  strikeCall(call: FaultyCall, when: 'before' | 'after'): CallFault | undefined {
    return this.strike(
      (fault): fault is CallFault => isCallFault(fault) && (fault.when ?? 'before') === when && concerns(fault, call),
    );
  }

  /** The first fault that strikes the operation that such a call begins, counted likewise. */
  strikeOperation(call: FaultyCall): OperationFault | undefined {
    return this.strike((fault): fault is OperationFault => fault.kind === 'operation' && concerns(fault, call));
  }

  /** A virtual machine takes from the stocks by lowering `available`. */
  get stocks(): Stock[] {
    return this.all().filter((fault) => fault.kind === 'stock');
  }

  get quotas(): Quota[] {
    return this.all().filter((fault) => fault.kind === 'quota');
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
  checkFault(json, forms, types);
  return json as Fault;
}

function isCallFault(fault: Fault): fault is CallFault {
  return fault.kind === 'error' || fault.kind === 'reset' || fault.kind === 'hang' || fault.kind === 'delay';
}

function concerns(fault: CallFault | OperationFault, call: FaultyCall): boolean {
  const { action = call.action, group = call.group } = fault;
  return action === call.action && group.toLowerCase() === call.group.toLowerCase();
}
