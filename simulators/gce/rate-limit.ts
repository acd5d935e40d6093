import { Refusal } from './refusal.ts';

/**
 * The quotas that Google counts calls against, per project and where they end in `_per_region` per region
 * (https://cloud.google.com/compute/docs/api-rate-limits), in calls per minute. The page gives the kinds and says that
 * defaults differ from project to project; 1500 is what it long gave for most.
 */
export const publishedLimits = {
  default: 1500,
  read_requests: 1500,
  list_requests: 1500,
  operation_read_requests: 1500,
  heavy_weight_read_requests: 750,
  default_per_region: 1500,
  read_requests_per_region: 1500,
  list_requests_per_region: 1500,
  operation_read_requests_per_region: 1500,
  heavy_weight_read_requests_per_region: 750,
};

export type LimitName = keyof typeof publishedLimits;

const minuteMs = 60_000;

/**
 * The windows of all quotas: each begins with a full minute of the clock, for all at once, and lets so many calls
 * through. A quota reached at 10:00:15 "refills at the start of the next synchronized interval, such as 10:01:00"
 * (https://cloud.google.com/compute/api-quota).
 */
export class RateWindows {
  #minute = -1;
  readonly #used = new Map<string, number>();

  /** Counts a call; false where its window is full, which costs nothing. */
  take(name: string, region: string, limit: number, nowMs: number): boolean {
    const minute = Math.floor(nowMs / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#used.clear();
    }
    const key = `${name} ${region}`;
    const used = this.#used.get(key) ?? 0;
    if (used >= limit) {
      return false;
    }
    this.#used.set(key, used + 1);
    return true;
  }
}

/** What a call over a limit gets: 403 `rateLimitExceeded`, or the same with another status. */
export function rateLimitExceeded(name: string, region: string, projectNumber: string, status: number): Refusal {
  const limit = name.endsWith('_per_region') ? `${name} per minute per region` : `${name} per minute`;
  const message = `Quota exceeded for quota metric '${name}' and limit '${limit}' of service 'compute.googleapis.com' for consumer 'project_number:${projectNumber}'.`;
  return new Refusal(status, 'rateLimitExceeded', message, {
    domain: 'usageLimits',
    statusName: status === 429 ? 'RESOURCE_EXHAUSTED' : 'PERMISSION_DENIED',
    details: [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'RATE_LIMIT_EXCEEDED',
        domain: 'googleapis.com',
        metadata: {
          service: 'compute.googleapis.com',
          consumer: `projects/${projectNumber}`,
          quota_metric: `compute.googleapis.com/${name}`,
          quota_location: region,
        },
      },
    ],
  });
}
