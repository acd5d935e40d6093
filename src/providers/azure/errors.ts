import type { JsonObject } from '#core/json.ts';
import type { Refusal, RefusalClass } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { isJsonObject } from '#lib/json.ts';
import { CallError, callCodes, failureOf, tellingOf } from '#providers/call-error.ts';
import { NotStarted } from '#providers/call-gate.ts';
import type { CallFailure } from '#providers/call-gate.ts';
import type { ArmAnswer } from './arm.ts';
import { asObject, objectsIn } from './members.ts';
import type { AzurePlace } from './place.ts';

/** What Azure says of an error, in its own words. */
export interface CloudError {
  code: string;
  message: string;
}

/**
 * A call, or an operation that a call began, that did not succeed; its code is Azure's of the innermost error, e.g. `AllocationFailed`, or the
 * network's. An operation that failed has no status.
 */
export class ArmError extends CallError {
  override readonly name = 'ArmError';
  /** The operation had been accepted: something may exist. */
  readonly isOperation: boolean;
  readonly answer: ArmAnswer | null;

  constructor(
    code: string,
    words: string,
    details: { answer?: ArmAnswer; isOperation?: boolean; cause?: unknown } = {},
  ) {
    const { answer = null, isOperation = false, cause } = details;
    super(code, words, {
      status: isOperation ? null : answer?.status,
      requestId: answer?.header('x-ms-request-id'),
      retryAfterMs: answer === null ? null : retryAfterMs(answer),
      cause,
    });
    this.isOperation = isOperation;
    this.answer = answer;
  }
}

/** The codes that the program itself gives to what Azure has no code for. */
export const ownCodes = {
  brokenAnswer: callCodes.brokenAnswer,
  noAnswer: 'NoAnswer',
  /** An operation that failed without saying why. */
  operationFailed: 'OperationFailed',
  /** A step of a launch that was accepted and does not end. */
  stuck: 'ProvisioningStuck',
  /** The authority gives no token. */
  loginRefused: 'LoginRefused',
  /** The authority cannot be asked for one at the moment. */
  loginUnanswered: 'LoginUnanswered',
  /** The launch config lacks what the provider needs. */
  incomplete: 'IncompleteLaunchConfig',
} as const;

/** Azure's wish when to come again: a whole number of seconds above 0; anything else is none. */
export function retryAfterMs(answer: Pick<ArmAnswer, 'header'>): number | null {
  const text = answer.header('retry-after') ?? '';
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) * 1000 : null;
}

/** The error of an answer with a status beyond 2xx. */
export function errorOf(answer: ArmAnswer): ArmError {
  const error = innermost(asObject(answer.body['error'] ?? answer.body));
  return new ArmError(error.code === 'Unknown' ? `HTTP${answer.status}` : error.code, error.message, { answer });
}

/**
 * The first error without further details, breadth first: what lies around it only says that something below failed. Details also
 * hide in messages, as JSON text.
 */
export function innermost(error: JsonObject): CloudError {
  let level: readonly JsonObject[] = [error];
  for (let depth = 0; depth < 10; depth++) {
    const leaf = level.find((one) => detailsOf(one).length === 0);
    if (leaf !== undefined) {
      return { code: stringMember(leaf, 'code') ?? 'Unknown', message: stringMember(leaf, 'message') ?? '' };
    }
    level = level.flatMap(detailsOf);
  }
  return { code: stringMember(error, 'code') ?? 'Unknown', message: stringMember(error, 'message') ?? '' };
}

function detailsOf(error: JsonObject): readonly JsonObject[] {
  const details = objectsIn(error['details']);
  if (details.length > 0) return details;
  const message = stringMember(error, 'message') ?? '';
  if (!message.startsWith('{')) return [];
  try {
    const hidden: unknown = JSON.parse(message);
    if (!isJsonObject(hidden)) return [];
    const inner = asObject(hidden['error'] ?? hidden);
    return typeof inner['code'] === 'string' ? [inner] : [];
  } catch {
    return [];
  }
}

