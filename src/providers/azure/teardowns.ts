import type { WorkerKey } from '#core/worker.ts';
import { noteFailure } from './background.ts';
import type { MachineRecord } from './machine-record.ts';
import type { AzureParts } from './parts.ts';
import type { Removal } from './resources/resource.ts';
import { SharedLists } from './shared-lists.ts';
import { tearDown } from './teardown.ts';
import type { TeardownParts } from './teardown.ts';

/** How long the end of a machine is known without asking again. */
const rememberMs = 2 * 60_000;

/**
 * Machines that are being ended, in this process: the first request came from a call of the loops, the rest goes on here, each step as soon as the
 * one before has ended (P-43). What a crash breaks off is begun again by the loops' next call.
 */
export class Teardowns {
  readonly #parts: TeardownParts;
  readonly #running = new Map<string, Promise<void>>();
  readonly #ended = new Map<string, number>();

  constructor(parts: AzureParts) {
    this.#parts = { ...parts, lists: new SharedLists(parts) };
  }

  isRunning(workerId: string): boolean {
    return this.#running.has(workerId);
  }

  /** Is it known that nothing of it is left, because each part was just seen to be gone? */
  hasEnded(workerId: string): boolean {
    const endedMs = this.#ended.get(workerId);
    return endedMs !== undefined && this.#nowMs - endedMs < rememberMs;
  }

  /** Resolves when nothing is being torn down for this worker. */
  async settled(workerId: string): Promise<void> {
    await this.#running.get(workerId);
  }

  /** Goes on with the end of a machine whose deletion was asked for. @param worker null for what was never a worker: nothing is told then. */
  begin(record: MachineRecord, begun: Removal, worker: WorkerKey | null): void {
    const { workerId } = record;
    if (this.#running.has(workerId)) return;
    const { providerId, subscriptionId, surroundings } = this.#parts;
    const { signal } = surroundings;
    const running = tearDown(this.#parts, record, begun, signal)
      .then((mode) => {
        this.#remember(workerId);
        if (worker !== null) this.#tell(record, worker, mode);
      })
      .catch((error: unknown) => noteFailure(this.#parts, error))
      .finally(() => {
        this.#running.delete(workerId);
        if (!signal.aborted) surroundings.hasten({ providerId, scope: subscriptionId, workerIds: [workerId] });
      });
    this.#running.set(workerId, running);
  }

  /** A machine of this name is (again) being made. */
  forget(workerId: string): void {
    this.#ended.delete(workerId);
  }

  #tell({ workerId, launchConfigId }: MachineRecord, { workerPoolId }: WorkerKey, mode: string): void {
    const { providerId, surroundings } = this.#parts;
    surroundings.metrics.count('worker_manager_azure_teardown_total', { providerId, workerPoolId, mode });
    surroundings.log.write('azure-teardown-mode', 'info', { providerId, workerPoolId, launchConfigId, workerId, mode });
  }

  #remember(workerId: string): void {
    for (const [known, endedMs] of this.#ended) {
      if (this.#nowMs - endedMs < rememberMs) break;
      this.#ended.delete(known);
    }
    this.#ended.set(workerId, this.#nowMs);
  }

  get #nowMs(): number {
    return this.#parts.surroundings.clock.now().getTime();
  }
}
