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

/** The job of this name; null: there is none. */
export function jobNamed(name: string): Job | null {
  const sort = jobs.get(name);
  return sort === undefined ? null : (parts) => expire(parts, sort);
}
