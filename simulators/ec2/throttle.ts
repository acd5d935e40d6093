import type { Bucket } from '#simulators/bucket.ts';

/**
 * The buckets that AWS publishes per account and region
 * (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html): a call takes one token of its action's
 * bucket, and some actions one token per instance of a second one. DescribeInstances and DescribeInstanceStatus have a
 * smaller bucket for calls without filter, page size or instance ids.
 */
export const publishedBuckets: Readonly<Record<string, Bucket>> = {
  DescribeRegions: { capacity: 100, refillPerSecond: 20 },
  DescribeInstances: { capacity: 100, refillPerSecond: 20 },
  'DescribeInstances:unfiltered': { capacity: 50, refillPerSecond: 10 },
  DescribeInstanceStatus: { capacity: 100, refillPerSecond: 20 },
  'DescribeInstanceStatus:unfiltered': { capacity: 50, refillPerSecond: 10 },
  DescribeTags: { capacity: 100, refillPerSecond: 20 },
  CreateTags: { capacity: 100, refillPerSecond: 10 },
  RunInstances: { capacity: 5, refillPerSecond: 2 },
  'RunInstances:instances': { capacity: 1000, refillPerSecond: 2 },
  TerminateInstances: { capacity: 100, refillPerSecond: 5 },
  'TerminateInstances:instances': { capacity: 1000, refillPerSecond: 20 },
};

/** The fill of every bucket of every region; all are full at first. */
export class Throttle {
  readonly #fills = new Map<string, { tokens: number; atMs: number }>();

  /** Takes tokens from a region's bucket if it holds that many; a bucket that does not exist is never empty. */
  take(region: string, name: string, bucket: Bucket | undefined, tokens: number, nowMs: number): boolean {
    if (bucket === undefined) {
      return true;
    }
    const key = `${region} ${name}`;
    const last = this.#fills.get(key) ?? { tokens: bucket.capacity, atMs: nowMs };
    const refilled = last.tokens + ((nowMs - last.atMs) / 1000) * bucket.refillPerSecond;
    const held = Math.min(bucket.capacity, refilled);
    const isEnough = held >= tokens;
    this.#fills.set(key, { tokens: isEnough ? held - tokens : held, atMs: nowMs });
    return isEnough;
  }

  /** Fills all buckets. */
  reset(): void {
    this.#fills.clear();
  }
}
