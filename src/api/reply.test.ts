import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takesGzip } from './reply.ts';

// spec: api 2.2
test('gzip is sent to who takes it, and to nobody else', () => {
  for (const accepted of ['gzip', 'deflate, gzip;q=0.5', 'x-gzip', '*', 'GZIP ; q=1', 'br, *;q=0.1']) {
    assert.equal(takesGzip(accepted), true, accepted);
  }
  for (const accepted of [
    undefined,
    '',
    'br',
    'identity',
    'gzip;q=0',
    'gzip; q=0.000',
    '*;q=0',
    'gzip;q=0, *',
    'gzipped',
  ]) {
    assert.equal(takesGzip(accepted), false, accepted);
  }
});
