import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { translated } from './translated.ts';

/** An error as Google's library throws it: with an answer, or with what kept it from one. */
function sdkError(response?: { status: number; data?: unknown; headers?: Headers }, special: object = {}): Error {
  return Object.assign(new Error('Request failed'), { config: {}, response, ...special });
}

describe('errors of Google’s libraries', () => {
  test('the reason of a Compute Engine answer is its code, and all its messages are its words', () => {
    const errors = [
      {
        domain: 'usageLimits',
        reason: 'quotaExceeded',
        message: "Quota 'CPUS' exceeded.  Limit: 24.0 in region us-west1.",
      },
      { domain: 'global', reason: 'invalid', message: 'Invalid value' },
    ];
    const headers = new Headers({ 'retry-after': '30' });
    const error = translated(
      sdkError({ status: 403, data: { error: { code: 403, message: 'first', errors } }, headers }),
    );
    assert.equal(error.code, 'quotaExceeded');
    assert.equal(error.words, "Quota 'CPUS' exceeded.  Limit: 24.0 in region us-west1.; Invalid value");
    assert.deepEqual([error.status, error.retryAfterMs], [403, 30_000]);
  });

  test('an answer of IAM has its reason in the details, or only a status', () => {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED', domain: 'googleapis.com' },
    ];
    const disabled = { error: { code: 403, status: 'PERMISSION_DENIED', message: 'off', details } };
    assert.equal(translated(sdkError({ status: 403, data: disabled })).code, 'SERVICE_DISABLED');
    const denied = { error: { code: 403, status: 'PERMISSION_DENIED', message: 'no' } };
    const error = translated(sdkError({ status: 403, data: denied }));
    assert.deepEqual([error.code, error.words], ['PERMISSION_DENIED', 'no']);
  });

  test('the token’s call answers in another form', () => {
    const data = { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' };
    const error = translated(sdkError({ status: 400, data }));
    assert.deepEqual([error.code, error.words, error.status], ['invalid_grant', 'Invalid JWT Signature.', 400]);
  });

  test('an answer of something in between has only its status', () => {
    const error = translated(sdkError({ status: 502, data: '<html>Bad gateway</html>' }));
    assert.deepEqual(
      [error.code, error.words, error.status, error.retryAfterMs],
      ['HTTP 502', 'Request failed', 502, null],
    );
  });

  test('without an answer the code is the network’s, however deep it lies', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    const fetchFailed = new TypeError('fetch failed', { cause: reset });
    assert.equal(translated(new Error('Request failed', { cause: fetchFailed })).code, 'ECONNRESET');
    assert.equal(translated(sdkError(undefined, { code: 'ENOTFOUND' })).code, 'ENOTFOUND');
    assert.equal(translated(sdkError(undefined, { code: 'UND_ERR_SOCKET' })).code, 'UND_ERR_SOCKET');
  });

  test('what was never sent lacks a parameter, or credentials', () => {
    assert.equal(translated(new Error('Missing required parameters: zone')).code, 'UnsendableRequest');
    assert.equal(translated(new Error('Could not load the default credentials.')).code, 'NoUsableCredentials');
    assert.equal(translated('odd').words, 'odd');
    assert.throws(() => translated(new TypeError('a defect')), TypeError);
  });
});
