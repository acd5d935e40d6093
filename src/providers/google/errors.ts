import type { Refusal, RefusalClass } from '#core/launch.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { CallError, callCodes, failureOf, tellingOf } from '#providers/call-error.ts';
import type { CallErrorDetails } from '#providers/call-error.ts';
import { NotStarted } from '#providers/call-gate.ts';
import type { CallFailure } from '#providers/call-gate.ts';
import type { GoogleScopes } from './place.ts';

/** One of the errors of a failed call or operation. */
export interface ErrorItem {
  /** A call's `reason`, e.g. `quotaExceeded`, or an operation's code, e.g. `QUOTA_EXCEEDED`. */
  code: string;
  message: string;
  /** The quota it is about, where Google says so: `CPUS`, or `compute.googleapis.com/cpus`. */
  quotaMetric: string | null;
}

/** A call to Google that did not succeed; its code is Google's reason, e.g. `rateLimitExceeded`, or the network's. */
export class GoogleError extends CallError {
  override readonly name = 'GoogleError';
  readonly quotaMetric: string | null;

  constructor(code: string, words: string, details: CallErrorDetails & { quotaMetric?: string | null } = {}) {
    super(code, words, details);
    this.quotaMetric = details.quotaMetric ?? null;
  }
}

/** The codes that the program itself gives to what Google has no code for. */
export const ownCodes = {
  ...callCodes,
  /** There are no credentials, or nothing can be signed with them. */
  credentials: 'NoUsableCredentials',
  /** A list that could not look everywhere. */
  unreachable: 'UnreachableZone',
  /** An operation takes longer than we wait, or what it made is not shown yet. */
  unfinished: 'UnfinishedOperation',
} as const;

type Scope = keyof GoogleScopes | 'quota';
interface Meaning {
  class: RefusalClass;
  scope: Scope;
}

/**
 * What each code means, and what else is refused as long as it is. 403 is not one thing: the reason counts, not the status. Reasons of calls are
 * Google's for all APIs (https://cloud.google.com/resource-manager/docs/core_errors) and Compute Engine's own; codes of operations are from
 * https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-vm-creation, troubleshooting-resource-availability and
 * troubleshooting-bulk-vm-creation. Both are compared without regard to case and underscores: `quotaExceeded` is `QUOTA_EXCEEDED`.
 * What is not here goes by its status, see `fallbackOf`.
 */
const meanings: readonly (Meaning & { codes: readonly string[] })[] = [
  {
    class: 'capacity',
    scope: 'capacity',
    codes: [
      'ZONE_RESOURCE_POOL_EXHAUSTED',
      'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
      'REGION_RESOURCE_POOL_EXHAUSTED',
      'RESOURCE_POOL_EXHAUSTED',
      'STOCKOUT',
      // Of bulkInsert: said at once, and when not even one machine could be had.
      'insufficientCapacity',
      'VM_MIN_COUNT_NOT_REACHED',
      // The reservation that the launch config names is used up.
      'RESERVATION_CAPACITY_EXCEEDED',
    ],
  },
  { class: 'capacity', scope: 'addresses', codes: ['IP_SPACE_EXHAUSTED', 'IP_SPACE_EXHAUSTED_WITH_DETAILS'] },
  { class: 'quota', scope: 'quota', codes: ['quotaExceeded', 'QUOTA_LIMIT_EXCEEDED'] },
  {
    class: 'throttle',
    scope: 'calls',
    codes: [
      'rateLimitExceeded',
      'userRateLimitExceeded',
      'concurrentLimitExceeded',
      'limitExceeded',
      'dailyLimitExceeded',
      'operationRateExceeded',
      'resourceExhausted',
      'tooManyRequests',
    ],
  },
  {
    class: 'auth',
    scope: 'account',
    codes: [
      'authError',
      'unauthenticated',
      'accountDisabled',
      'accountDeleted',
      'accessNotConfigured',
      'SERVICE_DISABLED',
      'ACCESS_TOKEN_EXPIRED',
      'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
      'insufficientPermissions',
      'BILLING_DISABLED',
      'billingNotEnabled',
      'projectNotFound',
      // Of the token's call (RFC 6749, 5.2): the key was deleted, the clock is wrong …
      'invalid_grant',
      'invalid_client',
      'unauthorized_client',
      ownCodes.credentials,
    ],
  },
  // What is allowed may depend on the image, the network or the service account: it says nothing of other launch configs.
  { class: 'auth', scope: 'configuration', codes: ['forbidden', 'PERMISSION_DENIED', 'PERMISSIONS_ERROR'] },
  {
    class: 'configuration',
    scope: 'configuration',
    codes: [
      'invalid',
      'badRequest',
      'notFound',
      'RESOURCE_NOT_FOUND',
      'conditionNotMet',
      'UNSUPPORTED_OPERATION',
      'INVALID_USAGE',
      'INVALID_FIELD_VALUE',
      'VM_EXTERNAL_IP_ACCESS_POLICY_CONSTRAINT',
      ownCodes.unsendable,
    ],
  },
  {
    class: 'transient',
    scope: 'zone',
    codes: [
      'backendError',
      'internalError',
      'internal',
      'unavailable',
      'timeout',
      // Machine, disk or image are in the middle of something.
      'resourceNotReady',
      'resourceInUseByAnotherResource',
      'resourceOperationRateExceeded',
      ownCodes.brokenAnswer,
      ownCodes.unreachable,
      ownCodes.unfinished,
    ],
  },
];

