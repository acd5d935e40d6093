import type { Clock } from '#core/clock.ts';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import type { Sighting } from '#core/provider.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { isNotFound } from './errors.ts';
import { groupsInUse } from './find-machine.ts';
import type { FleetParts } from './fleet-parts.ts';
import { isHeld, partsByWorker, sightingByParts } from './leftovers.ts';
import { sightingWithout } from './machine.ts';
import { recordFrom } from './machine-record.ts';
import { workerOfDeployment } from './names.ts';
import { isFinal } from './operation.ts';
import { pages } from './pages.ts';
import { groupPath, withQuery } from './paths.ts';
import type { ResourceId } from './paths.ts';
import { hasSucceeded, isDiscarded } from './resources/deployment.ts';
import { provisioningState } from './resources/resource.ts';
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
  const isUnseen = (workerId: string): boolean => workerId !== '' && !seen.has(workerId);
  const isWithout = (workerId: string): boolean =>
    isUnseen(workerId) && !parts.teardowns.isRunning(workerId) && !parts.teardowns.hasEnded(workerId);
  const byWorker = await partsByWorker(parts, isUnseen, signal);
  const left = [...byWorker].filter(([workerId, resources]) => isWithout(workerId) && !resources.some(isHeld));
  const sightings = new Map(left.map(([workerId, resources]) => [workerId, sightingByParts(workerId, resources)]));
  for (const deployment of await openDeployments(parts, signal)) {
    const { workerId, state } = deployment;
    if (hasSucceeded(state)) {
      parts.discards.add(deployment.id);
    } else if (isWithout(workerId) && !(isFinal(state) && sightings.has(workerId))) {
      sightings.set(workerId, deploymentSighting(deployment));
    }
  }
  return [...sightings.values()];
}

/** A worker that a deployment is about to make, or failed to. */
function deploymentSighting({ id, workerId, state, body }: OurDeployment): Sighting {
  return sightingWithout(recordFrom(body, workerId, id.group), {
    presence: isFinal(state) ? 'failed' : 'starting',
    cloudState: `deployment ${state}`,
    orderId: tagOf(body, orderTag),
  });
}

interface OurDeployment {
  id: ResourceId;
  workerId: string;
  state: string;
  body: JsonObject;
}

/** Our deployments of which something is to be said or done: not those that succeeded and stay, or that somebody attends to. */
async function openDeployments(parts: FleetParts, signal: AbortSignal): Promise<OurDeployment[]> {
  const groups = await groupsInUse(parts, signal);
  const results = await mapConcurrently(groups, groupsAtATime, (group) =>
    openDeploymentsIn(parts, group, signal).catch(noneOf),
  );
  return results.flatMap((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

async function openDeploymentsIn(parts: FleetParts, group: string, signal: AbortSignal): Promise<OurDeployment[]> {
  const path = `${groupPath(parts.subscriptionId, group)}/providers/Microsoft.Resources/deployments/`;
  const open: OurDeployment[] = [];
  for await (const page of pages(parts, withQuery(path, 'deployment'), 'deployments.list', signal)) {
    open.push(...page.flatMap((body) => openDeployment(parts, group, body) ?? []));
  }
  return open;
}

function openDeployment(parts: FleetParts, group: string, body: JsonObject): OurDeployment | null {
  const name = stringMember(body, 'name') ?? '';
  const workerId = workerOfDeployment(name);
  const state = provisioningState(body);
  if (!isOurs(body, parts.providerId) || workerId === null || isDiscarded(state)) return null;
  if (hasSucceeded(state) && (wishesIn(body).keepDeployment || parts.followers.isFollowed(workerId))) return null;
  return { id: { kind: 'deployment', group, name }, workerId, state, body };
}

/** A group that a launch config names need not be there yet. */
function noneOf(error: unknown): never[] {
  if (isNotFound(error)) return [];
  throw error;
}
