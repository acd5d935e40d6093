import type { Sighting } from '#core/provider.ts';
import type { WorkerKey } from '#core/worker.ts';
import { callByIds } from './call-by-ids.ts';
import type { Ec2, InstancePage } from './ec2.ts';
import { sightingOf } from './instance.ts';
import { ownershipTag, ownerMark } from './tags.ts';

/** The most that DescribeInstances puts on a page. */
const pageSize = 1000;
/** Ids per call where instances are asked for by id. */
const idsPerCall = 200;

/**
 * All instances of a region that carry the provider's mark, in every state: EC2 still shows those that were terminated
 * within about the last hour, which tells their end at once. While a page is read the next one is already on its way; no
 * more than these two are in memory.
 */
export async function* observe(
  ec2: Ec2,
  providerId: string,
  region: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Sighting[]> {
  const abandoned = new AbortController();
  const anySignal = AbortSignal.any([signal, abandoned.signal]);
  const filters = { [`tag:${ownershipTag}`]: [ownerMark(providerId)] };
  const ask = (nextToken: string | null): Promise<InstancePage> => {
    const query = { filters, maxResults: pageSize, ...(nextToken === null ? {} : { nextToken }) };
    const page = ec2.describeInstances(region, query, anySignal);
    // A page that nobody waits for any more may fail unheard.
    page.catch(() => {});
    return page;
  };
  try {
    for (let page: Promise<InstancePage> | null = ask(null); page !== null;) {
      const { instances, nextToken }: InstancePage = await page;
      page = nextToken === null ? null : ask(nextToken);
      yield instances.map((instance) => sightingOf(instance, region));
      signal.throwIfAborted();
    }
  } finally {
    abandoned.abort();
  }
}

/** What EC2 shows of these workers' instances; those it does not know are missing from the result. */
export async function inspect(
  ec2: Ec2,
  region: string,
  workers: readonly WorkerKey[],
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const sightings: Sighting[] = [];
  for (let start = 0; start < workers.length; start += idsPerCall) {
    const ids = workers.slice(start, start + idsPerCall).map((worker) => worker.workerId);
    const { answers, failed } = await callByIds(ids, signal, (instanceIds) =>
      ec2.describeInstances(region, { instanceIds }, signal),
    );
    for (const error of failed.values()) {
      throw error;
    }
    sightings.push(...answers.flatMap((page) => page.instances.map((instance) => sightingOf(instance, region))));
  }
  return sightings;
}
