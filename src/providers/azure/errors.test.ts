import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { DeadlineExceeded } from '#lib/deadline.ts';
import type { ArmAnswer } from './arm.ts';
import {
  ArmError,
  errorOf,
  innermost,
  isNotFound,
  mayHaveHappened,
  readFailure,
  refusalOf,
  retryAfterMs,
} from './errors.ts';
import { placeOf } from './place.ts';

const { scopes } = placeOf(
  { location: 'eastus', subnetId: '/subnets/sn', hardwareProfile: { vmSize: 'Standard_F8s_v2' }, priority: 'Spot' },
  'rg',
);

function answer(status: number, body: JsonObject, headers: Readonly<Record<string, string>> = {}): ArmAnswer {
  return { status, body, header: (name) => headers[name] ?? null };
}

const quotaWords = {
  family:
    'Operation could not be completed as it results in exceeding approved standardFSv2Family Cores quota. Additional details - Location: eastus',
  spot: 'Operation could not be completed as it results in exceeding approved LowPriorityCores quota.',
  region: 'Operation could not be completed as it results in exceeding approved Total Regional Cores quota.',
  address: 'Cannot create more than 20 public IP addresses for this subscription in this region: the limit is reached.',
  other: 'The operation is not allowed on this machine.',
};

/** Code, words, HTTP status (null: an operation's error), and what becomes of it: class, scope, repeat, whether it may have had its effect. */
const table: [
  string,
  string,
  number | null,
  string,
  keyof typeof scopes,
  'throttled' | 'passing' | 'final',
  boolean,
][] = [
  ['AllocationFailed', 'w', null, 'capacity', 'capacity', 'final', false],
  ['AllocationFailed', 'w', 409, 'capacity', 'capacity', 'final', false],
  ['ZonalAllocationFailed', 'w', null, 'capacity', 'capacity', 'final', false],
  ['OverconstrainedAllocationRequest', 'w', null, 'capacity', 'capacity', 'final', false],
  ['SkuNotAvailable', 'w', 409, 'capacity', 'capacity', 'final', false],
  ['OperationNotAllowed', quotaWords.family, 409, 'quota', 'quota', 'final', false],
  ['QuotaExceeded', quotaWords.spot, 409, 'quota', 'quota', 'final', false],
  ['OperationNotAllowed', quotaWords.region, 409, 'quota', 'regionalQuota', 'final', false],
  ['QuotaExceeded', quotaWords.address, 400, 'quota', 'network', 'final', false],
  ['PublicIPCountLimitReached', 'w', 400, 'quota', 'network', 'final', false],
  ['OperationNotAllowed', quotaWords.other, 409, 'configuration', 'configuration', 'final', false],
  ['DeploymentQuotaExceeded', 'w', 409, 'quota', 'group', 'final', false],
  ['SubnetIsFull', 'w', 400, 'capacity', 'addresses', 'final', false],
  ['TooManyRequests', 'w', 429, 'throttle', 'calls', 'throttled', false],
  // Compute says so with a code that means something else elsewhere.
  ['OperationNotAllowed', 'The server rejected the request', 429, 'throttle', 'calls', 'throttled', false],
  ['AuthorizationFailed', 'w', 403, 'auth', 'configuration', 'final', false],
  ['LinkedAuthorizationFailed', 'w', 403, 'auth', 'configuration', 'final', false],
  ['InvalidAuthenticationToken', 'w', 401, 'auth', 'account', 'final', false],
  ['SubscriptionNotFound', 'w', 404, 'auth', 'account', 'final', false],
  ['LoginRefused', 'w', null, 'auth', 'account', 'final', false],
  ['LoginUnanswered', 'w', null, 'transient', 'account', 'passing', false],
  ['InvalidParameter', 'w', 400, 'configuration', 'configuration', 'final', false],
  ['SomethingNew', 'w', 400, 'configuration', 'configuration', 'final', false],
  ['ImageNotFound', 'w', null, 'configuration', 'configuration', 'final', false],
  ['AnotherOperationInProgress', 'w', 409, 'transient', 'location', 'passing', false],
  // Something else is being done to the resource.
  ['RetryableError', 'w', 429, 'transient', 'location', 'passing', false],
  ['AnotherOperationInProgress', 'w', 429, 'transient', 'location', 'passing', false],
  ['InternalServerError', 'w', 500, 'transient', 'location', 'passing', true],
  ['SomethingNew', 'w', 503, 'transient', 'location', 'passing', true],
  ['ECONNRESET', 'w', null, 'transient', 'location', 'passing', true],
  ['NoAnswer', 'w', null, 'transient', 'location', 'passing', true],
];

