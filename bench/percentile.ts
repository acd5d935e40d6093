/**
 * The least of the amounts that `percent` of them do not exceed (nearest rank).
 * @param sorted ascending; 0 when it is empty
 */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}