const absences: ReadonlySet<string> = new Set([
  'ResourceNotFound',
  'NotFound',
  'ResourceGroupNotFound',
  'DeploymentNotFound',
]);

/** Is there no such thing? A 404 that says so of the subscription, or comes from something in between, says nothing of the resource. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ArmError && error.status === 404 && absences.has(error.code);
}

/** Networks say with the status of too many calls, too, that something else is being done to the resource: that concerns no other call. */
const conflicts: ReadonlySet<string> = new Set(['AnotherOperationInProgress', 'RetryableError']);

export function isThrottled({ status, code }: Pick<ArmError, 'status' | 'code'>): boolean {
  return status === 429 && !conflicts.has(code);
}

type Scope = keyof AzurePlace['scopes'];
type Meaning = { class: RefusalClass; scope: Scope };

/**
 * What each code means, and what else is refused as long as it is:
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors,
 * https://learn.microsoft.com/azure/virtual-machines/error-codes-spot,
 * https://learn.microsoft.com/troubleshoot/azure/virtual-machines/allocation-failure. Codes of 4xx answers that are not here speak of the request:
 * `configuration`; all others are `transient`.
 */
const meanings: readonly (Meaning & { codes: readonly string[] })[] = [
  // Nothing that this program can wait for: people must hear of it (TC#7422).
  { class: 'capacity', scope: 'network', codes: [ownCodes.stuck] },
  {
    class: 'capacity',
    scope: 'capacity',
    codes: [
      'AllocationFailed',
      'ZonalAllocationFailed',
      'OverconstrainedAllocationRequest',
      'OverconstrainedZonalAllocationRequest',
      'SkuNotAvailable',
      'AllocationTimeout',
      'CapacityReservationGroupFull',
      'SpotCapacityNotAvailable',
      // The market has risen above the launch config's price: there are no machines at that price now.
      'SpotPriceGreaterThanProvidedMaxPrice',
    ],
  },
  {
    class: 'capacity',
    scope: 'addresses',
    codes: ['SubnetIsFull', 'SubnetWithNoAvailableIPs', 'PrivateIPAddressPoolIsFull'],
  },
  { class: 'quota', scope: 'quota', codes: ['QuotaExceeded', 'MaximumCoresPerDeploymentExceeded'] },
  {
    class: 'quota',
    scope: 'network',
    codes: [
      'PublicIPCountLimitReached',
      'PublicIpAddressCountLimitReached',
      'NetworkInterfaceCountLimitReached',
      'NetworkInterfaceCountExceeded',
      'ResourceCountExceedsLimitDueToTemplate',
    ],
  },
  // 800 in each resource group (https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/deployment-quota-exceeded).
  { class: 'quota', scope: 'group', codes: ['DeploymentQuotaExceeded', 'ResourceGroupQuotaExceeded'] },
  {
    class: 'throttle',
    scope: 'calls',
    codes: ['TooManyRequests', 'SubscriptionRequestsThrottled', 'ResourceRequestsThrottled'],
  },
  {
    class: 'auth',
    scope: 'account',
    codes: [
      ownCodes.loginRefused,
      'AuthenticationFailed',
      'ExpiredAuthenticationToken',
      'InvalidAuthenticationToken',
      'InvalidAuthenticationTokenTenant',
      'SubscriptionNotFound',
      'ReadOnlyDisabledSubscription',
      'DisabledSubscription',
      'MissingSubscriptionRegistration',
    ],
  },
  // What is allowed may depend on the subnet, the image or the resource group: it says nothing of other launch configs.
  {
    class: 'auth',
    scope: 'configuration',
    codes: [
      'AuthorizationFailed',
      'LinkedAuthorizationFailed',
      'RequestDisallowedByPolicy',
      'DeploymentFailedDueToAuthorization',
    ],
  },
  { class: 'transient', scope: 'account', codes: [ownCodes.loginUnanswered] },
  {
    class: 'transient',
    scope: 'location',
    codes: [
      'AnotherOperationInProgress',
      'RetryableError',
      'ReferencedResourceNotProvisioned',
      'InternalServerError',
      'InternalExecutionError',
      'NetworkingInternalOperationError',
      'ServiceUnavailable',
      'ServerTimeout',
      'GatewayTimeout',
      'OperationPreempted',
      'OperationPreemptedByDelete',
      ownCodes.noAnswer,
      ownCodes.brokenAnswer,
    ],
  },
  {
    class: 'configuration',
    scope: 'configuration',
    // Those that also come from operations, which have no status to tell by.
    codes: [
      ownCodes.incomplete,
      'BadRequest',
      'GalleryImageNotFound',
      'ImageNotFound',
      'InvalidParameter',
      'InvalidRequestContent',
      'InvalidResourceReference',
      'InvalidSubnet',
      'InvalidTemplate',
      'InvalidTemplateDeployment',
      'NotFound',
      'PlatformImageNotFound',
      'PropertyChangeNotAllowed',
      'ResourceGroupNotFound',
      'ResourceNotFound',
    ],
  },
];