// spec: provisioning 5.2, 8.11
describe('errors of Azure', () => {
  for (const [code, words, status, refusalClass, scope, repeat, mayHave] of table) {
    test(`${code} (${status ?? 'no status'}) is ${refusalClass}, of ${scope}, ${repeat}`, () => {
      const details = status === null ? {} : { answer: answer(status, {}, { 'x-ms-request-id': 'r-1' }) };
      const error = new ArmError(code, words, details);
      assert.deepEqual(refusalOf(error, scopes), {
        class: refusalClass,
        code,
        message: words,
        scope: scopes[scope],
        retryAfterMs: null,
        requestId: status === null ? null : 'r-1',
      });
      assert.equal(readFailure(error).kind, repeat);
      assert.equal(mayHaveHappened(error), mayHave);
    });
  }

  test('a call that ran out of time is transient, may have had its effect, and is not repeated', () => {
    const error = new DeadlineExceeded(1000);
    assert.equal(refusalOf(error, scopes).class, 'transient');
    assert.equal(mayHaveHappened(error), true);
    assert.equal(readFailure(error).kind, 'final');
  });

  test('a defect is thrown as it is', () => {
    const defect = new TypeError('x is not a function');
    assert.throws(
      () => refusalOf(defect, scopes),
      (error) => error === defect,
    );
  });

  test('an endless message is cut', () => {
    const { message } = refusalOf(
      new ArmError('InvalidParameter', 'x'.repeat(5000), { answer: answer(400, {}) }),
      scopes,
    );
    assert.equal(message.length, 1001);
  });
});

// spec: provisioning 8.11
describe('the innermost error', () => {
  const allocation = { code: 'AllocationFailed', message: 'No place.' };

  test('is found through nested details, breadth first', () => {
    const error = {
      code: 'DeploymentFailed',
      message: 'At least one failed.',
      details: [
        { code: 'Conflict', message: 'below', details: [allocation] },
        { code: 'BadRequest', message: 'first leaf' },
      ],
    };
    assert.deepEqual(innermost(error), { code: 'BadRequest', message: 'first leaf' });
    assert.deepEqual(
      innermost({ code: 'A', message: 'a', details: [{ code: 'B', message: 'b', details: [allocation] }] }),
      allocation,
    );
  });

  test('is found in a message that is JSON text', () => {
    const error = {
      code: 'DeploymentFailed',
      message: '',
      details: [{ code: 'Conflict', message: JSON.stringify({ error: allocation }) }],
    };
    assert.deepEqual(innermost(error), allocation);
  });

  test('is the outer one when there is none, whatever stands there', () => {
    assert.deepEqual(innermost({}), { code: 'Unknown', message: '' });
    assert.deepEqual(innermost({ code: 'A', message: '{broken' }), { code: 'A', message: '{broken' });
  });

  test('an answer without an error has its status for a code', () => {
    assert.equal(errorOf(answer(502, {})).code, 'HTTP502');
  });

  // Else a subscription that is disabled, or a proxy in between, would make every machine look gone.
  test('not found is only what Azure says of the thing itself', () => {
    const notFound = (code: string): boolean => isNotFound(errorOf(answer(404, { error: { code } })));
    for (const code of ['ResourceNotFound', 'NotFound', 'ResourceGroupNotFound', 'DeploymentNotFound']) {
      assert.equal(notFound(code), true, code);
    }
    for (const code of ['SubscriptionNotFound', 'InvalidResourceType', '']) assert.equal(notFound(code), false, code);
    assert.equal(isNotFound(errorOf(answer(404, {}))), false);
  });
});

// spec: provisioning 5.2
test('the wish when to come again is a whole number of seconds above 0', () => {
  const wish = (value: string | undefined): number | null =>
    retryAfterMs(answer(429, {}, value === undefined ? {} : { 'retry-after': value }));
  assert.equal(wish('60'), 60_000);
  for (const value of [undefined, '', 'soon', '0', '-5', '1.5']) assert.equal(wish(value), null, value);
});
