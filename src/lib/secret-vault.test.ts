import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createVault, VaultError } from './secret-vault.ts';

const [oldKey, newKey] = [
  { id: 'old', key: randomBytes(32) },
  { id: 'new', key: randomBytes(32) },
];
const vault = createVault([oldKey, newKey]);
const secret = fc.string({ unit: 'binary', maxLength: 100 });

describe('sealed secrets', () => {
  test('a secret matches what it was sealed to, and no other does', () => {
    fc.assert(
      fc.property(secret, secret, (one, other) => {
        assert.ok(vault.matches(vault.seal(one), one));
        assert.equal(vault.matches(vault.seal(one), other), one === other);
      }),
    );
  });

  test('the newest key seals, and what an older key sealed still matches', () => {
    const before = createVault([oldKey]).seal('s3cret');
    assert.equal(before.kid, 'old');
    assert.equal(vault.seal('s3cret').kid, 'new');
    assert.ok(vault.matches(before, 's3cret'));
    assert.ok(!vault.matches(before, 'another'));
  });

  test('nothing matches when the key is gone, or what is stored is broken', () => {
    const sealed = vault.seal('s3cret');
    assert.ok(!createVault([oldKey]).matches(sealed, 's3cret'));
    assert.ok(!vault.matches({ ...sealed, kid: 'old' }, 's3cret'));
    assert.ok(!vault.matches({ ...sealed, hash: '' }, 's3cret'));
    assert.ok(!vault.matches({ ...sealed, hash: sealed.hash.slice(1) }, 's3cret'));
  });

  test('what is stored shows nothing of the secret and fits where it is kept', () => {
    const { hash } = vault.seal('s3cret');
    assert.match(hash, /^[\w-]{43}$/);
    assert.ok(!Buffer.from(hash, 'base64url').includes('s3cret'));
  });
});

describe('encrypted secrets', () => {
  test('come back as they were, in their own context', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (one, context) => {
        assert.equal(vault.decrypt(vault.encrypt(one, context), context), one);
      }),
    );
  });

  test('the same secret is never stored the same twice', () => {
    assert.notEqual(vault.encrypt('s3cret', '').box, vault.encrypt('s3cret', '').box);
  });

  test('do not open elsewhere, altered in any byte, cut short, or by another key', () => {
    const encrypted = vault.encrypt('s3cret', 'row 1');
    const bytes = Buffer.from(encrypted.box, 'base64url');
    assert.throws(() => vault.decrypt(encrypted, 'row 2'), VaultError);
    assert.throws(() => vault.decrypt({ ...encrypted, kid: 'old' }, 'row 1'), VaultError);
    for (let index = 0; index < bytes.length; index++) {
      const altered = Buffer.from(bytes);
      altered[index]! ^= 1;
      assert.throws(() => vault.decrypt({ ...encrypted, box: altered.toString('base64url') }, 'row 1'), VaultError);
      const cut = bytes.subarray(0, index).toString('base64url');
      assert.throws(() => vault.decrypt({ ...encrypted, box: cut }, 'row 1'), VaultError);
    }
  });

  test('open with an older key, and say so plainly when their key is gone', () => {
    const encrypted = createVault([oldKey]).encrypt('s3cret', '');
    assert.equal(vault.decrypt(encrypted, ''), 's3cret');
    assert.throws(() => createVault([newKey]).decrypt(encrypted, ''), /no key with the id "old"/);
  });
});

test('unusable key rings are refused without quoting a key', () => {
  assert.throws(() => createVault([]), /at least one key/);
  assert.throws(() => createVault([oldKey, { ...newKey, id: 'old' }]), /two keys .* "old"/);
  const short = Buffer.from('short but secret');
  assert.throws(
    () => createVault([{ id: 'short', key: short }]),
    (error) => error instanceof VaultError && /16 bytes/.test(error.message) && !error.message.includes(String(short)),
  );
});
