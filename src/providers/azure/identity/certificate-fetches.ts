import type { Clock } from '#core/clock.ts';
import { withDeadline } from '#lib/deadline.ts';
import { TokenBucket } from '#lib/rate-limit.ts';
import { readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import type { FetchCertificate } from './fetch-certificate.ts';

/** For one address. */
const fetchLimitMs = 5_000;
/** How long an address is left in peace after it gave a certificate, or did not: an outage should not last longer for us than it lasts. */
const restMs = { after: 10 * 60_000, afterFailure: 60_000 };
/** Strangers decide when something is fetched. At a time: as many as two hierarchies of Microsoft's have authorities. */
const limits = { atOnce: 16, remembered: 500 };
/** And never faster than this, so that nobody can use us to flood a publisher. */
const pace = { capacity: 60, refillPerSecond: 2 };

interface Fetch {
  untilMs: number;
  certificate: Promise<Certificate | null>;
}

/** What it takes to fetch certificates. */
export interface FetchingParts {
  fetchCertificate: FetchCertificate;
  clock: Clock;
  /** Aborted when the program stops. */
  signal: AbortSignal;
}

/** Certificates by their address: each is asked for once in a while, however many want it, and whatever the answer was. */
export class CertificateFetches {
  readonly #parts: FetchingParts;
  readonly #known = new Map<string, Fetch>();
  readonly #pace: TokenBucket;
  #running = 0;

  constructor(parts: FetchingParts) {
    this.#parts = parts;
    this.#pace = new TokenBucket({ clock: parts.clock, ...pace });
  }

  /** Never rejects: null when there is none, or when too much is being fetched already. */
  at(url: URL): Promise<Certificate | null> {
    const nowMs = this.#parts.clock.now().getTime();
    const known = this.#known.get(url.href);
    if (known !== undefined && nowMs < known.untilMs) {
      return known.certificate;
    }
    if (this.#running >= limits.atOnce) {
      return Promise.resolve(null);
    }
    const fetch: Fetch = { untilMs: nowMs + restMs.after, certificate: this.#fetch(url) };
    void fetch.certificate.then((certificate) => {
      fetch.untilMs = nowMs + (certificate === null ? restMs.afterFailure : restMs.after);
    });
    // Behind all others, even if it was there before: the first are the oldest.
    this.#known.delete(url.href);
    this.#known.set(url.href, fetch);
    for (const oldest of [...this.#known.keys()].slice(0, -limits.remembered)) {
      this.#known.delete(oldest);
    }
    return fetch.certificate;
  }

  async #fetch(url: URL): Promise<Certificate | null> {
    const { clock, signal, fetchCertificate } = this.#parts;
    this.#running += 1;
    try {
      const time = { clock, limitMs: fetchLimitMs, signals: [signal] };
      const bytes = await withDeadline(time, async (ended) => {
        await this.#pace.take(1, ended);
        return fetchCertificate(url, ended);
      });
      return readCertificate(bytes);
    } catch {
      return null;
    } finally {
      this.#running -= 1;
    }
  }
}
