import type { Refusal } from '#core/launch.ts';
import type { FleetWorker, TerminateOutcome } from '#core/provider.ts';
import type { Compute } from './compute.ts';
import { each } from './each.ts';
import { isNotFound, operationRefusal, refusalOf } from './errors.ts';
import { lastOf, operationsIfTold } from './operations.ts';
import { zoneScopes } from './place.ts';

/** Delete calls under way at once; their pace is `limits.ts`. */
const parallelDeletes = 32;
/** So many machines whose deletion was asked for are remembered, the newest. */
const mostRemembered = 20_000;

/**
 * Deletes machines, each with a call of its own, and remembers which: that a deletion fails shows only in its operation. Nobody waits for that. Who is told
 * to end the same machine once more looks how the first time went, and tells it (P-52).
 */
export class Deletions {
  readonly #compute: Compute;
  /** Ids, in the order of their asking. */
  readonly #asked = new Set<string>();

  constructor(compute: Compute) {
    this.#compute = compute;
  }

  /**
   * One that Google does not know (any more) is as ended as can be. One that it refuses keeps no other alive; only a refusal of all such calls spares
   * those that were not sent yet.
   */
  async terminate(workers: readonly FleetWorker[], signal: AbortSignal): Promise<readonly TerminateOutcome[]> {
    signal.throwIfAborted();
    const failures = await this.#failures(workers, signal);
    let general: Refusal | null = null;
    return each(workers, parallelDeletes, async (worker): Promise<TerminateOutcome> => {
      const refusal = general ?? (await this.#delete(worker, signal)) ?? failures.get(worker.workerId) ?? null;
      general ??= refusal !== null && isGeneral(refusal) ? refusal : null;
      return { worker, accepted: refusal === null, refusal };
    });
  }

  async #delete({ workerGroup, workerId }: FleetWorker, signal: AbortSignal): Promise<Refusal | null> {
    // What is no number can be no instance: there is nothing to end.
    if (!/^\d+$/.test(workerId)) {
      return null;
    }
    try {
      await this.#compute.deleteInstance(workerGroup, workerId, signal);
      this.#remember(workerId);
      return null;
    } catch (error) {
      signal.throwIfAborted();
      return isNotFound(error) ? null : refusalOf(error, zoneScopes(workerGroup, 'query'));
    }
  }

  /** Why earlier deletions of these machines failed, as far as Google says: who does not know may still delete. */
  async #failures(workers: readonly FleetWorker[], signal: AbortSignal): Promise<ReadonlyMap<string, Refusal>> {
    const repeated = workers.filter(({ workerId }) => this.#asked.has(workerId));
    const failures = new Map<string, Refusal>();
    for (const [zone, members] of Map.groupBy(repeated, ({ workerGroup }) => workerGroup)) {
      const ids = members.map(({ workerId }) => workerId);
      for (const [id, operations] of await operationsIfTold(this.#compute, zone, ids, signal)) {
        const deletion = lastOf(operations, 'delete');
        if (deletion?.isDone === true && deletion.errors.length > 0) {
          const { errors, errorStatus, name } = deletion;
          failures.set(id, operationRefusal(errors, errorStatus, name, zoneScopes(zone, 'query')));
        }
      }
    }
    return failures;
  }

  #remember(workerId: string): void {
    this.#asked.delete(workerId);
    this.#asked.add(workerId);
    if (this.#asked.size > mostRemembered) {
      const [oldest = ''] = this.#asked;
      this.#asked.delete(oldest);
    }
  }
}

/** Would calls about other machines be refused, too? */
function isGeneral({ class: refusalClass, scope }: Refusal): boolean {
  return refusalClass === 'throttle' || (refusalClass === 'auth' && scope === 'account');
}
