import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ProofRejected } from '#core/error.ts';
import { isSignedData, verifySignedData } from './pkcs7.ts';
import vectors from './pkcs7.vectors.json' with { type: 'json' };

const document = Buffer.from(vectors.document, 'utf8');
const key = createPublicKey({ key: Buffer.from(vectors.spki, 'base64'), format: 'der', type: 'spki' });
const otherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

// spec: provisioning 6.7
describe('a PKCS#7 signature', () => {
  for (const [name, base64] of Object.entries(vectors.good)) {
    test(`${name} is accepted with the pinned key, and only with it`, async () => {
      assert.ok(isSignedData(bytesOf(base64)));
      await verifySignedData(bytesOf(base64), document, [key]);
      await verifySignedData(bytesOf(base64), document, [otherKey, key]);
      await assert.rejects(verifySignedData(bytesOf(base64), document, [otherKey]), ProofRejected);
      await assert.rejects(verifySignedData(bytesOf(base64), document, []), ProofRejected);
    });

    test(`${name} is rejected for any other document`, async () => {
      const edited = Buffer.from(vectors.document.replace('123456789012', '123456789013'), 'utf8');
      await assert.rejects(verifySignedData(bytesOf(base64), edited, [key]), ProofRejected);
    });
  }

  for (const [name, base64] of Object.entries(vectors.bad)) {
    test(`${name} is rejected`, async () => {
      await assert.rejects(verifySignedData(bytesOf(base64), document, [key]), ProofRejected);
    });
  }

  test('whose content is of another type than bytes is rejected, not a crash', async () => {
    // The tag of the content: a type that has no bytes to give, a truth value, a number, a date, …
    for (let tag = 0; tag < 256; tag++) {
      const forged = Buffer.from(bytesOf(vectors.good['without attributes']));
      if (forged[56] === tag) continue;
      forged[56] = tag;
      await assert.rejects(verifySignedData(forged, document, [key]), ProofRejected, `tag ${tag}`);
    }
  });

  test('of which any byte was changed is rejected or still says the same, and never anything else', async () => {
    const good = bytesOf(vectors.good['without attributes']);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(good);
        changed[at] = (changed[at] ?? 0) ^ change;
        const edited = Buffer.concat([document, Buffer.from(' ')]);
        await assert.rejects(verifySignedData(changed, edited, [key]), ProofRejected);
        await verifySignedData(changed, document, [key]).catch((error: unknown) =>
          assert.ok(error instanceof ProofRejected),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('is told from a bare RSA signature by its form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 256 }), (bytes) => !isSignedData(Buffer.from(bytes))),
    );
    assert.equal(isSignedData(Buffer.from('3080060a2a864886f70d010702', 'hex')), false);
  });
});
