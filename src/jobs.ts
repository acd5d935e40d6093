import { expire } from '#loops/expire.ts';
import type { Expiry } from '#loops/expire.ts';
import type { LoopParts } from '#loops/parts.ts';

/** Does its work once. @returns how many rows went. */
export type Job = (parts: LoopParts) => Promise<number>;

/** The jobs that a deployment starts by its own clock (spec/api.md 7.5), by name, in both spellings that deployments use. */
const jobs: ReadonlyMap<string, Expiry> = new Map([
  ['expire-workers', 'workers'],
  ['expireWorkers', 'workers'],
  ['expire-worker-pools', 'worker-pools'],
  ['expireWorkerPools', 'worker-pools'],
  ['expire-launch-configs', 'launch-configs'],
  ['expireLaunchConfigs', 'launch-configs'],
  ['expire-errors', 'errors'],
  ['expireErrors', 'errors'],
]);

/** The job of this name; null: there is none. Like a loop's turn, each run leaves a line in the log (spec/api.md 9.2). */
export function jobNamed(name: string): Job | null {
  const sort = jobs.get(name);
  return sort === undefined ? null : (parts) => told(parts, `expire-${sort}`, () => expire(parts, sort));
}

async function told(parts: LoopParts, name: string, run: () => Promise<number>): Promise<number> {
  const { clock, log } = parts;
  const startedMs = clock.now().getTime();
  const duration = (): number => clock.now().getTime() - startedMs;
  try {
    const count = await run();
    log.write('monitor.periodic', 'notice', { name, duration: duration(), status: 'success' });
    return count;
  } catch (error) {
    log.write('monitor.periodic', 'err', { name, duration: duration(), status: 'exception', error });
    throw error;
  }
}
