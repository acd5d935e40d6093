import { check } from '#core/check.ts';
import { nextLook } from '#core/next-look.ts';
import type { FleetMember } from '#core/worker.ts';
import { carryOut, terminate } from './carry-out.ts';
import type { Judged } from './carry-out.ts';
import { after, fleetOf } from './parts.ts';
import type { LoopParts } from './parts.ts';
import { nameOf } from './scope.ts';
import type { Scope } from './scope.ts';

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

async function advance(parts: LoopParts, at: Scope, due: readonly FleetMember[], signal: AbortSignal): Promise<void> {
  const { store, clock } = parts;
  // The delete call comes first of all: somebody waits for it, and capacity with it.
  const isFresh = ({ state, attempts }: FleetMember): boolean => state === 'stopping' && attempts === 0;
  const [fresh, others] = [due.filter(isFresh), due.filter((member) => !isFresh(member))];
  // Counted as tried before they are: whatever breaks below, nothing is asked in a tight circle.
  await store.reschedule(
    due.map((worker) => ({ worker, dueAt: nextLook(worker, clock.now()) ?? after(clock, restMs) })),
  );
  await terminate(parts, at, fresh, signal);
  if (others.length === 0) return;
  const judged = await look(parts, at, others, signal);
  await carryOut(parts, at, judged, signal);
}

/** Asks the cloud about these workers by id: an answer without one of them is already the second kind of question. */
async function look(
  { clock }: LoopParts,
  { fleet, scope }: Scope,
  members: readonly FleetMember[],
  signal: AbortSignal,
): Promise<Judged[]> {
  const sightings = await fleet.inspect(scope, members, signal);
  const presences = new Map(sightings.map((sighting) => [nameOf(sighting), sighting.presence]));
  return members.map((member) => ({
    member,
    verdict: check(member, presences.get(nameOf(member)) ?? 'confirmed-absent', clock.now()),
  }));
}
