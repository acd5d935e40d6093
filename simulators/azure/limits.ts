import type { Bucket } from '#simulators/bucket.ts';
import { Refusal } from './refusal.ts';

const perMinute = (refill: number, capacity: number): Bucket => ({ capacity, refillPerSecond: refill / 60 });

/**
 * The buckets that Microsoft publishes. Those of Azure Resource Manager hold for a subscription, a caller and a region
 * (https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling); here, for the
 * subscription. Those of the compute provider hold for each virtual machine (`…Resource`) and for the subscription in a
 * region (https://learn.microsoft.com/azure/virtual-machines/compute-throttling-limits); here, for the subscription.
 */
export const publishedBuckets: Readonly<Record<string, Bucket>> = {
  reads: { capacity: 250, refillPerSecond: 25 },
  writes: { capacity: 200, refillPerSecond: 10 },
  deletes: { capacity: 200, refillPerSecond: 10 },
  PutVMResource: perMinute(4, 12),
  PutVMSubscriptionMaximum: perMinute(500, 1500),
  UpdateVMResource: perMinute(4, 12),
  UpdateVMSubscriptionMaximum: perMinute(500, 1500),
  DeleteVMResource: perMinute(4, 12),
  DeleteVMSubscriptionMaximum: perMinute(500, 1500),
  LowCostGetResource: perMinute(12, 36),
  LowCostGetSubscriptionMaximum: perMinute(8000, 24_000),
  HighCostGetSubscriptionMaximum: perMinute(300, 900),
  GetOperationResource: perMinute(15, 45),
  GetOperationSubscriptionMaximum: perMinute(5000, 15_000),
};

/** What one kind of call takes a token from: names of buckets, each with what it is counted for. */
export interface Claim {
  bucket: string;
  /** A virtual machine or an operation; empty for the subscription. */
  of: string;
}

/** How many tokens were left. */
export interface Remainder {
  bucket: string;
  tokens: number;
}

/** Buckets that are remembered; beyond, all count as full again. */
const mostFills = 200_000;

/** The fill of every bucket; all are full at first. */
export class Limits {
  readonly #fills = new Map<string, { tokens: number; atMs: number }>();

  /**
   * Takes a token of each bucket; of none, if one is empty.
   *
   * @returns what is left in each, or the first that is empty with the seconds until it holds a token.
   */
  take(
    claims: readonly Claim[],
    bucketOf: (name: string) => Bucket | undefined,
    nowMs: number,
  ): { left: Remainder[] } | { empty: string; waitSeconds: number } {
    const held: { key: string; name: string; tokens: number }[] = [];
    for (const { bucket: name, of } of claims) {
      const bucket = bucketOf(name);
      if (bucket !== undefined) {
        const key = `${name} ${of}`;
        const tokens = this.#heldBy(key, bucket, nowMs);
        if (tokens < 1) {
          return { empty: name, waitSeconds: Math.max(1, Math.ceil((1 - tokens) / bucket.refillPerSecond)) };
        }
        held.push({ key, name, tokens: tokens - 1 });
      }
    }
    if (this.#fills.size > mostFills) {
      this.#fills.clear();
    }
    for (const { key, tokens } of held) {
      this.#fills.set(key, { tokens, atMs: nowMs });
    }
    return { left: held.map(({ name, tokens }) => ({ bucket: name, tokens: Math.floor(tokens) })) };
  }

  #heldBy(key: string, { capacity, refillPerSecond }: Bucket, nowMs: number): number {
    const last = this.#fills.get(key) ?? { tokens: capacity, atMs: nowMs };
    return Math.min(capacity, last.tokens + ((nowMs - last.atMs) / 1000) * refillPerSecond);
  }
}

const armNames: Readonly<Record<string, string>> = { reads: 'read', writes: 'write', deletes: 'delete' };

/**
 * The 429 of Azure Resource Manager, or of the compute provider
 * (https://learn.microsoft.com/troubleshoot/azure/virtual-machines/troubleshooting-throttling-errors).
 */
export function tooManyRequests(bucket: string, waitSeconds: number, subscriptionId: string): Refusal {
  const name = armNames[bucket];
  if (name !== undefined) {
    const text = `Number of '${name}' requests for subscription actor '${subscriptionId}' exceeded. Please try again after '${waitSeconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.`;
    return new Refusal('SubscriptionRequestsThrottled', text, 429, { retryAfterSeconds: waitSeconds });
  }
  const details = [{ code: 'TooManyRequests', target: bucket, message: JSON.stringify({ operationGroup: bucket }) }];
  const text = 'The server rejected the request because too many requests have been received for this subscription.';
  return new Refusal('OperationNotAllowed', text, 429, { retryAfterSeconds: waitSeconds, details });
}
