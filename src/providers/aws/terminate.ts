import type { TerminateOutcome } from '#core/provider.ts';
import type { WorkerKey } from '#core/worker.ts';
import { callByIds } from './call-by-ids.ts';
import type { Ec2 } from './ec2.ts';
import { refusalOf } from './errors.ts';
import { regionScopes } from './place.ts';

/**
 * Half of what EC2 terminates at once: TerminateInstances takes a token per instance from a bucket of 1,000 that refills at
 * 20 a second (ec2-api-throttling.html, "Resource token limits").
 */
const idsPerCall = 500;

/**
 * Terminates instances, running, stopped or anything between. Those that EC2 does not know any more are as ended as can be.
 * One that it refuses (termination protection, say) does not keep the others alive.
 */
export async function terminate(
  ec2: Ec2,
  region: string,
  workers: readonly WorkerKey[],
  signal: AbortSignal,
): Promise<readonly TerminateOutcome[]> {
  const scopes = regionScopes(region, 'terminate');
  const failed = new Map<string, unknown>();
  for (let start = 0; start < workers.length; start += idsPerCall) {
    const ids = workers.slice(start, start + idsPerCall).map((worker) => worker.workerId);
    const outcome = await callByIds(ids, signal, (instanceIds) => ec2.terminateInstances(region, instanceIds, signal));
    outcome.failed.forEach((error, id) => failed.set(id, error));
  }
  return workers.map((worker) => {
    const isRefused = failed.has(worker.workerId);
    const refusal = isRefused ? refusalOf(failed.get(worker.workerId), scopes) : null;
    return { worker, accepted: !isRefused, refusal };
  });
}
