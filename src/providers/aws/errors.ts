import type { Refusal, RefusalClass } from '#core/launch.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { NotStarted } from '#providers/call-gate.ts';
import type { CallFailure } from '#providers/call-gate.ts';
import type { AwsPlace } from './place.ts';

/** A call to EC2 that did not succeed. */
export class Ec2Error extends Error {
  override readonly name = 'Ec2Error';
  /** EC2's error code, e.g. `InsufficientInstanceCapacity`, or the network's, e.g. `ECONNRESET`. */
  readonly code: string;
  /** EC2's own words. */
  readonly words: string;
  /** Of EC2's answer; null when there was none. */
  readonly status: number | null;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;

  constructor(
    code: string,
    words: string,
    details: {
      status?: number | undefined;
      requestId?: string | undefined;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(`${code}: ${words}`, { cause: details.cause });
    this.code = code;
    this.words = words;
    this.status = details.status ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
  }
}

/** The codes that the program itself gives to what EC2 has no code for. */
export const ownCodes = {
  /** The SDK could not make a request of the launch config. */
  unsendable: 'UnsendableRequest',
  /** An answer without what it must hold. */
  brokenAnswer: 'BrokenAnswer',
} as const;

type Scope = keyof AwsPlace['scopes'];

/**
 * What each code means, and what else is refused as long as it is: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
 * Codes of 4xx answers that are not here speak of the request: `configuration`; all others are `transient`.
 */
const meanings: readonly { class: RefusalClass; scope: Scope; codes: readonly string[] }[] = [
  {
    class: 'capacity',
    scope: 'capacity',
    codes: [
      // Some of these come as 500: the code counts, not the status.
      'InsufficientInstanceCapacity',
      'InsufficientHostCapacity',
      'InsufficientReservedInstanceCapacity',
      'InsufficientCapacity',
      'InsufficientCapacityOnHost',
      'UnfulfillableCapacity',
      'ReservationCapacityExceeded',
      // The market has risen above the launch config's price: there are no machines at that price now.
      'SpotMaxPriceTooLow',
    ],
  },
  {
    class: 'capacity',
    scope: 'addresses',
    codes: ['InsufficientFreeAddressesInSubnet', 'InsufficientAddressCapacity'],
  },
  {
    class: 'quota',
    scope: 'quota',
    codes: [
      'InstanceLimitExceeded',
      'VcpuLimitExceeded',
      'MaxSpotInstanceCountExceeded',
      'RequestResourceCountExceeded',
      'ResourceCountExceeded',
      'ResourceLimitExceeded',
    ],
  },
  {
    class: 'quota',
    scope: 'region',
    codes: ['VolumeLimitExceeded', 'MaxIOPSLimitExceeded', 'NetworkInterfaceLimitExceeded', 'AddressLimitExceeded'],
  },
  {
    class: 'throttle',
    scope: 'calls',
    codes: [
      'RequestLimitExceeded',
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'RequestThrottled',
      'RequestThrottledException',
      'EC2ThrottledException',
      'TooManyRequestsException',
      'BandwidthLimitExceeded',
      'SlowDown',
    ],
  },
  {
    class: 'auth',
    scope: 'account',
    codes: [
      'AuthFailure',
      'Blocked',
      'ExpiredToken',
      'ExpiredTokenException',
      'IncompleteSignature',
      'InvalidAccessKeyId',
      'InvalidClientTokenId',
      'MissingAuthenticationToken',
      'OptInRequired',
      'PendingVerification',
      'RequestExpired',
      'SignatureDoesNotMatch',
      'UnrecognizedClientException',
      // The SDK's own: there are no credentials to sign with.
      'CredentialsProviderError',
      'TokenProviderError',
    ],
  },
  // What is allowed may depend on the subnet, the image or the instance type: it says nothing of other launch configs.
  { class: 'auth', scope: 'configuration', codes: ['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException'] },
  {
    class: 'transient',
    scope: 'region',
    codes: ['RequestTimeout', 'ServiceUnavailable', 'Unavailable', 'InternalError'],
  },
  { class: 'configuration', scope: 'configuration', codes: [ownCodes.unsendable] },
];

const meaningOf: ReadonlyMap<string, { class: RefusalClass; scope: Scope }> = new Map(
  meanings.flatMap((meaning) => meaning.codes.map((code) => [code, meaning] as const)),
);

/**
 * The class of an error and the kind of scope that it closes.
 * @throws what is neither an answer of EC2 nor the lack of one: a defect is not to be mistaken for a cloud's no.
 */
function classify(error: unknown): { class: RefusalClass; scope: Scope } {
  if (error instanceof DeadlineExceeded) {
    return { class: 'transient', scope: 'region' };
  }
  if (error instanceof NotStarted) {
    return { class: 'throttle', scope: 'calls' };
  }
  if (!(error instanceof Ec2Error)) {
    throw error;
  }
  // EC2 says AuthFailure also of a single image that the account may not use.
  if (error.code === 'AuthFailure' && /not authorized for images/i.test(error.words)) {
    return { class: 'configuration', scope: 'configuration' };
  }
  const isOurFault = error.status !== null && error.status >= 400 && error.status < 500;
  const fallback = isOurFault
    ? ({ class: 'configuration', scope: 'configuration' } as const)
    : ({ class: 'transient', scope: 'region' } as const);
  return meaningOf.get(error.code) ?? fallback;
}

export function classOf(error: unknown): RefusalClass {
  return classify(error).class;
}

/** The most that is kept of a cloud's words: some of them carry kilobytes of encoded details. */
const longestMessage = 1000;

/**
 * Translates what a call ended with into a refusal; the scopes are those of the launch config.
 * @throws a defect as it is.
 */
export function refusalOf(error: unknown, scopes: AwsPlace['scopes']): Refusal {
  const meaning = classify(error);
  const message = error instanceof Ec2Error ? error.words : (error as Error).message;
  return {
    class: meaning.class,
    code: codeOf(error),
    message: message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message,
    scope: scopes[meaning.scope],
    retryAfterMs: error instanceof Ec2Error ? error.retryAfterMs : null,
    requestId: error instanceof Ec2Error ? error.requestId : null,
  };
}

/** May the call have had its effect all the same? Not when EC2 said no, nor when it was not asked. */
export function mayHaveHappened(error: unknown): boolean {
  return classOf(error) === 'transient';
}

/** What an error means for other calls of its kind. A call that ran out of time is not repeated: it had its chance. */
export function readFailure(error: unknown): CallFailure {
  const kinds: Partial<Record<RefusalClass, CallFailure['kind']>> = { throttle: 'throttled', transient: 'passing' };
  const kind = error instanceof Ec2Error ? (kinds[classOf(error)] ?? 'final') : 'final';
  return { kind, code: codeOf(error), retryAfterMs: error instanceof Ec2Error ? error.retryAfterMs : null };
}

function codeOf(error: unknown): string {
  if (error instanceof Ec2Error) {
    return error.code;
  }
  if (error instanceof NotStarted) {
    return error.name;
  }
  return error instanceof DeadlineExceeded ? 'TIMEOUT' : 'InternalFailure';
}
