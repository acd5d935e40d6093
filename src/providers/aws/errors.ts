import type { Refusal, RefusalClass } from '#core/launch.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { CallError, callCodes, failureOf, tellingOf } from '#providers/call-error.ts';
import { NotStarted } from '#providers/call-gate.ts';
import type { CallFailure } from '#providers/call-gate.ts';
import type { AwsPlace } from './place.ts';

/** A call to EC2 that did not succeed; its code is EC2's, e.g. `InsufficientInstanceCapacity`, or the network's. */
export class Ec2Error extends CallError {
  override readonly name = 'Ec2Error';
}

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
  { class: 'configuration', scope: 'configuration', codes: [callCodes.unsendable] },
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

/**
 * Translates what a call ended with into a refusal; the scopes are those of the launch config.
 * @throws a defect as it is.
 */
export function refusalOf(error: unknown, scopes: AwsPlace['scopes']): Refusal {
  const meaning = classify(error);
  return { class: meaning.class, ...tellingOf(error), scope: scopes[meaning.scope] };
}

/** May the call have had its effect all the same? Not when EC2 said no, nor when it was not asked. */
export function mayHaveHappened(error: unknown): boolean {
  return classOf(error) === 'transient';
}

/** What an error means for other calls of its kind. */
export function readFailure(error: unknown): CallFailure {
  return failureOf(error, classOf);
}
