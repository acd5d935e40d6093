import { patterns } from '#contract/patterns.ts';

/** Route parameters and query keys that several endpoints share, with their patterns. */

export const pool = { workerPoolId: patterns.workerPoolId } as const;
export const poolAndGroup = { ...pool, workerGroup: patterns.identifierInUrl } as const;
export const poolGroupAndWorker = { ...poolAndGroup, workerId: patterns.identifierInUrl } as const;

/** The keys of a paged listing. A `limit` of 0 gives an empty page (W13). */
export const paging = {
  continuationToken: patterns.continuationToken,
  limit: patterns.digits,
} as const;

/** Any id that a body may give, underscores too (W17). */
export const launchConfigId = patterns.identifierInUrl;
