import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DeadlineExceeded } from '#lib/deadline.ts';
import { Ec2Error, mayHaveHappened, readFailure, refusalOf } from './errors.ts';
import { placeOf } from './place.ts';

const { scopes } = placeOf({
  region: 'us-west-2',
  launchConfig: { InstanceType: 'm5.xlarge', SubnetId: 'subnet-1', Placement: { AvailabilityZone: 'us-west-2a' } },
});

/** Code, HTTP status, and what becomes of it: class, scope, whether it is repeated, whether the call may have had its effect. */
const table: [string, number | null, string, keyof typeof scopes, 'throttled' | 'passing' | 'final', boolean][] = [
  ['InsufficientInstanceCapacity', 500, 'capacity', 'capacity', 'final', false],
  ['InsufficientInstanceCapacity', 400, 'capacity', 'capacity', 'final', false],
  ['SpotMaxPriceTooLow', 400, 'capacity', 'capacity', 'final', false],
  ['InsufficientFreeAddressesInSubnet', 400, 'capacity', 'addresses', 'final', false],
  ['VcpuLimitExceeded', 400, 'quota', 'quota', 'final', false],
  ['MaxSpotInstanceCountExceeded', 400, 'quota', 'quota', 'final', false],
  ['InstanceLimitExceeded', 400, 'quota', 'quota', 'final', false],
  ['VolumeLimitExceeded', 400, 'quota', 'region', 'final', false],
  ['RequestLimitExceeded', 503, 'throttle', 'calls', 'throttled', false],
  ['Throttling', 400, 'throttle', 'calls', 'throttled', false],
  ['AuthFailure', 401, 'auth', 'account', 'final', false],
  ['RequestExpired', 400, 'auth', 'account', 'final', false],
  ['CredentialsProviderError', null, 'auth', 'account', 'final', false],
  ['UnauthorizedOperation', 403, 'auth', 'configuration', 'final', false],
  ['InvalidAMIID.NotFound', 400, 'configuration', 'configuration', 'final', false],
  ['InvalidParameterValue', 400, 'configuration', 'configuration', 'final', false],
  ['Unsupported', 400, 'configuration', 'configuration', 'final', false],
  ['UnsendableRequest', null, 'configuration', 'configuration', 'final', false],
  ['InternalError', 500, 'transient', 'region', 'passing', true],
  ['ServiceUnavailable', 503, 'transient', 'region', 'passing', true],
  ['Unknown', 502, 'transient', 'region', 'passing', true],
  ['ECONNRESET', null, 'transient', 'region', 'passing', true],
  ['BrokenAnswer', null, 'transient', 'region', 'passing', true],
];

// spec: provisioning 5.2, P-11
describe('errors of EC2', () => {
  for (const [code, status, refusalClass, scope, repeat, mayHave] of table) {
    test(`${code} (${status ?? 'no answer'}) is ${refusalClass}, of ${scope}, ${repeat}`, () => {
      const error = new Ec2Error(code, 'words', { ...(status === null ? {} : { status }), requestId: 'r-1' });
      const refusal = refusalOf(error, scopes);
      assert.deepEqual(refusal, {
        class: refusalClass,
        code,
        message: 'words',
        scope: scopes[scope],
        retryAfterMs: null,
        requestId: 'r-1',
      });
      assert.equal(readFailure(error).kind, repeat);
      assert.equal(mayHaveHappened(error), mayHave);
    });
  }

  test('an image that the account may not use is the launch config’s trouble, not the account’s', () => {
    const error = new Ec2Error('AuthFailure', 'Not authorized for images: [ami-1]', { status: 403 });
    assert.equal(refusalOf(error, scopes).class, 'configuration');
    assert.equal(refusalOf(error, scopes).scope, scopes.configuration);
  });

  test('a call that ran out of time is transient, may have had its effect, and is not repeated', () => {
    const error = new DeadlineExceeded(1000);
    assert.deepEqual([refusalOf(error, scopes).class, refusalOf(error, scopes).code], ['transient', 'TIMEOUT']);
    assert.equal(mayHaveHappened(error), true);
    assert.equal(readFailure(error).kind, 'final');
  });

  test('what EC2 asks for is handed on, and its words only up to a length', () => {
    const error = new Ec2Error('RequestLimitExceeded', 'x'.repeat(5000), { status: 503, retryAfterMs: 7000 });
    const refusal = refusalOf(error, scopes);
    assert.equal(refusal.retryAfterMs, 7000);
    assert.equal(readFailure(error).retryAfterMs, 7000);
    assert.equal(refusal.message.length, 1001);
  });

  test('a defect is thrown on, and never taken for a refusal', () => {
    const defect = new TypeError('x is not a function');
    assert.throws(() => refusalOf(defect, scopes), defect);
    assert.equal(readFailure(defect).kind, 'final');
  });
});
