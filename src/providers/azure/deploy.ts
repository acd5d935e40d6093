import { LaunchUncertain } from '#providers/launch-call.ts';
import { countDeploymentErrors } from './deployment-errors.ts';
import { ArmError, refusalOf } from './errors.ts';
import type { FleetParts } from './fleet-parts.ts';
import type { MachineOutcome } from './launch.ts';
import { surely } from './make.ts';
import type { MachineOrder } from './make.ts';
import { operationOf } from './operation.ts';
import { deploymentBody, deploymentId, findDeployment } from './resources/deployment.ts';
import { find, put, remove } from './resources/resource.ts';
import type { MachinePlan } from './resources/resource.ts';
import { vm } from './resources/vm.ts';
import { whileWanted } from './while-wanted.ts';

const title = 'Failed to create ARM deployment';

/**
 * Has a template make one machine, by one deployment of its own. It is launched when Azure has accepted the deployment, which goes on by itself; once
 * it has succeeded it is deleted, unless the launch config wants to keep it: a resource group holds 800 (TC#8387).
 */
export async function deploy(
  parts: FleetParts,
  plan: MachinePlan,
  { place, isRepeat, workerPoolId }: MachineOrder,
  signal: AbortSignal,
): Promise<MachineOutcome> {
  const { record } = plan;
  const id = deploymentId(record);
  parts.knownGroups.add(record.group.toLowerCase());
  try {
    if (isRepeat && (await surely(exists(parts, plan, signal)))) return { kind: 'launched', vmId: null };
    await whileWanted(parts.groups.ensure(record.group, record.location, workerPoolId), signal);
    const operation = operationOf(await put(parts, id, deploymentBody(plan), signal));
    if (operation !== null) {
      parts.followers.follow(record.workerId, 'deployment.put', operation, async (ended) => {
        if (!record.keepDeployment) await remove(parts, id, ended);
      });
    }
    return { kind: 'launched', vmId: null };
  } catch (error) {
    signal.throwIfAborted();
    const isUncertain = error instanceof LaunchUncertain;
    const cause = isUncertain ? error.cause : error;
    // A deployment of this name is under way: an earlier attempt at this order began it.
    if (cause instanceof ArmError && cause.code === 'DeploymentActive') return { kind: 'launched', vmId: null };
    const refusal = refusalOf(cause, place.scopes, title);
    if (isUncertain) return { kind: 'unknown', refusal };
    countDeploymentErrors(parts, record, workerPoolId, 'creation-error', [{ code: refusal.code, labels: {} }]);
    return { kind: 'refused', refusal };
  }
}

/** Deployed again, a machine that exists would be given another password, and the deployment would fail. */
async function exists(parts: FleetParts, { record }: MachinePlan, signal: AbortSignal): Promise<boolean> {
  if ((await find(parts, vm.idOf(record), signal)) !== null) return true;
  const deployment = await findDeployment(parts, record, signal);
  // One that has failed is what became of the order: its worker is judged by it.
  return deployment !== null;
}
