import type { Operation } from './operation.ts';

/** The statuses of an instance (https://cloud.google.com/compute/docs/instances/instance-lifecycle), and its absence. */
export type Status =
  | 'PROVISIONING'
  | 'STAGING'
  | 'RUNNING'
  | 'STOPPING'
  | 'SUSPENDING'
  | 'SUSPENDED'
  | 'REPAIRING'
  | 'TERMINATED'
  | 'GONE';

/** Why an instance leaves its status. */
export type Cause = 'preempted' | 'host-error' | 'guest' | 'user';

/** A status from an instant on. */
export interface Step {
  atMs: number;
  status: Status;
  cause?: Cause;
  /** The system's operation that begins then, if one does. */
  event?: Operation;
}

/** The life of an instance as its steps, oldest first, planned ones included: an idle machine costs no work. */
export type Life = readonly Step[];

/** What holds at an instant; before the first step that is nothing. */
export function stepAt(life: Life, nowMs: number): Step | undefined {
  for (let index = life.length - 1; index >= 0; index--) {
    const step = life[index];
    if (step !== undefined && step.atMs <= nowMs) {
      return step;
    }
  }
  return undefined;
}

export function statusAt(life: Life, nowMs: number): Status {
  return stepAt(life, nowMs)?.status ?? 'GONE';
}

/** When the instance got a status for the last time, or undefined. */
export function lastTime(life: Life, status: Status, nowMs: number): number | undefined {
  return life.findLast((step) => step.status === status && step.atMs <= nowMs)?.atMs;
}

/** Another course from an instant on: what was planned for later is dropped. */
export function redirected(
  life: Life,
  fromMs: number,
  steps: readonly Step[],
): { life: Life; dropped: readonly Step[] } {
  return {
    life: [...life.filter(({ atMs }) => atMs <= fromMs), ...steps],
    dropped: life.filter(({ atMs }) => atMs > fromMs),
  };
}

/** Statuses of an instance that has, or will have, its vCPUs. */
export function isAlive(status: Status): boolean {
  return ['PROVISIONING', 'STAGING', 'RUNNING', 'REPAIRING'].includes(status);
}
