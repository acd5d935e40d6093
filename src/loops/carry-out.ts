import type { Refusal } from '#core/launch.ts';
import type { FleetWorker, TerminateOutcome } from '#core/provider.ts';
import type { MoveRequest, Moved } from '#core/worker-store.ts';
import type { WorkerKey } from '#core/worker.ts';
import type { Judged } from './judged.ts';
import { after, scopeKey } from './parts.ts';
import type { LoopParts } from './parts.ts';
import { nameOf } from './scope.ts';
import type { Scope } from './scope.ts';
import { noteTroubles } from './troubles.ts';
import { askQueue } from './zombies.ts';

/**
 * Carries verdicts out in bulk: moves (with their guards), deletes, and questions to the queue. Removed workers are ended by the scope's `advance` task, which
 * is woken. Verdicts of the kinds `keep` and `inspect` ask nothing here.
 * @returns the moves that happened.
 */
export async function carryOut(
  parts: LoopParts,
  at: Scope,
  judged: readonly Judged[],
  signal: AbortSignal,
): Promise<readonly Moved[]> {
  const { store, clock } = parts;
  await endAgain(parts, at, judged, signal);
  const deleted = await deleteDormant(parts, at, judged, signal);
  const suspects = judged.filter(({ verdict }) => verdict.kind === 'ask-queue').map(({ member }) => member);
  const requests = [...judged.flatMap((one) => moveOf(one, deleted)), ...(await askQueue(parts, suspects, signal))];
  if (requests.length === 0) return [];
  const moved = await store.moveWorkers(requests, clock.now());
  if (moved.some(({ move }) => move === 'remove')) {
    await store.wake([{ kind: 'advance', key: scopeKey(at.provider.providerId, at.scope) }], clock.now());
  }
  await noteTroubles(parts, at, judged, moved);
  return moved;
}

function moveOf({ member, verdict, trouble }: Judged, deleted: ReadonlySet<string>): MoveRequest[] {
  const worker = keyOf(member);
  const isRefused = trouble !== null;
  if (verdict.kind === 'remove') {
    return [{ worker, move: 'remove', reason: verdict.reason.text, isRefused, ...verdict.guards }];
  }
  if (verdict.kind !== 'stop' || (verdict.mustDelete && !deleted.has(nameOf(member)))) return [];
  return [{ worker, move: 'stop', reason: verdict.reason.text, isRefused }];
}

function asFleetWorker({ member, providerData }: Judged): FleetWorker {
  return { ...keyOf(member), providerData };
}

function keyOf({ workerPoolId, workerGroup, workerId }: WorkerKey): WorkerKey {
  return { workerPoolId, workerGroup, workerId };
}

/** What still costs money is deleted before its row is closed. @returns the names of those whose delete was accepted. */
async function deleteDormant(
  parts: LoopParts,
  at: Scope,
  judged: readonly Judged[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const dormant = judged.filter(({ verdict }) => verdict.kind === 'stop' && verdict.mustDelete);
  const outcomes = await terminate(parts, at, dormant.map(asFleetWorker), signal);
  return new Set(outcomes.filter(({ accepted }) => accepted).map(({ worker }) => nameOf(worker)));
}

async function endAgain(parts: LoopParts, at: Scope, judged: readonly Judged[], signal: AbortSignal): Promise<void> {
  const again = judged.filter(({ verdict }) => verdict.kind === 'end-again');
  const outcomes = await terminate(parts, at, again.map(asFleetWorker), signal);
  const refusals = new Map(outcomes.map(({ worker, refusal }) => [nameOf(worker), refusal]));
  for (const { member, verdict } of again) {
    const refusal = refusals.get(nameOf(member)) ?? null;
    const isTold = refusal !== null && isForPeople(refusal);
    if (verdict.kind === 'end-again' && verdict.isTimeToTell && !isTold) {
      await reportStuck(parts, member, verdict.reason.text, refusal);
    }
  }
}

/** Ends machines in bulk; a refusal is logged and tried again later. @returns what became of each. */
export async function terminate(
  parts: LoopParts,
  { fleet, scope, provider }: Scope,
  members: readonly FleetWorker[],
  signal: AbortSignal,
): Promise<readonly TerminateOutcome[]> {
  if (members.length === 0) return [];
  const outcomes = await fleet.terminate(scope, members, signal);
  for (const { worker, refusal } of outcomes) {
    if (refusal === null) continue;
    parts.log.write('termination-refused', 'warning', {
      providerId: provider.providerId,
      ...keyOf(worker),
      class: refusal.class,
      code: refusal.code,
      message: refusal.message,
    });
  }
  await tellRefusedEnds(parts, outcomes);
  return outcomes;
}

/** Only a person can give us what we may not do; anything else may go by itself, and is told when it does not. */
function isForPeople({ class: refusalClass }: Refusal): boolean {
  return refusalClass === 'auth';
}

/** Who has been told that a cloud does not end machines is not told so again for so long. */
const toldForMs = 3_600_000;
/** One that was told within that time is among a pool's newest. */
const newestErrors = 50;

/** Tells people at once of deletes that will be refused until somebody acts: one error for each pool and code (P-52). */
async function tellRefusedEnds(parts: LoopParts, outcomes: readonly TerminateOutcome[]): Promise<void> {
  const incidents = new Map<string, { worker: WorkerKey; refusal: Refusal }>();
  for (const { worker, refusal } of outcomes) {
    // An orphan has no pool, and nobody to tell.
    if (refusal === null || !isForPeople(refusal) || worker.workerPoolId === '') continue;
    incidents.set(`${worker.workerPoolId} ${refusal.code}`, { worker, refusal });
  }
  for (const { worker, refusal } of incidents.values()) {
    const { workerPoolId } = worker;
    const newest = await parts.store.problemsPage({ workerPoolId }, { after: null, limit: newestErrors });
    const since = after(parts.clock, -toldForMs);
    const isTold = newest.rows.some(
      ({ kind, reported, extra }) => kind === endError.kind && extra['code'] === refusal.code && reported >= since,
    );
    if (!isTold) await reportStuck(parts, worker, 'its delete call failed', refusal);
  }
}

const endError = { kind: 'termination-error', title: 'Instance Termination Error' } as const;

async function reportStuck(
  { store, clock, newErrorId }: LoopParts,
  worker: WorkerKey,
  text: string,
  refusal: Refusal | null,
): Promise<void> {
  const { workerPoolId, workerGroup, workerId } = worker;
  const refused = refusal === null ? '' : `, refused as ${refusal.code}: ${refusal.message}`;
  await store.recordProblem(
    {
      errorId: newErrorId(),
      workerPoolId,
      ...endError,
      description: `${workerGroup}/${workerId} does not end: ${text}${refused}; the delete call is repeated until it does`,
      extra: { workerGroup, workerId, ...(refusal === null ? {} : { code: refusal.code, class: refusal.class }) },
      // A machine that will not end says nothing about launches.
      launchConfigId: null,
      workerGroup,
      workerId,
    },
    clock.now(),
  );
}
