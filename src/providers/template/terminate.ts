import type { TerminateOutcome } from '#core/provider.ts';
import type { WorkerKey } from '#core/worker.ts';
import type { Cloud } from './cloud.ts';
import { refusalOf } from './errors.ts';

/**
 * Ends machines, in bulk. Ones that are gone already count as accepted. If the cloud refuses all because of one, find that
 * one out here (`aws/call-by-ids.ts` does): it must not keep the others alive.
 */
export async function terminate(
  cloud: Cloud,
  scope: string,
  workers: readonly WorkerKey[],
  signal: AbortSignal,
): Promise<readonly TerminateOutcome[]> {
  if (workers.length === 0) {
    return [];
  }
  try {
    await cloud.end(
      workers.map((worker) => worker.workerId),
      signal,
    );
    return workers.map((worker) => ({ worker, accepted: true, refusal: null }));
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error, scope);
    return workers.map((worker) => ({ worker, accepted: false, refusal }));
  }
}
