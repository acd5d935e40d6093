import type { Log } from '#core/telemetry.ts';
import type { Worker } from '#core/worker.ts';
import { fetchableAddress, soughtAuthority } from './certificate-address.ts';
import { CertificateFetches } from './certificate-fetches.ts';
import type { FetchingParts } from './certificate-fetches.ts';
import type { Certificate } from './certificate.ts';
import { faultOfAuthorities, faultOfIssue } from './path.ts';
import { anchorOf } from './trust-anchors.ts';
import type { TrustAnchor } from './trust-anchors.ts';

/** Of those that one certificate names. */
const mostAddresses = 4;
/** Microsoft's hierarchies have eight of them each. */
const mostLearned = 64;
/** An intermediate, below a root that is cross-signed, below another root: the longest line that is looked for. */
const longestLine = 2;

/** What it takes to learn of authorities that are newer than this program. */
export interface LearningParts extends FetchingParts {
  /** Folders that are allowed beside Microsoft's; of any host and port. */
  sources: readonly URL[];
  log: Log;
}

/** Authorities from a signer's issuer up, each issued by the next and the last by a root. */
interface Line {
  authorities: readonly Certificate[];
  root: TrustAnchor;
  /** Where the first of them came from. */
  address: string;
}

/**
 * Authorities whose certificates are fetched, in this process. Where something was fetched from says nothing: it is believed because one of the
 * roots issued it, and as long as it, that root, and all in between are valid.
 */
export class Intermediates {
  readonly #roots: readonly TrustAnchor[];
  readonly #parts: LearningParts;
  readonly #fetches: CertificateFetches;
  readonly #anchors: TrustAnchor[] = [];

  constructor(roots: readonly TrustAnchor[], parts: LearningParts) {
    this.#roots = roots;
    this.#parts = parts;
    this.#fetches = new CertificateFetches(parts);
  }

  /** Those that were learned so far. */
  get anchors(): readonly TrustAnchor[] {
    return this.#anchors;
  }

  /**
   * Looks for the issuer of a certificate where that certificate says, if it is one of Microsoft's by name and by address. What was learned is
   * in `anchors` then.
   */
  async learnIssuerOf(signer: Certificate, worker: Worker, now: Date): Promise<void> {
    const line = await this.#lineAbove([signer], worker, now);
    const [issuer] = line?.authorities ?? [];
    if (line === null || issuer === undefined) {
      return;
    }
    const learned = anchorOf(issuer, line.address);
    if (this.#anchors.some(({ fingerprint256 }) => fingerprint256 === learned.fingerprint256)) {
      return;
    }
    this.#anchors.push({ ...learned, ...commonTime([...line.authorities, line.root]) });
    this.#anchors.splice(0, this.#anchors.length - mostLearned);
    this.#parts.log.write('registration-new-intermediate-certificate', 'warning', {
      v: 1,
      subject: slashed(issuer.subject),
      issuer: slashed(issuer.issuer),
      fingerprint: issuer.fingerprint,
      url: line.address,
    });
  }

  /** Goes on from a line whose last certificate is issued by none of the roots. */
  async #lineAbove(below: readonly Certificate[], worker: Worker, now: Date): Promise<Line | null> {
    const issued = below.at(-1);
    if (issued === undefined || below.length > longestLine) {
      return null;
    }
    for (const url of this.#addressesOf(issued, worker)) {
      const issuer = await this.#fetches.at(url);
      if (issuer === null || faultOfIssue(issued, issuer) !== null) {
        continue;
      }
      const authorities = [...below.slice(1), issuer];
      const root = this.#roots.find((anchor) => faultOfAuthorities(authorities, anchor, now) === null);
      const line = root === undefined ? await this.#lineAbove([...below, issuer], worker, now) : { authorities, root };
      if (line !== null) {
        return { ...line, address: url.href };
      }
    }
    return null;
  }

  #addressesOf(issued: Certificate, { workerPoolId, providerId, workerId }: Worker): URL[] {
    const authority = soughtAuthority(issued.issuer);
    if (authority === null) {
      return [];
    }
    return issued.caIssuers.slice(0, mostAddresses).flatMap((address) => {
      const url = fetchableAddress(address, authority, this.#parts.sources);
      if (url === null) {
        const where = { url: address.slice(0, 300), workerPoolId, providerId, workerId };
        this.#parts.log.write('registration-rejected-intermediate-certificate-url', 'warning', { v: 1, ...where });
      }
      return url ?? [];
    });
  }
}

/** From when until when all of them are valid. */
function commonTime(
  all: readonly Pick<TrustAnchor, 'notBefore' | 'notAfter'>[],
): Pick<TrustAnchor, 'notBefore' | 'notAfter'> {
  return {
    notBefore: new Date(Math.max(...all.map(({ notBefore }) => notBefore.getTime()))),
    notAfter: new Date(Math.min(...all.map(({ notAfter }) => notAfter.getTime()))),
  };
}

/** Names as this log entry has always had them: `/C=US,/O=Microsoft Corporation,/CN=…`. */
function slashed(name: string): string {
  return `/${name.replaceAll(', ', ',/')}`;
}