const meaningOf: ReadonlyMap<string, Meaning> = new Map(
  meanings.flatMap((meaning) => meaning.codes.map((code) => [code, meaning] as const)),
);

/**
 * The class of an error and the kind of scope that it closes.
 * @throws what is neither an answer of Azure nor the lack of one: a defect is not to be mistaken for a cloud's no.
 */
function classify(error: unknown): Meaning {
  if (error instanceof DeadlineExceeded) return { class: 'transient', scope: 'location' };
  if (error instanceof NotStarted) return { class: 'throttle', scope: 'calls' };
  if (!(error instanceof ArmError)) throw error;
  if (isThrottled(error)) return { class: 'throttle', scope: 'calls' };
  const known = meaningOfError(error);
  if (known !== null) return known;
  if (error.status === 401) return { class: 'auth', scope: 'account' };
  if (error.status === 403) return { class: 'auth', scope: 'configuration' };
  // The operation's own failure with a code that is new to us may be as little its configuration's fault as a lost answer.
  const isOurFault = error.status !== null && error.status >= 400 && error.status < 500;
  return isOurFault ? { class: 'configuration', scope: 'configuration' } : { class: 'transient', scope: 'location' };
}

/** What a code says wherever it stands: in an answer, in an operation, in the status of a machine. Null: nothing that is known. */
export function meaningOfError({ code, words }: Pick<ArmError, 'code' | 'words'>): Meaning | null {
  // One code for exceeded quotas and for what is not allowed at all: the words tell which.
  if (code === 'OperationNotAllowed' || code === 'QuotaExceeded') {
    return /quota|limit/i.test(words) ? { class: 'quota', scope: quotaScope(words) } : null;
  }
  return meaningOf.get(code) ?? null;
}

/** Quotas count vCPUs of a family, of all spot machines, or of a whole region. */
function quotaScope(words: string): Scope {
  if (/public\s?ip|network/i.test(words)) return 'network';
  return /total regional|approved cores quota/i.test(words) ? 'regionalQuota' : 'quota';
}

export function classOf(error: unknown): RefusalClass {
  return classify(error).class;
}

/**
 * Translates what a call ended with into a refusal; the scopes are those of the launch config.
 * @throws a defect as it is.
 */
export function refusalOf(error: unknown, scopes: AzurePlace['scopes'], title?: string): Refusal {
  const meaning = classify(error);
  return {
    class: meaning.class,
    ...tellingOf(error),
    scope: scopes[meaning.scope],
    ...(title === undefined ? {} : { title }),
  };
}

/** May the call have had its effect all the same? Not when Azure said no, nor when it was not asked. */
export function mayHaveHappened(error: unknown): boolean {
  return classOf(error) === 'transient' && !(error instanceof ArmError && isCertain(error));
}

/** A conflict is an answer: the call did nothing. Without a token there was no call. */
function isCertain({ code, status, isOperation }: ArmError): boolean {
  return isOperation || code === ownCodes.loginUnanswered || (status !== null && status >= 400 && status < 500);
}

/** What an error means for other calls of its kind. */
export function readFailure(error: unknown): CallFailure {
  return failureOf(error, classOf);
}
