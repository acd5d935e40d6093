import type { EventSink } from '#core/events.ts';
import type { Mailer } from '#core/mail.ts';
import type { TaskKind } from '#core/task-store.ts';
import { advanceScope } from './advance.ts';
import { deliverEvents, measureOutbox } from './deliver.ts';
import type { Lanes } from './engine.ts';
import { expire, isExpiry } from './expire.ts';
import { notifyOwners } from './notify.ts';
import { observeScope } from './observe.ts';
import { after } from './parts.ts';
import type { LoopParts } from './parts.ts';
import { provisionPool } from './provision.ts';
import { retirePool } from './retire.ts';
import { allOrders, settleOrders, wakeSettling } from './settle.ts';

/** How many tasks of each kind one process works on at once, unless told otherwise. */
const defaultConcurrency: Record<TaskKind, number> = {
  // Its turns wait for clouds, not for the database: a cloud that is slow must leave room for the pools of others.
  provision: 64,
  observe: 8,
  advance: 16,
  settle: 8,
  retire: 4,
  expire: 1,
  deliver: 1,
  notify: 1,
};

/** The handlers of these kinds of tasks, as the engine takes them. */
export function lanesFor(
  kinds: ReadonlySet<TaskKind>,
  parts: LoopParts,
  outward: { sink: EventSink; mailer: Mailer },
  concurrency: Partial<Record<TaskKind, number>> = {},
): Lanes {
  const handlers: Required<Lanes> = {
    provision: lane('provision', (task, signal) => provisionPool(named(parts, 'provisioner'), task.key, signal)),
    observe: lane('observe', (task, signal) => observeScope(named(parts, 'worker-scanner'), task.key, signal)),
    advance: lane('advance', (task, signal) => advanceScope(named(parts, 'worker-scanner'), task.key, signal)),
    settle: lane('settle', ({ key }, signal) =>
      key === allOrders ? wakeSettling(parts) : settleOrders(named(parts, 'provisioner'), key, signal),
    ),
    retire: lane('retire', (task, signal) => retirePool(named(parts, 'worker-scanner'), task.key, signal)),
    expire: lane('expire', async ({ key }) => {
      if (isExpiry(key)) await expire(parts, key);
      return after(parts.clock, parts.pace.expireEveryMs);
    }),
    deliver: lane('deliver', async (_task, signal) => {
      await measureOutbox(parts);
      return deliverEvents(parts, outward.sink, signal);
    }),
    notify: lane('notify', (_task, signal) => notifyOwners(parts, outward.mailer, signal)),
  };
  function lane(kind: TaskKind, handler: Required<Lanes>[TaskKind]['handler']): Required<Lanes>[TaskKind] {
    return { handler, concurrency: concurrency[kind] ?? defaultConcurrency[kind] };
  }
  return Object.fromEntries([...kinds].map((kind) => [kind, handlers[kind]]));
}

function named(parts: LoopParts, name: string): LoopParts {
  return { ...parts, log: parts.log.child(name) };
}
