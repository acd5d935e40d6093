import type { Clock } from '#core/clock.ts';
import { withDeadline } from '#lib/deadline.ts';
import { readCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import type { FetchCertificate } from './fetch-certificate.ts';

/** For one address. */
const fetchLimitMs = 5_000;
/** How long an address is left in peace after it gave a certificate, or did not. */
const restMs = 10 * 60_000;
/** Strangers decide when something is fetched: so many at a time, so many remembered. */
const limits = { atOnce: 4, remembered: 200 };

/** What it takes to fetch certificates. */
export interface FetchingParts {
  fetchCertificate: FetchCertificate;
  clock: Clock;
  /** Aborted when the program stops. */
  signal: AbortSignal;
}

/** Certificates by their address: each is asked for once in ten minutes, however many want it, and whatever the answer was. */
export class CertificateFetches {
  readonly #parts: FetchingParts;
  readonly #known = new Map<string, { untilMs: number; certificate: Promise<Certificate | null> }>();
  #running = 0;

  constructor(parts: FetchingParts) {
    this.#parts = parts;
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
    const certificate = this.#fetch(url);
    // Behind all others, even if it was there before: the first are the oldest.
    this.#known.delete(url.href);
    this.#known.set(url.href, { untilMs: nowMs + restMs, certificate });
    for (const oldest of [...this.#known.keys()].slice(0, -limits.remembered)) {
      this.#known.delete(oldest);
    }
    return certificate;
  }

  async #fetch(url: URL): Promise<Certificate | null> {
    const { clock, signal, fetchCertificate } = this.#parts;
    this.#running += 1;
    try {
      const time = { clock, limitMs: fetchLimitMs, signals: [signal] };
      return readCertificate(await withDeadline(time, (ended) => fetchCertificate(url, ended)));
    } catch {
      return null;
    } finally {
      this.#running -= 1;
    }
  }
}
