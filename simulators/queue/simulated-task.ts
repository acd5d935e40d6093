import { splitTaskQueueId } from './task-definition.ts';
import type { Priority, TaskDefinition } from './wire.ts';

/** What a simulated worker does with a task: its payload. */
export interface SimulatedPayload {
  /** How long the task runs, milliseconds. */
  durationMs: number;
  /** How it ends; completed by default. */
  outcome?: 'completed' | 'failed';
}

export interface SimulatedTaskOptions extends SimulatedPayload {
  priority?: Priority;
  /** How often it may be repeated when a worker is lost; 5 by default. */
  retries?: number;
}

const dayMs = 24 * 3_600_000;
const metadata = {
  name: 'simulated task',
  description: 'keeps a simulated worker busy for a while',
  owner: 'nobody@example.com',
  source: 'https://example.com/simulated-task',
};

/** A whole task definition for simulated workers: due within a day, forgotten a day later. */
export function simulatedTask(taskQueueId: string, options: SimulatedTaskOptions, now: Date): TaskDefinition {
  const { durationMs, outcome, priority = 'lowest', retries = 5 } = options;
  const inDays = (days: number): string => new Date(now.getTime() + days * dayMs).toISOString();
  return {
    taskQueueId,
    ...splitTaskQueueId(taskQueueId),
    schedulerId: '-',
    projectId: 'none',
    taskGroupId: 'simulated',
    dependencies: [],
    requires: 'all-completed',
    routes: [],
    priority,
    retries,
    created: inDays(0),
    deadline: inDays(1),
    expires: inDays(2),
    scopes: [],
    payload: { durationMs, ...(outcome === undefined ? {} : { outcome }) },
    metadata,
    tags: {},
    extra: {},
  };
}
