import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { slugid, slugidPattern } from './slugid.ts';

describe('a slugid', () => {
  test('is a version 4 UUID, whatever the chance', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (entropy) => {
        const id = slugid(entropy);
        assert.match(id, slugidPattern);
        const uuid = Buffer.from(id, 'base64url').toString('hex');
        assert.match(uuid, /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
      }),
    );
  });

  test('keeps the 122 random bits', () => {
    assert.equal(slugid(new Uint8Array(16).fill(0xff)), '________T_-__________w');
  });

  test('never comes twice', () => {
    assert.equal(new Set(Array.from({ length: 1000 }, () => slugid())).size, 1000);
  });
});
