import type { FleetWorker, TerminateOutcome } from '#core/provider.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { refusalOf } from './errors.ts';
import type { FleetParts } from './fleet-parts.ts';
import { recordOf, scopesOf } from './machine-record.ts';
import { beginRemoval } from './resources/resource.ts';
import { vm } from './resources/vm.ts';

/** Requests under way at once; the limits decide how fast they really go. */
const atATime = 100;

/**
 * Asks for the end of machines, all at once, and goes on in the background with what was made for them (`teardowns.ts`). A machine that is gone
 * already may still have left something. One that is refused does not keep the others alive.
 */
export async function terminate(
  parts: FleetParts,
  workers: readonly FleetWorker[],
  signal: AbortSignal,
): Promise<readonly TerminateOutcome[]> {
  signal.throwIfAborted();
  const results = await mapConcurrently(workers, atATime, (worker) => terminateOne(parts, worker, signal));
  signal.throwIfAborted();
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

async function terminateOne(parts: FleetParts, worker: FleetWorker, signal: AbortSignal): Promise<TerminateOutcome> {
  const record = recordOf(worker, parts.resourceGroupName);
  const key = { workerPoolId: worker.workerPoolId, workerGroup: worker.workerGroup, workerId: worker.workerId };
  const { teardowns } = parts;
  if (teardowns.isRunning(worker.workerId) || teardowns.hasEnded(worker.workerId)) {
    return { worker, accepted: true, refusal: null };
  }
  try {
    const begun = await beginRemoval(parts, vm.idOf(record), signal);
    teardowns.begin(record, begun, key);
    return { worker, accepted: true, refusal: null };
  } catch (error) {
    signal.throwIfAborted();
    return { worker, accepted: false, refusal: refusalOf(error, scopesOf(record)) };
  }
}
