import type { LaunchRecord } from './launch-store.ts';

/** In this time half of what happened is forgotten: a launch config recovers within an hour, as users know it (spec/provisioning.md 3.1). */
export const launchRecordHalfLifeMs = 15 * 60_000;

/** The launch config id under which the record of a whole pool is kept. */
export const wholePool = '*';

/**
 * Successful launches that every launch config is believed to have had just now. They keep one lone failure from looking like failing always
 * (P-18), and let the rate fall as the record fades, since attempts and failures fade alike.
 */
const trustedAttempts = 4;

/** A launch record brought to `now`: attempts and failures fade with `launchRecordHalfLifeMs`. */
export function decayed(record: LaunchRecord, now: Date): LaunchRecord {
  const elapsedMs = Math.max(0, now.getTime() - record.asOf.getTime());
  const left = 0.5 ** (elapsedMs / launchRecordHalfLifeMs);
  return { ...record, attempts: record.attempts * left, failures: record.failures * left, asOf: now };
}

/** The share of recent launches that failed, 0 to 1; 0 for a launch config without a record. */
export function failureRate(record: LaunchRecord | undefined, now: Date): number {
  if (record === undefined) return 0;
  const { attempts, failures } = decayed(record, now);
  // A running machine's error report is a failure without an attempt of its own.
  return Math.min(1, failures / (attempts + trustedAttempts));
}
