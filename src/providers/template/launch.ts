import type { LaunchOrder, LaunchOutcome, LaunchRequest, LaunchedWorker, Refusal } from '#core/launch.ts';
import { stringMember } from '#core/provider.ts';
import { LaunchUncertain } from '#providers/launch-call.ts';
import type { Cloud, CloudMachine } from './cloud.ts';
import { refusalOf } from './errors.ts';

/**
 * Sends an order. The order's id is the idempotency token: a repeat must start nothing twice. What is not known for sure is
 * `unknown`, never "nothing": `recover` finds out.
 */
export async function launch(
  cloud: Cloud,
  request: LaunchRequest,
  rootUrl: string,
  signal: AbortSignal,
): Promise<LaunchOutcome> {
  const { order, configuration } = request;
  const { workerPoolId, providerId, workerGroup, launchConfigId } = order;
  try {
    const machines = await cloud.start(
      {
        orderId: order.orderId,
        count: order.count,
        zone: order.scope,
        image: stringMember(configuration, 'image') ?? '',
        // The ownership mark: by this the machines are found again, and told from others'.
        owner: `taskcluster-wm-${providerId}`,
        userData: JSON.stringify({ rootUrl, workerPoolId, providerId, workerGroup, launchConfigId }),
      },
      signal,
    );
    return settled(machines, machines.length < order.count ? shortfall(order, machines.length) : null);
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof LaunchUncertain
      ? { kind: 'unknown', launched: [], refusal: refusalOf(error.cause, order.scope) }
      : settled([], refusalOf(error, order.scope));
  }
}

/** Finds what an order started, without starting anything. */
export async function recover(cloud: Cloud, order: LaunchOrder, signal: AbortSignal): Promise<LaunchOutcome> {
  try {
    return settled((await cloud.list({ orderId: order.orderId }, signal)).machines, null);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unknown', launched: [], refusal: refusalOf(error, order.scope) };
  }
}

/** What is recorded of a machine: whatever its identity is later compared with. */
export function launchedWorker(machine: CloudMachine): LaunchedWorker {
  return { workerGroup: machine.zone, workerId: machine.id, providerData: { zone: machine.zone } };
}

function settled(machines: readonly CloudMachine[], refusal: Refusal | null): LaunchOutcome {
  return { kind: 'settled', launched: machines.map(launchedWorker), refusal };
}

function shortfall(order: LaunchOrder, started: number): Refusal {
  const message = `the cloud started ${started} of ${order.count} machines`;
  return { class: 'capacity', code: 'OutOfMachines', message, scope: order.scope, retryAfterMs: null, requestId: null };
}
