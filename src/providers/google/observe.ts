import type { FleetWorker, Sighting } from '#core/provider.ts';
import type { Compute, InstancePage } from './compute.ts';
import { each } from './each.ts';
import { isNotFound } from './errors.ts';
import { fateOf } from './fate.ts';
import { fatedSighting, presenceOf, sightingOf } from './instance.ts';
import type { GoogleInstance } from './instance.ts';
import { ownerMark, ownershipLabel } from './labels.ts';
import { anyOf, idsPerCall, operationsIfTold, operationsOn, wasPreempted } from './operations.ts';
import { requireAll } from './order-machines.ts';
import { pagesOf } from './pages.ts';
import { recordedPlacement, scopesOf } from './place.ts';

/** Where to look. */
export interface Watched {
  compute: Compute;
  project: string;
}

/** Questions under way at once about different zones or machines; their pace is `limits.ts`. */
const parallelQuestions = 16;

/**
 * All instances of the project that carry the provider's mark, in every zone and state, 500 a page. While a page is read the next one is already on its
 * way; no more than these two are in memory. A zone that cannot be looked at hides no other; but then the list fails at its end, because what it lacks must
 * not pass for gone.
 */
export async function* observe(
  watched: Watched,
  providerId: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Sighting[]> {
  const abandoned = new AbortController();
  const anySignal = AbortSignal.any([signal, abandoned.signal]);
  const filter = `labels.${ownershipLabel} = "${ownerMark(providerId)}"`;
  const ask = (pageToken: string | null): Promise<InstancePage> => {
    const page = watched.compute.allInstances({ filter, pageToken }, anySignal);
    // A page that nobody waits for any more may fail unheard.
    page.catch(() => {});
    return page;
  };
  const unreachable = new Set<string>();
  try {
    for (let page: Promise<InstancePage> | null = ask(null); page !== null;) {
      const { instances, nextToken, unreachable: missing }: InstancePage = await page;
      page = nextToken === null ? null : ask(nextToken);
      missing.forEach((zone) => unreachable.add(zone));
      yield await sightingsOf(watched, instances, signal);
      signal.throwIfAborted();
    }
    requireAll([...unreachable]);
  } finally {
    abandoned.abort();
  }
}

/**
 * What Google shows of these workers' instances, asked by id. Of those it does not show, their operations are asked: whether the launch goes on or has
 * failed, or why the machine went. One of which they do not tell either is asked for by itself; if Google does not know it, it is missing from the result.
 */
export async function inspect(
  watched: Watched,
  workers: readonly FleetWorker[],
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  signal.throwIfAborted();
  // What is no number can be no instance, and must not get into a filter.
  const possible = workers.filter(({ workerId }) => /^\d+$/.test(workerId));
  const zones = Map.groupBy(possible, ({ workerGroup }) => workerGroup);
  const sightings = await each(zones, parallelQuestions, ([zone, members]) =>
    inspectZone(watched, zone, members, signal),
  );
  return sightings.flat();
}

async function inspectZone(
  watched: Watched,
  zone: string,
  workers: readonly FleetWorker[],
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const { compute } = watched;
  const ids = workers.map(({ workerId }) => workerId);
  const shown = await shownInstances(compute, zone, ids, signal);
  const known = new Set(shown.map(({ id }) => id));
  const missing = workers.filter(({ workerId }) => !known.has(workerId));
  const { told, doubtful } = await askOperations(compute, zone, missing, signal);
  // A single one was asked for by itself already.
  const found = ids.length === 1 ? [] : await eachInstance(compute, zone, doubtful, signal);
  return [...(await sightingsOf(watched, [...shown, ...found], signal)), ...told];
}

/** What their operations tell of workers that are not shown, and the ids of those of which they do not. */
async function askOperations(
  compute: Compute,
  zone: string,
  missing: readonly FleetWorker[],
  signal: AbortSignal,
): Promise<{ told: readonly Sighting[]; doubtful: readonly string[] }> {
  const ids = missing.map(({ workerId }) => workerId);
  const operations = await operationsOn(compute, zone, ids, signal);
  const told: Sighting[] = [];
  const doubtful: string[] = [];
  for (const worker of missing) {
    const scopes = scopesOf(recordedPlacement(worker.providerData, zone));
    const fate = fateOf(operations.get(worker.workerId) ?? [], scopes);
    if (fate === null) {
      doubtful.push(worker.workerId);
    } else {
      told.push(fatedSighting(worker, fate));
    }
  }
  return { told, doubtful };
}

async function shownInstances(
  compute: Compute,
  zone: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly GoogleInstance[]> {
  if (ids.length <= 1) {
    return eachInstance(compute, zone, ids, signal);
  }
  const shown: GoogleInstance[] = [];
  for (let start = 0; start < ids.length; start += idsPerCall) {
    const filter = anyOf('id', ids.slice(start, start + idsPerCall));
    const pages = await pagesOf((pageToken) => compute.instances(zone, { filter, pageToken }, signal));
    requireAll(pages.flatMap((page) => page.unreachable));
    shown.push(...pages.flatMap((page) => page.instances));
  }
  return shown;
}

/** One question for each; those that Google does not know are missing. */
async function eachInstance(
  compute: Compute,
  zone: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly GoogleInstance[]> {
  const found = await each(ids, parallelQuestions, async (id) => {
    try {
      return [await compute.instance(zone, id, signal)];
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  });
  return found.flat();
}

/** Sightings of instances; of the spot machines that have stopped, whether Google took them back is asked, a hundred per call. */
async function sightingsOf(
  { compute, project }: Watched,
  instances: readonly GoogleInstance[],
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const stopped = instances.filter(({ market, status }) => market === 'spot' && presenceOf(status) === 'dormant');
  const preempted = new Set<string>();
  await each(
    Map.groupBy(stopped, ({ zone }) => zone),
    parallelQuestions,
    async ([zone, machines]) => {
      const ids = machines.map(({ id }) => id);
      for (const [id, operations] of await operationsIfTold(compute, zone, ids, signal)) {
        if (wasPreempted(operations)) preempted.add(id);
      }
    },
  );
  return instances.map((instance) => sightingOf(project, instance, preempted.has(instance.id) ? 'preempted' : null));
}
