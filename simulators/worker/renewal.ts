const minuteMs = 60_000;

/**
 * How long worker-runner waits before it renews credentials that have `leftMs` left: until half an hour before they
 * expire, yet not less than 5 minutes, yet not beyond 30 seconds before they expire (spec/provisioning.md 11.4).
 */
export function renewAfterMs(leftMs: number): number {
  const wishedMs = Math.max(leftMs - 30 * minuteMs, 5 * minuteMs);
  return Math.max(0, Math.min(wishedMs, leftMs - minuteMs / 2));
}
