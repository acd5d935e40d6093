import type { QueueSimulator } from './server.ts';
import { parseFaultDials } from './faults.ts';
import { invalid, isRecord, parseWorkerName, priorities, taskQueueIdPattern } from './wire.ts';
import type { Priority } from './wire.ts';

/** Answers `/_sim/…`: the same levers that tests pull in process. @throws QueueRefusal for a body that makes no sense */
export function steer(simulator: QueueSimulator, verb: string, path: string, body: unknown): unknown {
  const given = isRecord(body) ? body : {};
  switch (`${verb} ${path}`) {
    case 'GET /_sim/state':
      return describe(simulator);
    case 'POST /_sim/faults':
      return turnFaults(simulator, given);
    case 'POST /_sim/tasks':
      return { taskIds: simulator.createTasks(...parseTasks(given)) };
    case 'POST /_sim/worker-gone': {
      const workerPoolId = given['workerPoolId'];
      if (typeof workerPoolId !== 'string') {
        throw invalid('workerPoolId must be a string');
      }
      return { resolved: simulator.workerGone({ workerPoolId, ...parseWorkerName(given) }) };
    }
    default:
      return undefined;
  }
}

function describe(simulator: QueueSimulator): Record<string, unknown> {
  const queues = simulator.state.queues().map(({ taskQueueId, pendingTasks, claimedTasks, workers }) => {
    return { taskQueueId, pendingTasks, claimedTasks, workers: workers.size };
  });
  return { queues, totals: simulator.state.totals, counters: simulator.counters, faults: simulator.dials };
}

function turnFaults(simulator: QueueSimulator, body: Record<string, unknown>): unknown {
  try {
    simulator.turnFaults(parseFaultDials(body));
  } catch (error) {
    throw error instanceof TypeError ? invalid(error.message) : error;
  }
  return simulator.dials;
}

function parseTasks(
  body: Record<string, unknown>,
): [string, { count: number; durationMs: number; priority: Priority }] {
  const { taskQueueId, count = 1, durationMs = 1000, priority = 'lowest' } = body;
  const known = priorities.find((one) => one === priority);
  if (typeof taskQueueId !== 'string' || !taskQueueIdPattern.test(taskQueueId)) {
    throw invalid('taskQueueId must name a task queue');
  }
  if (typeof count !== 'number' || !(count >= 1) || typeof durationMs !== 'number' || !(durationMs >= 0)) {
    throw invalid('count must be at least 1 and durationMs at least 0');
  }
  if (known === undefined) {
    throw invalid(`priority must be one of ${priorities.join(', ')}`);
  }
  return [taskQueueId, { count, durationMs, priority: known }];
}
