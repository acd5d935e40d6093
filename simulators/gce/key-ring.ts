import { constants, createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { pemOf, selfSigned } from '#simulators/certificate.ts';

/** A key that tokens are signed with. */
interface SigningKey {
  kid: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** The header of a token, as far as tests vary it. */
export interface TokenHeader {
  alg?: string;
  kid?: string;
  [name: string]: unknown;
}

/** Generating keys is slow, and nothing depends on which they are: made once per process, in the order of their use. */
const generated: SigningKey[] = [];

/**
 * Google's keys for tokens. It publishes those in use, the next one among them, and signs with one; it changes them
 * from time to time, so that whoever checks tokens must read them again (https://www.googleapis.com/oauth2/v3/certs).
 */
export class KeyRing {
  /** Made when they are needed for the first time. */
  #published: SigningKey[] | undefined;
  #used = 2;

  /** The key that signs now. */
  get kid(): string {
    return this.#signing.kid;
  }

  /** Signs with a new key from now on; the one before stays published until it is revoked. */
  rotate(): string {
    this.#keys.push(keyNumber(this.#used));
    this.#used += 1;
    return this.kid;
  }

  /** Publishes a key no more. @throws RangeError where it is not published, or is the last one. */
  revoke(kid: string): void {
    const left = this.#keys.filter((key) => key.kid !== kid);
    if (left.length === this.#keys.length || left.length === 0) {
      throw new RangeError(`there is no key ${kid} that could be revoked`);
    }
    this.#published = left;
  }

  /** The published keys as a JSON Web Key Set. */
  jwks(): { keys: Readonly<Record<string, unknown>>[] } {
    return {
      keys: this.#keys.map(({ kid, publicKey }) => ({
        ...publicKey.export({ format: 'jwk' }),
        alg: 'RS256',
        use: 'sig',
        kid,
      })),
    };
  }

  /** The published keys as certificates in PEM, by their ids. */
  certificates(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#keys.map((key) => [key.kid, certificatePem(key)]));
  }

  /**
   * Any token: signed with the key in use and RS256, if the header or a key do not say otherwise. `none` signs nothing,
   * and HS256 without a key takes the public key's PEM for its secret, as forgers do.
   */
  signToken(claims: unknown, header: TokenHeader = {}, key?: KeyObject): string {
    const whole = { alg: 'RS256', kid: this.kid, typ: 'JWT', ...header };
    const content = `${encoded(whole)}.${encoded(claims)}`;
    return `${content}.${this.#signatureOf(content, whole.alg, key).toString('base64url')}`;
  }

  get #keys(): SigningKey[] {
    this.#published ??= [keyNumber(0), keyNumber(1)];
    return this.#published;
  }

  get #signing(): SigningKey {
    return this.#keys.at(-1) ?? keyNumber(0);
  }

  #signatureOf(content: string, algorithm: string, given: KeyObject | undefined): Buffer {
    if (algorithm === 'none') {
      return Buffer.alloc(0);
    }
    const hash = algorithm === 'EdDSA' ? null : `sha${algorithm.slice(2)}`;
    if (algorithm.startsWith('HS') && hash !== null) {
      const secret = given ?? this.#signing.publicKey.export({ type: 'spki', format: 'pem' });
      return createHmac(hash, secret).update(content).digest();
    }
    const key = given ?? this.#signing.privateKey;
    const data = Buffer.from(content);
    if (algorithm.startsWith('PS')) {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return sign(hash, data, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    }
    return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' });
  }
}

function keyNumber(index: number): SigningKey {
  while (generated.length <= index) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const kid = createHash('sha1')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex');
    generated.push({ kid, privateKey, publicKey });
  }
  return generated[index] as SigningKey;
}

function certificatePem(key: SigningKey): string {
  return pemOf(selfSigned('federated-signon.system.gserviceaccount.com', key).der);
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
