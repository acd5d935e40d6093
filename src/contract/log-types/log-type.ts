/** One type of log entry, as it is published (spec/api.md 9.2). */
export interface LogType {
  /** What stands in the entry's `Type`. */
  readonly type: string;
  readonly title: string;
  /** Syslog's names; `any` when each entry has its own. */
  readonly level: 'err' | 'warning' | 'notice' | 'info' | 'debug' | 'any';
  /** Counts up when fields change their meaning; stands in the entry's fields as `v`. */
  readonly version: number;
  readonly description: string;
  /** What each field says. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Fields that mean the same in every entry. */
const words = {
  workerPoolId: 'The worker pool.',
  providerId: 'The provider.',
  workerGroup: 'The group of the worker.',
  workerId: 'The worker.',
  launchConfigId: 'The launch config, if there is one.',
  reason: 'Why.',
  error: 'The error: its name and message.',
  terminateAfter: 'When the worker is ended unless it registers (again), in milliseconds since 1970.',
  workerAge: 'Seconds since the worker was asked for.',
  runningDuration: 'Seconds since the worker registered; null when it never did.',
  minCapacity: 'Capacity that is kept without tasks.',
  maxCapacity: 'The most capacity there may be.',
  scalingRatio: 'Capacity to add per pending task.',
  pendingTasks: 'Tasks that wait.',
  existingCapacity: 'Capacity that works or will.',
  desiredCapacity: 'Capacity that there should be.',
  requestedCapacity: 'Capacity that was asked for and has not registered.',
  stoppingCapacity: 'Capacity on its way out.',
  totalIdleCapacity: 'Existing capacity that has no task.',
  adjustedPendingTasks: 'Tasks that wait and for which nothing is idle.',
  errorId: 'The error, by which it can be found again.',
  kind: 'The kind of error.',
  title: 'The error in short.',
  queueName: 'The line of calls: the part of the cloud and the kind of call.',
  operationType: 'The sort of operation: read, write or delete.',
} as const;

/** Fields by name, with the words that they have everywhere. */
export function fields(...names: readonly (keyof typeof words)[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, words[name]]));
}
