import { member, numberMember } from './json.ts';

/** What a worker program takes from its configuration. */
export interface WorkerLimits {
  /** Tasks at once. */
  capacity: number;
  /** How long it stays without a task; Infinity for ever. */
  idleTimeoutMs: number;
}

/**
 * Reads the `workerConfig` of a registration: `{genericWorker: {config: {capacity, idleTimeoutSecs}}}`, or docker-worker's
 * flat `{capacity, shutdown: {afterIdleSeconds}}`. What it does not say is one task at once, and the given time-out; a
 * time-out of 0 means never, as in generic-worker.
 */
export function workerLimits(workerConfig: unknown, defaultIdleTimeoutMs: number): WorkerLimits {
  const config = member(member(workerConfig, 'genericWorker'), 'config') ?? workerConfig;
  const idleSeconds =
    numberMember(config, 'idleTimeoutSecs') ?? numberMember(member(config, 'shutdown'), 'afterIdleSeconds');
  const idleTimeoutMs = idleSeconds === undefined ? defaultIdleTimeoutMs : idleSeconds * 1000;
  return {
    capacity: Math.max(1, Math.floor(numberMember(config, 'capacity') ?? 1)),
    idleTimeoutMs: idleTimeoutMs > 0 ? idleTimeoutMs : Infinity,
  };
}
