import { createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import { ProofUncheckable } from '#core/error.ts';
import { isJsonObject } from '#lib/json.ts';
import { withDeadline } from '#lib/deadline.ts';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import { objectsIn } from './members.ts';

/** A page of keys that is not there in that time is given up. */
const timeoutMs = 10_000;
/** A key that we do not know may be new; but whoever makes keys up causes one call in this time, not one each. */
const restMs = 60_000;
/** After a call that failed. */
const failureRestMs = 5_000;
/** How long keys are believed where the answer does not say, and at most; a revoked key is gone by then. */
const defaultAgeMs = 3_600_000;
const longestAgeMs = 24 * 3_600_000;
/** Google's page has two or three keys in about 2 KB. */
const longestPage = 1_000_000;

/**
 * The keys that sign instances' tokens, as they are published: a JWK set (https://www.googleapis.com/oauth2/v3/certs), or certificates by key id
 * (https://www.googleapis.com/oauth2/v1/certs). They are kept as long as the answer allows, and asked for by one at a time, whoever waits. All who can
 * reach the API can make us look up a key: therefore the rests.
 */
export class IdentityKeys {
  readonly #url: string;
  readonly #clock: Clock;
  /** Ends a call when the program stops. */
  readonly #closing: AbortSignal;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #goodUntilMs = -Infinity;
  #restUntilMs = -Infinity;
  /** Of the last call; null when it succeeded. */
  #lastFailure: unknown = null;
  #asking: Promise<void> | null = null;

  constructor(url: string, clock: Clock, closing: AbortSignal) {
    this.#url = url;
    this.#clock = clock;
    this.#closing = closing;
  }

  /**
   * The key of this id; null when there is none.
   * @throws ProofUncheckable when keys cannot be had, or the signal's reason.
   */
  async find(keyId: string, signal: AbortSignal): Promise<KeyObject | null> {
    const known = this.#isGood() ? this.#keys.get(keyId) : undefined;
    if (known !== undefined) {
      return known;
    }
    if (this.#asking !== null || this.#nowMs() >= this.#restUntilMs) {
      this.#asking ??= this.#renew().finally(() => (this.#asking = null));
      const asking = this.#asking;
      // Who waits may give up; the call goes on for the others.
      await withDeadline({ clock: this.#clock, limitMs: 2 * timeoutMs, signals: [signal] }, () => asking);
    }
    const found = this.#isGood() ? this.#keys.get(keyId) : undefined;
    if (found === undefined && this.#lastFailure !== null) {
      const why = `the keys at ${this.#url} cannot be had: ${(this.#lastFailure as Error).message}`;
      throw new ProofUncheckable(why, { cause: this.#lastFailure });
    }
    return found ?? null;
  }

  async #renew(): Promise<void> {
    const limits = { clock: this.#clock, limitMs: timeoutMs, signals: [this.#closing] };
    try {
      const { keys, ageMs } = await withDeadline(limits, (signal) => fetchKeys(this.#url, signal));
      this.#keys = keys;
      this.#lastFailure = null;
      this.#goodUntilMs = this.#nowMs() + ageMs;
      this.#restUntilMs = this.#nowMs() + restMs;
    } catch (error) {
      this.#lastFailure = error;
      this.#restUntilMs = this.#nowMs() + failureRestMs;
    }
  }

  #isGood(): boolean {
    return this.#nowMs() < this.#goodUntilMs;
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}

async function fetchKeys(
  url: string,
  signal: AbortSignal,
): Promise<{ keys: ReadonlyMap<string, KeyObject>; ageMs: number }> {
  const response = await fetch(url, { signal, redirect: 'error' });
  const text = await response.text();
  if (!response.ok || text.length > longestPage) {
    throw new Error(`status ${response.status}, ${text.length} characters`);
  }
  const body: unknown = JSON.parse(text);
  const keys = isJsonObject(body) ? readKeys(body) : new Map<string, KeyObject>();
  if (keys.size === 0) {
    throw new Error('no key in the answer');
  }
  return { keys, ageMs: ageOf(response.headers) };
}

/** Keys that we cannot use (of another kind, or malformed) are passed over: they hide no other. */
function readKeys(body: JsonObject): ReadonlyMap<string, KeyObject> {
  const entries =
    body['keys'] === undefined
      ? Object.keys(body).map((keyId) => [keyId, certifiedKey(stringMember(body, keyId))] as const)
      : objectsIn(body['keys']).map((jwk) => [stringMember(jwk, 'kid') ?? '', bareKey(jwk)] as const);
  const keys = new Map<string, KeyObject>();
  for (const [keyId, key] of entries) {
    if (keyId !== '' && key?.asymmetricKeyType === 'rsa') keys.set(keyId, key);
  }
  return keys;
}

function certifiedKey(pem: string | null): KeyObject | null {
  try {
    return new X509Certificate(pem ?? '').publicKey;
  } catch {
    return null;
  }
}

function bareKey(jwk: JsonObject): KeyObject | null {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    return null;
  }
}

/** `max-age` less the time that the answer has spent in caches. */
function ageOf(headers: Headers): number {
  const maxAge = /(?:^|[\s,])max-age=(\d+)/i.exec(headers.get('cache-control') ?? '')?.[1];
  const spentSeconds = Number(headers.get('age') ?? 0);
  const ageMs = maxAge === undefined ? defaultAgeMs : (Number(maxAge) - (spentSeconds > 0 ? spentSeconds : 0)) * 1000;
  return Math.min(Math.max(ageMs, restMs), longestAgeMs);
}
