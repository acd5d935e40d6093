import { isAmount } from './range.ts';

/** A token bucket's measures. */
export interface Bucket {
  capacity: number;
  refillPerSecond: number;
}

/** Whether a value read from JSON is a table of buckets. */
export function isBuckets(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (bucket: unknown) =>
        typeof bucket === 'object' &&
        bucket !== null &&
        'capacity' in bucket &&
        'refillPerSecond' in bucket &&
        isAmount(bucket.capacity) &&
        isAmount(bucket.refillPerSecond),
    )
  );
}
