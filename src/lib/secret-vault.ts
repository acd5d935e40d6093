import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A key of the vault: 32 bytes, known by an id that is stored beside what it sealed. */
export interface VaultKey {
  id: string;
  key: Uint8Array;
}

/** A secret as it is stored when it needs only to be recognised. */
export interface SealedSecret {
  /** Id of the key. */
  kid: string;
  /** HMAC-SHA-256 of the secret, 43 characters of URL-safe base64. */
  hash: string;
}

/** A secret as it is stored when it must be read again. */
export interface EncryptedSecret {
  /** Id of the key. */
  kid: string;
  /** Nonce (12 bytes), authentication tag (16 bytes) and ciphertext of AES-256-GCM, in URL-safe base64. */
  box: string;
}

/** Keeps secrets so that whoever reads the database does not learn them. */
export interface SecretVault {
  /** For secrets of high entropy (random, never chosen by people): there is no salt and no slowness. */
  seal(secret: string): SealedSecret;
  /** Is `candidate` the sealed secret? Takes equally long whatever is wrong; false when the key is no longer known. */
  matches(sealed: SealedSecret, candidate: string): boolean;
  /** `context` (such as the id of the row) must be given again to decrypt: a box moved elsewhere does not open. */
  encrypt(secret: string, context: string): EncryptedSecret;
  /** @throws VaultError when the key is no longer known, the context is another or the box was altered. */
  decrypt(encrypted: EncryptedSecret, context: string): string;
}

/** A key ring that cannot be used, or a box that does not open. Never quotes a key or a secret. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
}

const nonceBytes = 12;
const tagBytes = 16;

interface SubKeys {
  /** A key object: with the bare bytes each HMAC takes five times as long. */
  forHashes: KeyObject;
  forBoxes: Buffer;
}

/**
 * A vault with these keys, oldest first: the last one seals and encrypts, all of them still open.
 * @throws VaultError unless there is a key, each has 32 bytes and no id comes twice.
 */
export function createVault(keys: readonly VaultKey[]): SecretVault {
  const newest = keys.at(-1);
  if (newest === undefined) {
    throw new VaultError('a vault needs at least one key');
  }
  const ring = new Map<string, SubKeys>();
  for (const { id, key } of keys) {
    if (key.length !== 32) {
      throw new VaultError(`key ${JSON.stringify(id)} of the vault has ${key.length} bytes instead of 32`);
    }
    if (ring.has(id)) {
      throw new VaultError(`two keys of the vault have the id ${JSON.stringify(id)}`);
    }
    ring.set(id, { forHashes: createSecretKey(subKey(key, 'hash')), forBoxes: subKey(key, 'box') });
  }
  const keysOf = (kid: string): SubKeys | undefined => ring.get(kid);
  const current = { kid: newest.id, ...(keysOf(newest.id) as SubKeys) };
  return {
    seal: (secret) => ({ kid: current.kid, hash: hmac(current.forHashes, secret).toString('base64url') }),

    matches(sealed, candidate) {
      const stored = Buffer.from(sealed.hash, 'base64url');
      const subKeys = keysOf(sealed.kid);
      const actual = hmac((subKeys ?? current).forHashes, candidate);
      return subKeys !== undefined && stored.length === actual.length && timingSafeEqual(stored, actual);
    },

    encrypt: (secret, context) => ({ kid: current.kid, box: close(current.forBoxes, secret, context) }),

    decrypt(encrypted, context) {
      const subKeys = keysOf(encrypted.kid);
      if (subKeys === undefined) {
        throw new VaultError(`the vault has no key with the id ${JSON.stringify(encrypted.kid)}`);
      }
      return open(subKeys.forBoxes, encrypted.box, context);
    },
  };
}

/** One key for each purpose, so that neither use says anything about the other. */
function subKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `secret-vault ${purpose}`, 32));
}

function hmac(key: KeyObject, secret: string): Buffer {
  return createHmac('sha256', key).update(secret, 'utf8').digest();
}

function close(key: Buffer, secret: string, context: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64url');
}

function open(key: Buffer, box: string, context: string): string {
  const bytes = Buffer.from(box, 'base64url');
  const nonce = bytes.subarray(0, nonceBytes);
  const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      .setAAD(Buffer.from(context, 'utf8'))
      .setAuthTag(tag);
    const secret = decipher.update(bytes.subarray(nonceBytes + tagBytes));
    return Buffer.concat([secret, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new VaultError('a stored secret does not open: it was altered, moved, or sealed by another key', { cause });
  }
}
