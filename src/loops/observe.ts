import type { Sighting } from '#core/provider.ts';
import type { FleetMember, WorkerKey } from '#core/worker.ts';
import { carryOut } from './carry-out.ts';
import { ExpectedWorkers } from './expected-workers.ts';
import { judgeAbsent, judgeInspected, judgeListed } from './judged.ts';
import type { Judged } from './judged.ts';
import { endOrphans } from './orphans.ts';
import { after, fleetOf } from './parts.ts';
import type { LoopParts } from './parts.ts';
import { nameOf } from './scope.ts';
import type { Scope } from './scope.ts';
import { SeenCapacity } from './seen-capacity.ts';

const pageSize = 1_000;
/** A provider that is not usable now is asked for again soon: it recovers by itself. */
const unusableRestMs = 60_000;

/** What one observation came to. */
export interface Observation {
  /** Workers compared. */
  compared: number;
  /** Machines the cloud listed. */
  sighted: number;
  /** Moves that followed. */
  moved: number;
}

/**
 * Observes one scope: the cloud's list of our machines, page by page, against our rows. Costs one page of each per thousand machines and nothing per
 * unchanged one. Rows are read before the list, so that a row without machine in the list has really not been shown.
 * @returns when to observe the scope again.
 */
export async function observeScope(parts: LoopParts, key: string, signal: AbortSignal): Promise<Date> {
  const { providers, clock, pace } = parts;
  const at = fleetOf(providers, key);
  if (at === null) return after(clock, unusableRestMs);
  const { compared, sighted } = await observe(parts, at, signal);
  return after(clock, compared + sighted > 0 ? pace.observeEveryMs : pace.observeIdleScopeEveryMs);
}

/** One observation, whole. */
async function observe(parts: LoopParts, at: Scope, signal: AbortSignal): Promise<Observation> {
  const { store, clock } = parts;
  const { fleet, scope, provider } = at;
  const startedAt = clock.now();
  const expected = await loadExpected(parts, at);
  const compared = expected.size;
  const seen = new SeenCapacity();
  let sighted = 0;
  let moved = 0;
  for await (const page of fleet.observe(scope, signal)) {
    sighted += page.length;
    const { judged, strangers } = compare(page, expected, seen, clock.now());
    const inspected = await inspectDoubtful(parts, at, judged, signal);
    countErrors(seen, judged, inspected);
    moved += (await carryOut(parts, at, [...judged, ...inspected], signal)).length;
    await endOrphans(parts, at, strangers, signal);
  }
  moved += await checkUnseen(parts, at, expected.rest(), seen, signal);
  await store.noteObserved(provider.providerId, scope, startedAt, clock.now());
  seen.report(parts, at);
  return { compared, sighted, moved };
}

async function loadExpected({ store }: LoopParts, { provider, scope }: Scope): Promise<ExpectedWorkers> {
  const expected = new ExpectedWorkers();
  let last: WorkerKey | null = null;
  do {
    const page: Awaited<ReturnType<typeof store.fleetPage>> = await store.fleetPage(provider.providerId, scope, {
      after: last,
      limit: pageSize,
    });
    for (const member of page.rows) expected.add(member);
    last = page.next;
  } while (last !== null);
  return expected;
}

/** Judges what a page shows and takes it out of `expected`; what remains there at the end was not shown. Unchanged workers ask for nothing. */
function compare(
  page: readonly Sighting[],
  expected: ExpectedWorkers,
  seen: SeenCapacity,
  now: Date,
): { judged: Judged[]; strangers: Sighting[] } {
  const judged: Judged[] = [];
  const strangers: Sighting[] = [];
  for (const sighting of page) {
    const member = expected.take(sighting);
    if (member === undefined) {
      strangers.push(sighting);
      continue;
    }
    if (sighting.presence === 'alive' || sighting.presence === 'starting') seen.add(member);
    // The fast lane has those: it knows how often it has tried.
    if (member.state === 'stopping' && sighting.presence !== 'gone') continue;
    const one = judgeListed(member, sighting, now);
    if (one.verdict.kind !== 'keep') judged.push(one);
  }
  return { judged, strangers };
}

/** Absence from a list is not death: those not shown are asked about by id, and believed gone only when that says so too. */
async function checkUnseen(
  parts: LoopParts,
  at: Scope,
  unseen: readonly FleetMember[],
  seen: SeenCapacity,
  signal: AbortSignal,
): Promise<number> {
  const { clock } = parts;
  const judged = unseen
    .filter((member) => member.state !== 'stopping')
    .map((member) => judgeAbsent(member, clock.now()));
  const inspected = await inspectDoubtful(parts, at, judged, signal);
  countErrors(seen, [], inspected);
  const moved = await carryOut(parts, at, [...judged, ...inspected], signal);
  return moved.length;
}

/** A trouble counts once, by the last word that was heard of the worker. */
function countErrors(seen: SeenCapacity, listed: readonly Judged[], inspected: readonly Judged[]): void {
  const sure = listed.filter(({ verdict }) => verdict.kind !== 'inspect');
  for (const { member, trouble } of [...sure, ...inspected]) if (trouble !== null) seen.addError(member);
}

/** Asks the second kind of question about those of whom a list alone is not believed. @returns what its answers come to. */
async function inspectDoubtful(
  { store, clock }: LoopParts,
  at: Scope,
  judged: readonly Judged[],
  signal: AbortSignal,
): Promise<readonly Judged[]> {
  const doubtful = judged.filter(({ verdict }) => verdict.kind === 'inspect').map(({ member }) => member);
  const inspected: Judged[] = [];
  for (let start = 0; start < doubtful.length; start += pageSize) {
    const batch = doubtful.slice(start, start + pageSize);
    const recorded = await store.fleetWorkers(batch);
    const data = new Map(recorded.map((worker) => [workerName(worker), worker.providerData]));
    const workers = batch.map((member) => ({ ...member, providerData: data.get(workerName(member)) ?? {} }));
    inspected.push(...judgeInspected(workers, await at.fleet.inspect(at.scope, workers, signal), clock.now()));
  }
  return inspected;
}

function workerName(worker: WorkerKey): string {
  return `${worker.workerPoolId} ${nameOf(worker)}`;
}
