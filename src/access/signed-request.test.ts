import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '#core/error.ts';
import { signedRequest } from './signed-request.ts';
import type { RequestHead } from './signed-request.ts';

function head(headers: RequestHead['headers'], isEncrypted = false): RequestHead {
  return { method: 'GET', url: '/x?y=%2F', headers, isEncrypted };
}

// spec: api 2.7, 3.1
test('host and port are those that the caller signed for', () => {
  const table: [RequestHead['headers'], boolean, string, number][] = [
    [{ host: 'tc.example.com' }, false, 'tc.example.com', 80],
    [{ host: 'tc.example.com' }, true, 'tc.example.com', 443],
    [{ host: 'tc.example.com:8080' }, true, 'tc.example.com', 8080],
    [{ host: '127.0.0.1:8080', 'x-forwarded-proto': 'https' }, false, '127.0.0.1', 443],
    [{ host: 'h', 'x-forwarded-proto': 'http' }, false, 'h', 80],
    [{ host: 'h', 'x-forwarded-proto': 'https', 'x-forwarded-port': '8443' }, false, 'h', 8443],
    [{ host: 'h', 'x-forwarded-port': '443, 8080' }, false, 'h', 443],
    [{ host: 'taskcluster-worker-manager' }, false, 'taskcluster-worker-manager', 80],
    [{ host: '[::1]:8080' }, false, '[::1]', 8080],
  ];
  for (const [headers, isEncrypted, host, port] of table) {
    const request = signedRequest(head(headers, isEncrypted));
    assert.deepEqual([request.host, request.port], [host, port], JSON.stringify(headers));
    assert.equal(request.resource, '/x?y=%2F');
  }
});

// spec: W16
test('a missing or odd host or port is the mistake of the caller', () => {
  const odd: RequestHead['headers'][] = [
    {},
    { host: '' },
    { host: 'a b' },
    { host: 'a/b' },
    { host: 'user@h' },
    { host: 'h:port' },
    { host: 'h:99999' },
    { host: 'h:80:80' },
    { host: 'ü' },
    { host: 'x'.repeat(300) },
    { host: 'h', 'x-forwarded-port': 'x' },
    { host: 'h', 'x-forwarded-port': '65536' },
    { host: 'h', 'x-forwarded-port': '' },
  ];
  for (const headers of odd) {
    assert.throws(
      () => signedRequest(head(headers)),
      (error) => error instanceof ServiceError && error.code === 'invalid-input',
      JSON.stringify(headers),
    );
  }
});

// spec: api 3.1
test('what else belongs to a signature is taken along', () => {
  const headers = { host: 'h', authorization: 'Hawk x', 'content-type': 'application/json' };
  assert.deepEqual(signedRequest(head(headers), { body: '{}', sourceIp: '::1', traceId: 't' }), {
    method: 'GET',
    resource: '/x?y=%2F',
    host: 'h',
    port: 80,
    authorization: 'Hawk x',
    contentType: 'application/json',
    body: '{}',
    sourceIp: '::1',
    traceId: 't',
  });
});
