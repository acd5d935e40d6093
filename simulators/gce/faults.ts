import type { Random } from '#lib/random.ts';
import { checkFault, FaultList, type FaultForms, type Strikes } from '#simulators/fault-list.ts';
import { calmDials, parseDials, type Dials } from './dials.ts';
import type { OperationError } from './operation.ts';
import { regionOf } from './region.ts';

/** Something that goes wrong with calls: with those of an action, region and zone, or with all where they are not given. */
export interface CallFault extends Strikes {
  /** An error answer, a broken connection, no answer at all, or one that is late. */
  kind: 'error' | 'reset' | 'hang' | 'delay';
  /** E.g. `instances.insert`. */
  action?: string;
  region?: string;
  zone?: string;
  /** Before the call has any effect (default), or after it: done, but the answer is lost. */
  when?: 'before' | 'after';
  /** Of an `error`; by default `backendError`. */
  reason?: string;
  message?: string;
  /** HTTP status of an `error`; by default what Google sends with the reason. */
  status?: number;
  /** Of a `delay`; milliseconds. */
  delayMs?: number;
}

/** Operations that fail after they were accepted, with no lasting effect. */
export interface OperationFault extends Strikes {
  kind: 'operation';
  /** `insert` or `delete`; each insert of a bulk insert is one. */
  type?: 'insert' | 'delete';
  zone?: string;
  /** By default `INTERNAL_ERROR`. */
  code?: string;
  message?: string;
  /** By default 500. */
  status?: number;
}

/** Operations that never end. */
export interface StuckFault extends Strikes {
  kind: 'stuck';
  type?: 'insert' | 'delete';
  zone?: string;
  /** Whether the operation has its effect nevertheless; by default not. */
  isEffective?: boolean;
}

/** What is left of the machines of a zone, machine type and provisioning model; inserts use it up. */
export interface Stock {
  kind: 'stock';
  zone?: string;
  machineType?: string;
  isSpot?: boolean;
  /** How many more instances can be created; 0 is a stock-out. */
  available: number;
  /** Of the operation's error; by default `ZONE_RESOURCE_POOL_EXHAUSTED`. */
  code?: string;
  /** When a bulk insert that cannot reach its minimum is told: at once, or by its operation (default). */
  at?: 'request' | 'operation';
}

/** What a project may have at a time. */
export interface Quota {
  kind: 'quota';
  /** Of no region: of all together. */
  region?: string;
  /** E.g. `CPUS`, `N2_CPUS`, `PREEMPTIBLE_CPUS`, `INSTANCES`, `NVIDIA_T4_GPUS`. */
  metric: string;
  limit: number;
  /** When a caller is told: by default an insert by its operation, a bulk insert at once. */
  at?: 'request' | 'operation';
}

/** A zone that lists do not reach. */
export interface Outage {
  kind: 'unreachable';
  zone: string;
}

export type Fault = CallFault | OperationFault | StuckFault | Stock | Quota | Outage;

const statuses: Readonly<Record<string, number>> = {
  alreadyExists: 409,
  authError: 401,
  backendError: 503,
  forbidden: 403,
  insufficientCapacity: 503,
  insufficientPermissions: 403,
  internalError: 500,
  notFound: 404,
  quotaExceeded: 403,
  rateLimitExceeded: 403,
  resourceNotReady: 400,
  userRateLimitExceeded: 403,
};

const texts: Readonly<Record<string, string>> = {
  authError: 'Invalid Credentials',
  backendError: "Internal error. Please try again or contact Google Support. (Code: '-123456789')",
  forbidden: "Required 'compute.instances.create' permission for 'projects/simulated'",
  internalError: 'Internal Error',
  rateLimitExceeded: 'Rate Limit Exceeded',
};

const forms: FaultForms<Fault['kind']> = {
  error: { fields: ['action', 'region', 'zone', 'when', 'reason', 'message', 'status', 'times', 'chance'] },
  reset: { fields: ['action', 'region', 'zone', 'when', 'times', 'chance'] },
  hang: { fields: ['action', 'region', 'zone', 'when', 'times', 'chance'] },
  delay: { fields: ['action', 'region', 'zone', 'delayMs', 'times', 'chance'] },
  operation: { fields: ['type', 'zone', 'code', 'message', 'status', 'times', 'chance'] },
  stuck: { fields: ['type', 'zone', 'isEffective', 'times', 'chance'] },
  stock: { fields: ['zone', 'machineType', 'isSpot', 'available', 'code', 'at'], needed: ['available'] },
  quota: { fields: ['region', 'metric', 'limit', 'at'], needed: ['metric', 'limit'] },
  unreachable: { fields: ['zone'], needed: ['zone'] },
};

const types = {
  status: 'number',
  times: 'number',
  chance: 'number',
  delayMs: 'number',
  available: 'number',
  limit: 'number',
  isSpot: 'boolean',
  isEffective: 'boolean',
} as const;

/** A call as faults see it; a global one has no zone, and `global` as its region. */
export interface CallPlace {
  action: string;
  region: string;
  zone: string | undefined;
}

/** What is wrong with the cloud at the moment: the dials, and single faults that come and go. */
export class Faults extends FaultList<Fault, Dials> {
  constructor(random: Random, dials: Partial<Dials>) {
    super(random, { ...calmDials, ...dials }, parseDials);
  }

  /** The first fault that strikes such a call at that moment, counted as one of its times. */
  strikeCall(call: CallPlace, when: 'before' | 'after'): CallFault | undefined {
    return this.strike(
      (fault): fault is CallFault => isCallFault(fault) && (fault.when ?? 'before') === when && concerns(fault, call),
    );
  }

  /** What becomes of an operation that is accepted now, other than success. */
  strikeOperation(type: 'insert' | 'delete', zone: string): OperationFault | StuckFault | undefined {
    return this.strike(
      (fault): fault is OperationFault | StuckFault =>
        (fault.kind === 'operation' || fault.kind === 'stuck') &&
        (fault.type ?? type) === type &&
        (fault.zone ?? zone) === zone,
    );
  }

  /** The stocks of a zone; an insert takes from them by lowering `available`. */
  stocks(zone: string): Stock[] {
    return this.all()
      .filter((fault) => fault.kind === 'stock')
      .filter((stock) => (stock.zone ?? zone) === zone);
  }

  /** The quotas that a zone's instances count against. */
  quotas(zone: string): Quota[] {
    return this.all()
      .filter((fault) => fault.kind === 'quota')
      .filter((quota) => (quota.region ?? regionOf(zone)) === regionOf(zone));
  }

  isReachable(zone: string): boolean {
    return !this.all().some((fault) => fault.kind === 'unreachable' && fault.zone === zone);
  }
}

/** Reason, text and HTTP status of an error fault, with Google's own where it does not say. */
export function errorOf(fault: CallFault): { reason: string; message: string; status: number } {
  const reason = fault.reason ?? 'backendError';
  return { reason, message: fault.message ?? texts[reason] ?? reason, status: fault.status ?? statuses[reason] ?? 400 };
}

export function operationErrorOf(fault: OperationFault): OperationError {
  const code = fault.code ?? 'INTERNAL_ERROR';
  return { code, message: fault.message ?? `Internal error. (${code})`, httpStatus: fault.status ?? 500 };
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
  return ['error', 'reset', 'hang', 'delay'].includes(fault.kind);
}

function concerns(fault: CallFault, { action, region, zone }: CallPlace): boolean {
  return (
    (fault.action ?? action) === action &&
    (fault.region ?? region) === region &&
    (fault.zone === undefined || fault.zone === zone)
  );
}
