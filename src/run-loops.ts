import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { LeasedTask, TaskKind } from '#core/task-store.ts';
import { every } from '#lib/every.ts';
import { Engine } from '#loops/engine.ts';
import { keepTasks } from '#loops/keep-tasks.ts';
import { lanesFor } from '#loops/lanes.ts';
import type { LoopParts } from '#loops/parts.ts';
import type { Outward } from './open-outward.ts';
import { kindsOf } from './processes.ts';
import type { ProcessName } from './processes.ts';

/** How often tasks of new pools and scopes are looked for; the API adds those of its own pools at once. */
const keepTasksEveryMs = 30_000;

/** Starts the engine with the tasks of these processes; none for a lone server. */
export async function runLoops(
  loops: LoopParts,
  processes: ReadonlySet<ProcessName>,
  { scannerConcurrency, ...outward }: Outward & { scannerConcurrency: number },
  stack: AsyncDisposableStack,
): Promise<void> {
  const kinds = new Set<TaskKind>([...processes].flatMap((name) => kindsOf[name]));
  if (kinds.size === 0) return;
  const { store, clock, pace, log } = loops;
  const engine = new Engine({
    store,
    clock,
    owner: `${hostname()}/${process.pid}/${randomUUID()}`,
    lanes: lanesFor(kinds, loops, outward, { observe: scannerConcurrency }),
    leaseMs: pace.leaseMs,
    timeSliceMs: pace.timeSliceMs,
    onRun: (task, durationMs, error) => tellRun(loops, task, durationMs, error),
    onTrouble: (error) => log.write('monitor.error', 'warning', { error }),
  });
  const stopping = new AbortController();
  const kept = every(
    {
      clock,
      intervalMs: keepTasksEveryMs,
      signal: stopping.signal,
      onError: (error) => log.write('monitor.error', 'warning', { error }),
    },
    () => keepTasks(loops),
  );
  stack.defer(async () => {
    stopping.abort();
    await engine.stop();
    await kept;
  });
  await engine.start();
}

function tellRun({ log, metrics }: LoopParts, task: LeasedTask, durationMs: number, error: unknown): void {
  const status = error === null ? 'success' : 'exception';
  metrics.observe('iterate_duration_seconds', { name: task.kind, status }, durationMs / 1000);
  const fields = { name: task.kind, key: task.key, duration: durationMs, status };
  if (error === null) log.write('monitor.periodic', 'debug', fields);
  else log.write('monitor.periodic', 'err', { ...fields, failures: task.failures + 1, error });
}
