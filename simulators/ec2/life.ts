/** The states of an EC2 instance, by name. */
export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

/** The numbers that the API gives the states. */
export const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** Why an instance stops or ends: the code and message of its `stateReason`, and its `reason` without the date. */
export interface Cause {
  code: string;
  message: string;
  transition: string;
}

/** Causes as AWS words them (StateReason in the API reference). */
export const causes = {
  user: {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
    transition: 'User initiated',
  },
  machine: {
    code: 'Client.InstanceInitiatedShutdown',
    message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
    transition: 'Instance initiated',
  },
  spot: {
    code: 'Server.SpotInstanceTermination',
    message: 'Server.SpotInstanceTermination: Spot instance termination',
    transition: 'Server.SpotInstanceTermination: Spot instance termination',
  },
  failure: {
    code: 'Server.InternalError',
    message: 'Server.InternalError: Internal error on launch',
    transition: 'Server.InternalError: Internal error on launch',
  },
} satisfies Record<string, Cause>;

/** A stop that has begun or is planned. */
export interface Stop {
  atMs: number;
  doneMs: number;
  cause: Cause;
}

/** An end that has begun or is planned. */
export interface Ending {
  /** From when the instance is shutting down; may lie ahead. */
  atMs: number;
  goneMs: number;
  cause: Cause;
  /** From when the instance's metadata announces the end, or null. */
  noticeMs: number | null;
}

/** The life of an instance as instants, from which its state at any time follows: an idle machine costs no work. */
export interface Life {
  /** End of the boot. */
  runningFromMs: number;
  stop: Stop | null;
  end: Ending | null;
}

/** The state that the API shows at `nowMs`. */
export function stateAt(life: Life, nowMs: number): InstanceState {
  if (life.end !== null && nowMs >= life.end.atMs) {
    return gone(life.end, nowMs) ? 'terminated' : 'shutting-down';
  }
  if (life.stop !== null && nowMs >= life.stop.atMs) {
    return nowMs >= life.stop.doneMs ? 'stopped' : 'stopping';
  }
  return nowMs < life.runningFromMs ? 'pending' : 'running';
}

/** Whether the machine is switched on: booted, and neither stopping nor ending. */
export function isUp(life: Life, nowMs: number): boolean {
  return stateAt(life, nowMs) === 'running';
}

/** Whether an end is complete. */
function gone(end: Ending, nowMs: number): boolean {
  return nowMs >= end.goneMs;
}

/** What led to the state of that instant: the end, else the stop, if one has begun. */
export function causeAt(life: Life, nowMs: number): { atMs: number; cause: Cause } | undefined {
  return [life.end, life.stop].find((event) => event !== null && nowMs >= event.atMs) ?? undefined;
}

/**
 * Ends an instance, unless it ends already. One that is stopped, or was never up, is gone sooner: there is nothing to
 * shut down.
 */
export function endLife(life: Life, cause: Cause, nowMs: number, shutDownMs: number): void {
  if (life.end !== null && nowMs >= life.end.atMs) {
    return;
  }
  const isQuick = stateAt(life, nowMs) === 'stopped';
  life.end = { atMs: nowMs, goneMs: nowMs + (isQuick ? 0 : shutDownMs), cause, noticeMs: null };
}

/** Stops an instance that is up or booting; any other is left as it is. */
export function stopLife(life: Life, cause: Cause, nowMs: number, stopMs: number): void {
  if (['pending', 'running'].includes(stateAt(life, nowMs))) {
    life.stop = { atMs: nowMs, doneMs: nowMs + stopMs, cause };
  }
}
