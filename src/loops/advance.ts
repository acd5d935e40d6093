import { nextLook } from '#core/next-look.ts';
import type { DueWorker } from '#core/worker-store.ts';
import { carryOut, terminate } from './carry-out.ts';
import { judgeInspected } from './judged.ts';
import { after, fleetOf } from './parts.ts';
import type { LoopParts } from './parts.ts';
import type { Scope } from './scope.ts';
import { openProven } from './troubles.ts';

const batchSize = 1_000;
/** A wake-up tells of new work; this only bounds what a lost one could cost. */
const restMs = 60_000;

/**
 * Pushes on the workers of a scope that are `requested` or `stopping` and due: those whose removal was just decided are ended at once, the others
 * looked at in one bulk question, ended again or confirmed gone.
 * @returns when the next of them is due.
 */
export async function advanceScope(parts: LoopParts, key: string, signal: AbortSignal): Promise<Date> {
  const { store, providers, clock } = parts;
  const at = fleetOf(providers, key);
  if (at === null) return after(clock, restMs);
  const { providerId } = at.provider;
  const due = await store.dueWorkers(providerId, at.scope, clock.now(), batchSize);
  if (due.length > 0) await advance(parts, at, due, signal);
  if (due.length === batchSize) return clock.now();
  const next = await store.nextWorkerDue(providerId, at.scope);
  const rest = after(clock, restMs);
  return next !== null && next < rest ? next : rest;
}

async function advance(parts: LoopParts, at: Scope, due: readonly DueWorker[], signal: AbortSignal): Promise<void> {
  const { store, clock } = parts;
  // The delete call comes first of all: somebody waits for it, and capacity with it.
  const isFresh = ({ state, attempts }: DueWorker): boolean => state === 'stopping' && attempts === 0;
  const [fresh, others] = [due.filter(isFresh), due.filter((member) => !isFresh(member))];
  // Counted as tried before they are: whatever breaks below, nothing is asked in a tight circle.
  await store.reschedule(
    due.map((worker) => ({ worker, dueAt: nextLook(worker, clock.now()) ?? after(clock, restMs) })),
  );
  await terminate(parts, at, fresh, signal);
  if (others.length === 0) return;
  // An answer to questions by id, without one of them, is already the second kind of question.
  const sightings = await at.fleet.inspect(at.scope, others, signal);
  const judged = judgeInspected(others, sightings, clock.now());
  await openProven(parts, at, judged);
  await carryOut(parts, at, judged, signal);
}
