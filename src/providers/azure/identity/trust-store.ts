import { ProofRejected } from '#core/error.ts';
import type { Worker } from '#core/worker.ts';
import { DeadlineExceeded, withDeadline } from '#lib/deadline.ts';
import type { Certificate } from './certificate.ts';
import { fetchCertificate } from './fetch-certificate.ts';
import { Intermediates } from './intermediates.ts';
import type { LearningParts } from './intermediates.ts';
import { faultOfIssue, faultOfTime } from './path.ts';
import type { TrustSettings } from './settings.ts';
import { carriedAnchors } from './trust-anchors.ts';
import type { TrustAnchor } from './trust-anchors.ts';

/** How long one registration waits for what is fetched. */
const learningLimitMs = 20_000;

/** Whose word counts. */
export interface TrustStore {
  /**
   * Who speaks for this certificate: an anchor that is valid now and issued it. Where none is known, the issuer is looked for if that is
   * allowed; the worker is named in the log then.
   * @throws ProofRejected when nobody does; the signal's reason when it is aborted.
   */
  vouch(signer: Certificate, worker: Worker, now: Date, signal: AbortSignal): Promise<TrustAnchor>;
}

/** What a provider with these settings believes: Microsoft's authorities that are carried, those of the settings, and newer ones if it may fetch. */
export function trustStoreOf(
  { anchors, sources, isLearning }: TrustSettings,
  around: Pick<LearningParts, 'clock' | 'log' | 'signal'>,
): TrustStore {
  const learning = isLearning ? { ...around, sources, fetchCertificate } : null;
  return createTrustStore([...carriedAnchors(), ...anchors], learning);
}

/** @param learning null: only these anchors are believed, and nothing is ever fetched. */
export function createTrustStore(anchors: readonly TrustAnchor[], learning: LearningParts | null): TrustStore {
  const roots = anchors.filter(({ isRoot }) => isRoot);
  const intermediates = learning === null ? null : new Intermediates(roots, learning);

  async function learnIssuerOf(signer: Certificate, worker: Worker, now: Date, signal: AbortSignal): Promise<void> {
    if (learning === null || intermediates === null) {
      return;
    }
    try {
      const time = { clock: learning.clock, limitMs: learningLimitMs, signals: [signal] };
      await withDeadline(time, () => intermediates.learnIssuerOf(signer, worker, now));
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) {
        throw error;
      }
    }
  }

  return {
    async vouch(signer, worker, now, signal) {
      const known = findVoucher([...anchors, ...(intermediates?.anchors ?? [])], signer, now);
      if (known.anchor !== null) {
        return known.anchor;
      }
      await learnIssuerOf(signer, worker, now, signal);
      const learned = findVoucher(intermediates?.anchors ?? [], signer, now);
      if (learned.anchor === null) {
        throw new ProofRejected(known.fault ?? learned.fault ?? `nobody who is trusted is ${signer.issuer}`);
      }
      return learned.anchor;
    },
  };
}

/** The anchor that issued a certificate and is valid, or what is wrong with the first that has the issuer's name (null: there is none). */
export function findVoucher(
  anchors: readonly TrustAnchor[],
  issued: Certificate,
  now: Date,
): { anchor: TrustAnchor | null; fault: string | null } {
  let fault: string | null = null;
  for (const anchor of anchors) {
    if (anchor.subject === issued.issuer) {
      const found = faultOfTime(anchor, `${anchor.subject} as an anchor`, now) ?? faultOfIssue(issued, anchor);
      if (found === null) {
        return { anchor, fault: null };
      }
      fault ??= found;
    }
  }
  return { anchor: null, fault };
}
