import type { JsonObject } from '#core/json.ts';
import type { FleetWorker, Sighting } from '#core/provider.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { countDeploymentErrors } from './deployment-errors.ts';
import { ArmError, meaningOfError, ownCodes, refusalOf } from './errors.ts';
import type { CloudError } from './errors.ts';
import type { FleetParts } from './fleet-parts.ts';
import { isHeld, leftoverSighting, partsByName, partsByWorker } from './leftovers.ts';
import { sightingOf, sightingOfFailure, sightingWithout } from './machine.ts';
import { recordOf, scopesOf } from './machine-record.ts';
import type { MachineRecord } from './machine-record.ts';
import { deploymentSteps, findDeployment, hasSucceeded, isDiscarded } from './resources/deployment.ts';
import { find, provisioningState } from './resources/resource.ts';
import { vm } from './resources/vm.ts';

/** Questions under way at once; the limits decide how fast they really go. */
const atATime = 50;
/** A machine that is there while its state is not, more often than that in a row, does not work. */
const mostMissingViews = 2;

/** What is asked of several workers at once, asked once. */
interface Shared {
  partsByWorker(): Promise<ReadonlyMap<string, readonly JsonObject[]>>;
}

/**
 * What Azure shows of these workers, each asked about by itself; one of which nothing is left is missing from the result. Not found is asked twice,
 * in two ways, and then of what was made beside the machine (TC#8314). Machines that this process is
 * ending, or saw to their end, are not asked about.
 */
export async function inspect(
  parts: FleetParts,
  workers: readonly FleetWorker[],
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  signal.throwIfAborted();
  let lists: Promise<ReadonlyMap<string, readonly JsonObject[]>> | null = null;
  const asked = new Set(workers.map(({ workerId }) => workerId));
  const shared: Shared = { partsByWorker: () => (lists ??= partsByWorker(parts, (id) => asked.has(id), signal)) };
  const results = await mapConcurrently(workers, atATime, (worker) => inspectOne(parts, worker, shared, signal));
  signal.throwIfAborted();
  return results.flatMap((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value ?? [];
  });
}

async function inspectOne(
  parts: FleetParts,
  worker: FleetWorker,
  shared: Shared,
  signal: AbortSignal,
): Promise<Sighting | null> {
  const { workerId } = worker;
  const record = recordOf(worker, parts.resourceGroupName);
  if (parts.teardowns.isRunning(workerId))
    return sightingWithout(record, { presence: 'ending', cloudState: 'being deleted' });
  if (parts.teardowns.hasEnded(workerId)) return sightingWithout(record, { presence: 'gone', cloudState: 'deleted' });
  const machine = await find(parts, vm.idOf(record), signal, { $expand: 'instanceView' });
  if (machine !== null) {
    parts.missingViews.delete(workerId);
    return sightingOf(machine, failureOf(parts, workerId));
  }
  const model = await find(parts, vm.idOf(record), signal);
  return model === null ? withoutMachine(parts, worker, record, shared, signal) : withoutView(parts, worker, model);
}

/** The machine is there, and the question for its state said that it is not. */
function withoutView(parts: FleetParts, worker: FleetWorker, model: JsonObject): Sighting {
  const { workerPoolId, workerGroup, workerId } = worker;
  const streak = parts.missingViews.add(workerId);
  const sighting = sightingOf(model);
  if (streak <= mostMissingViews) return sighting;
  parts.surroundings.log.write('azure-instance-view-repeated-404', 'warning', {
    providerId: parts.providerId,
    workerPoolId,
    workerGroup,
    workerId,
    vmName: workerId,
    provisioningState: provisioningState(model),
    instanceView404Streak: streak,
  });
  const { presence, cloudState, orderId, launchedAt, providerData } = sighting;
  return {
    workerGroup,
    workerId,
    presence: presence === 'ending' ? presence : 'failed',
    cloudState,
    orderId,
    launchedAt,
    providerData,
    why: `instanceView returned 404 ${streak} consecutive times`,
  };
}

async function withoutMachine(
  parts: FleetParts,
  worker: FleetWorker,
  record: MachineRecord,
  shared: Shared,
  signal: AbortSignal,
): Promise<Sighting | null> {
  parts.missingViews.delete(record.workerId);
  if (record.method === 'arm-template') {
    const deploying = await byDeployment(parts, worker, record, signal);
    if (deploying !== null) return deploying;
  }
  const left =
    record.method === 'arm-template'
      ? ((await shared.partsByWorker()).get(record.workerId) ?? [])
      : await partsByName(parts, record, signal);
  // Azure does not find the machine that its interface names: the machine is newer than the answer.
  if (left.some(isHeld)) return sightingWithout(record, { presence: 'starting', cloudState: 'not shown yet' });
  const failure = failureOf(parts, record.workerId);
  if (failure !== null) return sightingOfFailure(record, failure);
  return left.length === 0 ? null : leftoverSighting(record, left);
}

/** How the creation of its machine failed, as far as this process followed it. */
function failureOf({ followers }: FleetParts, workerId: string): ArmError | null {
  const failure = followers.failureOf(workerId);
  return failure instanceof ArmError && failure.isOperation ? failure : null;
}

/** What the deployment says of a machine that is not there; null when it has nothing to say (any more). */
async function byDeployment(
  parts: FleetParts,
  worker: FleetWorker,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<Sighting | null> {
  const deployment = await findDeployment(parts, record, signal);
  if (deployment === null || hasSucceeded(deployment.state) || isDiscarded(deployment.state)) return null;
  const { state, isActive } = deployment;
  if (isActive) return sightingWithout(record, { presence: 'starting', cloudState: `deployment ${state}` });
  const failures = (await deploymentSteps(parts, record, signal)).flatMap(({ failure }) => failure ?? []);
  const whole: CloudError = deployment.error ?? {
    code: ownCodes.operationFailed,
    message: `the deployment ended as ${state}`,
  };
  if (parts.toldDeployments.add(record.workerId) === 1) {
    const counted = failures.length > 0 ? failures : [{ ...whole, labels: { provisioningState: state } }];
    countDeploymentErrors(parts, record, worker.workerPoolId, 'arm-deployment-error', counted);
  }
  const cause =
    failures.find(({ code, message }) => meaningOfError({ code, words: message }) !== null) ?? failures[0] ?? whole;
  const words = failures.length > 0 ? failures.map(({ message }) => message).join('; ') : whole.message;
  const trouble = {
    ...refusalOf(new ArmError(cause.code, words, { isOperation: true }), scopesOf(record), 'ARM Deployment Error'),
    kind: 'arm-deployment-error',
  };
  return sightingWithout(record, { presence: 'failed', cloudState: `deployment ${state}`, trouble });
}
