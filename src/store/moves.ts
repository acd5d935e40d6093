import { workerEvent } from '#core/worker-events.ts';
import { moves, removedByApi } from '#core/worker.ts';
import type { MoveName, Worker, WorkerState } from '#core/worker.ts';
import type { Moved, MoveRequest, WorkerStore } from '#core/worker-store.ts';
import { statement } from './database.ts';
import type { Database, Queryable } from './database.ts';
import { countLaunches, countLosses } from './launch-records.ts';
import { announce, workerOrderKey } from './outbox.ts';
import { recordSet, storableText } from './values.ts';
import { isRecord, keyMembers, keyRecord, workerColumns, workerOf } from './worker-row.ts';
import type { WorkerRow } from './worker-row.ts';

/** A list of texts of our own for `in (…)`: literals, so that partial indexes with such a condition are used. */
function textList(texts: readonly string[]): string {
  return texts.map((text) => `'${text}'`).join(', ');
}

/** The states from which the table lets a worker make this move, as SQL: the guard of every statement that moves workers. */
export function mayMove(move: MoveName): string {
  return `w.state in (${textList(moves[move].from)})`;
}

const ends = ['remove', 'stop'] as const satisfies readonly MoveRequest['move'][];

function byMove(sqlOf: (move: MoveRequest['move']) => string): string {
  return `case r.move ${ends.map((move) => `when '${move}' then ${sqlOf(move)}`).join(' ')} end`;
}

// The rows are locked in the order of their keys, so that two bulk moves wait for each other instead of blocking each other for good.
const moveStatement = statement(
  'workers.move',
  `with r as (
    select * from json_to_recordset($1::json) as r (${keyRecord}, position integer, move text, reason text,
      "terminateAfterBefore" timestamptz, unregistered boolean, "inactiveSince" timestamptz)
  ), held as (
    select r.*, w.state as was from worker w join r on ${isRecord}
    where ${byMove(mayMove)}
      and (r."terminateAfterBefore" is null or w.terminate_after < r."terminateAfterBefore")
      and (not r.unregistered or w.registered_at is null)
      and (r."inactiveSince" is null or w.last_active is null or w.last_active <= r."inactiveSince")
    order by w.worker_id, w.worker_pool_id, w.worker_group
    for no key update of w
  )
  update worker w set
    state = ${byMove((move) => `'${moves[move].to}'`)},
    last_modified = $2,
    last_checked = case r.move when 'stop' then greatest(w.last_checked, $2) else w.last_checked end,
    stopped_at = coalesce(w.stopped_at, $2),
    previous_state = coalesce(w.previous_state, r.was),
    removal_reason = coalesce(w.removal_reason, r.reason),
    due_at = case r.move when 'remove' then $2::timestamptz end,
    attempts = 0
  from held r where ${isRecord}
  returning ${workerColumns}, r.position, r.move, r.reason, r.was`,
);

interface MovedRow extends WorkerRow {
  position: number;
  move: MoveRequest['move'];
  reason: string;
  was: WorkerState;
}

export function moveStore(database: Database): Pick<WorkerStore, 'moveWorkers'> {
  return {
    moveWorkers: async (requests, now) =>
      database.transaction(async (transaction) => {
        const moved: Moved[] = [];
        for (const round of roundsOf(requests)) moved.push(...(await moveOnce(transaction, round, now)));
        return moved;
      }),
  };
}

/** Splits requests so that no worker comes twice in a round: a second move of a worker starts where the first left it. */
function roundsOf(requests: readonly MoveRequest[]): readonly (readonly MoveRequest[])[] {
  const rounds: MoveRequest[][] = [];
  const seen = new Map<string, number>();
  for (const request of requests) {
    const name = workerOrderKey(request.worker);
    const round = seen.get(name) ?? 0;
    seen.set(name, round + 1);
    (rounds[round] ??= []).push(request);
  }
  return rounds;
}

async function moveOnce(
  transaction: Queryable,
  requests: readonly MoveRequest[],
  now: Date,
): Promise<readonly Moved[]> {
  const records = requests.map((request, position) => ({
    ...keyMembers(request.worker),
    position,
    move: request.move,
    reason: storableText(request.reason),
    terminateAfterBefore: request.ifTerminateAfterBefore,
    unregistered: request.ifUnregistered ?? false,
    inactiveSince: request.ifInactiveSince,
  }));
  const rows = await transaction.rows<MovedRow>(moveStatement, [recordSet(records), now]);
  const inOrder = rows.toSorted((one, other) => one.position - other.position);
  const moved = inOrder.map((row) => ({ worker: workerOf(row), move: row.move, from: row.was, reason: row.reason }));
  const refused = new Set(inOrder.filter(({ position }) => requests[position]?.isRefused).map(workerOrderKey));
  const events = moved.map(({ worker, move, reason }) => ({
    orderKey: workerOrderKey(worker),
    event: workerEvent(worker, move, reason, now),
  }));
  await announce(transaction, events, now);
  // A machine that never registered leaves `requested` once, so it is counted once; one that somebody asked to end was not lost.
  const isLost = ({ from, reason }: Moved): boolean => from === 'requested' && reason !== removedByApi;
  const lost = moved.filter(isLost).map(({ worker }) => worker);
  const isRefused = (worker: Worker): boolean => refused.has(workerOrderKey(worker));
  await countLosses(
    transaction,
    lost.filter((worker) => !isRefused(worker)),
    now,
  );
  await countRefused(transaction, lost.filter(isRefused), now);
  return moved;
}

/** Launches that were accepted, and counted as attempts then, have failed after all. */
async function countRefused(transaction: Queryable, refused: readonly Worker[], now: Date): Promise<void> {
  const byConfig = Map.groupBy(
    refused,
    ({ workerPoolId, launchConfigId }) => `${workerPoolId} ${launchConfigId ?? ''}`,
  );
  // In one order always, as in launch-records.ts.
  for (const name of [...byConfig.keys()].toSorted()) {
    const workers = byConfig.get(name) ?? [];
    const [subject] = workers;
    if (subject !== undefined) {
      await countLaunches(transaction, subject, { attempts: 0, failures: workers.length }, now);
    }
  }
}