const plain = (code: string): string => code.replaceAll('_', '').toLowerCase();

const meaningOf: ReadonlyMap<string, Meaning> = new Map(
  meanings.flatMap((meaning) => meaning.codes.map((code) => [plain(code), meaning] as const)),
);

/** A code that is new to us, by the status of its answer (an operation has one too). */
function fallbackOf(status: number | null): Meaning {
  if (status === 429) {
    return { class: 'throttle', scope: 'calls' };
  }
  if (status === 401) {
    return { class: 'auth', scope: 'account' };
  }
  if (status === 403) {
    return { class: 'auth', scope: 'configuration' };
  }
  const isOurFault = status !== null && status >= 400 && status < 500 && status !== 408;
  return isOurFault
    ? { class: 'configuration', scope: 'configuration' }
    : // Without an answer, or with one that Google itself is sorry for.
      { class: 'transient', scope: 'zone' };
}

/**
 * The class of an error and the kind of scope that it closes.
 * @throws what is neither an answer of Google nor the lack of one: a defect is not to be mistaken for a cloud's no.
 */
function classify(error: unknown): Meaning {
  if (error instanceof DeadlineExceeded) {
    return { class: 'transient', scope: 'zone' };
  }
  if (error instanceof NotStarted) {
    return { class: 'throttle', scope: 'calls' };
  }
  if (!(error instanceof GoogleError)) {
    throw error;
  }
  return meaningOf.get(plain(error.code)) ?? fallbackOf(error.status);
}

/** @throws a defect as it is. */
export function classOf(error: unknown): RefusalClass {
  return classify(error).class;
}

/**
 * Translates what a call ended with into a refusal; the scopes are those of the launch config.
 * @throws a defect as it is.
 */
export function refusalOf(error: unknown, scopes: GoogleScopes): Refusal {
  const meaning = classify(error);
  const [words, metric] =
    error instanceof GoogleError ? [error.words, error.quotaMetric] : [(error as Error).message, null];
  const scope = meaning.scope === 'quota' ? quotaScope(metric ?? words) : meaning.scope;
  return { class: meaning.class, ...tellingOf(error), scope: scopes[scope] };
}

/**
 * Translates why an operation failed; `status` is its `httpErrorStatusCode`. People see it under a kind of its own
 * (spec/provisioning.md 7.6).
 */
export function operationRefusal(
  errors: readonly ErrorItem[],
  status: number | null,
  operationName: string,
  scopes: GoogleScopes,
): Refusal {
  const [first] = errors;
  const code = first?.code ?? 'UNKNOWN_ERROR';
  const words = errors.map(({ message }) => message).join('; ');
  const error = new GoogleError(code, words, {
    quotaMetric: first?.quotaMetric ?? null,
    status: status ?? undefined,
  });
  return {
    ...refusalOf(error, scopes),
    requestId: operationName,
    kind: 'operation-error',
    title: 'Operation Error',
  };
}

/**
 * The scope of a quota, by its metric (`compute.googleapis.com/n2_cpus`) or the words that name it (`Quota 'N2_CPUS' exceeded. Limit: 24.0 in region
 * us-west1.`). The names: https://cloud.google.com/compute/resource-usage.
 */
function quotaScope(text: string): keyof GoogleScopes {
  const metric = (/Quota '([\w-]+)'/i.exec(text)?.[1] ?? lastWord(text)).toUpperCase();
  if (metric.endsWith('_ALL_REGIONS')) {
    return 'projectQuota';
  }
  if (/GPUS?$|^(PREEMPTIBLE_)?NVIDIA/.test(metric)) {
    return 'gpuQuota';
  }
  if (/CPUS?$/.test(metric)) {
    return 'cpuQuota';
  }
  if (/_GB$|DISK|SSD/.test(metric)) {
    return 'diskQuota';
  }
  return /ADDRESSES/.test(metric) ? 'addressQuota' : 'regionQuota';
}

function lastWord(metric: string): string {
  return /^[\w.-]+\/([\w-]+)$/.exec(metric)?.[1] ?? (/^[\w-]+$/.test(metric) ? metric : '');
}

/** May the call have had its effect all the same? Not when Google said no, nor when it was not asked. */
export function mayHaveHappened(error: unknown): boolean {
  return classOf(error) === 'transient';
}

/** What an error means for other calls of its kind. */
export function readFailure(error: unknown): CallFailure {
  return failureOf(error, classOf);
}

/** Google does not know the machine or operation (any more). */
export function isNotFound(error: unknown): boolean {
  return error instanceof GoogleError && error.status === 404;
}

/** A machine of that name exists already. */
export function isConflict(error: unknown): boolean {
  return error instanceof GoogleError && error.status === 409;
}
