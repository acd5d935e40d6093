import type { Clock } from '#core/clock.ts';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import type { Sighting } from '#core/provider.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { noteFailure } from './background.ts';
import { isNotFound } from './errors.ts';
import { groupsInUse } from './find-machine.ts';
import type { FleetParts } from './fleet-parts.ts';
import { isHeld, partsByWorker, sightingByParts } from './leftovers.ts';
import { sightingWithout } from './machine.ts';
import { recordFrom } from './machine-record.ts';
import { workerOfDeployment } from './names.ts';
import { isFinal } from './operation.ts';
import { allOf, pages } from './pages.ts';
import { groupPath, withQuery } from './paths.ts';
import { isDiscarded } from './resources/deployment.ts';
import { provisioningState, remove } from './resources/resource.ts';
import { isOurs, orderTag, tagOf, wishesIn } from './tags.ts';

/** What machines leave behind costs little for a while; the lists cost as much as the machines' own. */
const sweepEveryMs = 5 * 60_000;
const groupsAtATime = 4;

/** When leftovers are looked for. */
export class SweepPace {
  readonly #clock: Clock;
  #lastMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Is it time? Then it is not again for five minutes. */
  isDue(): boolean {
    const nowMs = this.#clock.now().getTime();
    if (nowMs - this.#lastMs < sweepEveryMs) return false;
    this.#lastMs = nowMs;
    return true;
  }
}

/**
 * What is there of workers without a machine: interfaces, addresses and disks that carry a worker's tag, and deployments of its name. Deployments
 * that have succeeded are deleted unless they are to be kept, should nobody have done so.
 * @param seen the workers whose machines were just listed.
 */
export async function sweep(
  parts: FleetParts,
  seen: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const isWithout = (workerId: string): boolean =>
    workerId !== '' &&
    !seen.has(workerId) &&
    !parts.teardowns.isRunning(workerId) &&
    !parts.teardowns.hasEnded(workerId);
  const byWorker = await partsByWorker(parts, signal);
  const left = [...byWorker].filter(([workerId, resources]) => isWithout(workerId) && !resources.some(isHeld));
  const sightings = new Map(left.map(([workerId, resources]) => [workerId, sightingByParts(workerId, resources)]));
  for (const deployment of await ourDeployments(parts, signal)) {
    const workerId = workerOfDeployment(stringMember(deployment.body, 'name') ?? '');
    const state = provisioningState(deployment.body);
    if (workerId === null || isDiscarded(state)) continue;
    if (/^succeeded$/i.test(state)) {
      if (!wishesIn(deployment.body).keepDeployment && !parts.followers.isFollowed(workerId))
        void discard(parts, deployment);
    } else if (isWithout(workerId) && !(isFinal(state) && sightings.has(workerId))) {
      sightings.set(workerId, deploymentSighting(deployment, workerId, state));
    }
  }
  return [...sightings.values()];
}

/** A worker that a deployment is about to make, or failed to. */
function deploymentSighting({ body, group }: OurDeployment, workerId: string, state: string): Sighting {
  return sightingWithout(recordFrom(body, workerId, group), {
    presence: isFinal(state) ? 'failed' : 'starting',
    cloudState: `deployment ${state}`,
    orderId: tagOf(body, orderTag),
  });
}

interface OurDeployment {
  group: string;
  body: JsonObject;
}

async function ourDeployments(parts: FleetParts, signal: AbortSignal): Promise<OurDeployment[]> {
  const groups = await groupsInUse(parts, signal);
  const results = await mapConcurrently(groups, groupsAtATime, async (group) => {
    const path = `${groupPath(parts.subscriptionId, group)}/providers/Microsoft.Resources/deployments/`;
    const all = await allOf(pages(parts, withQuery(path, 'deployment'), 'deployments.list', signal)).catch(noneOf);
    return all.filter((body) => isOurs(body, parts.providerId)).map((body) => ({ group, body }));
  });
  return results.flatMap((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** A group that a launch config names need not be there yet. */
function noneOf(error: unknown): JsonObject[] {
  if (isNotFound(error)) return [];
  throw error;
}

/** In the background; what fails comes with the next sweep. */
async function discard(parts: FleetParts, { group, body }: OurDeployment): Promise<void> {
  const id = { kind: 'deployment', group, name: stringMember(body, 'name') ?? '' } as const;
  await remove(parts, id, parts.surroundings.signal).catch((error: unknown) => noteFailure(parts, error));
}
