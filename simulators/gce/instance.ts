import type { Fate } from '#simulators/machine.ts';
import type { Draft } from './draft.ts';
import { lastTime, stepAt, type Life } from './life.ts';
import type { Operation } from './operation.ts';

/** One virtual machine. What can be worked out from its draft and numbers is not kept. */
export interface Instance {
  /** Numeric, as text. */
  id: string;
  name: string;
  zone: string;
  /** Its number in the whole simulator: gives its addresses. */
  serial: number;
  draft: Draft;
  /** As the caller chose it. */
  hostname: string | undefined;
  createdMs: number;
  /** Before this instant only its operation knows of it (eventual consistency). */
  visibleFromMs: number;
  life: Life;
  /** The operation that creates it. */
  insert: Operation | null;
  /** From `RUNNING` to the end of the guest's boot. */
  bootMs: number;
  fate: Fate;
  /** True when its insert will fail: it counts against no quota. */
  isFailing: boolean;
  /** What the API shows instead of its status, or null. */
  strangeStatus: string | null;
}

/** When the guest's last boot ended, or ends; undefined before the instance runs. */
export function bootedAtMs({ life, bootMs }: Instance, nowMs: number): number | undefined {
  const runningMs = lastTime(life, 'RUNNING', nowMs);
  return runningMs === undefined ? undefined : runningMs + bootMs;
}

/** Whether the guest works: it has booted, and is not shutting down; when it is preempted it has some seconds yet. */
export function isUp(instance: Instance, nowMs: number): boolean {
  const step = stepAt(instance.life, nowMs);
  const isSwitchedOn = step?.status === 'RUNNING' || (step?.status === 'STOPPING' && step.cause === 'preempted');
  return isSwitchedOn && nowMs >= (bootedAtMs(instance, nowMs) ?? Infinity);
}

/** Whether the instance's metadata says that it is preempted. */
export function isPreempted({ life }: Instance, nowMs: number): boolean {
  return life.some(
    ({ atMs, cause }) => cause === 'preempted' && atMs <= nowMs && atMs > (lastTime(life, 'RUNNING', nowMs) ?? 0),
  );
}

/** Path of the instance below `…/compute/v1/`. */
export function pathOf(project: string, { zone, name }: { zone: string; name: string }): string {
  return `projects/${project}/zones/${zone}/instances/${name}`;
}
