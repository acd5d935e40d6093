import type { KnownOrder } from './launch-store.ts';
import type { Sighting } from './provider.ts';
import type { Reason } from './reason.ts';
import { lasting } from './wording.ts';
import type { WorkerState } from './worker.ts';

/**
 * What to do about a machine with our ownership marks that no live worker row accounts for. `leave`: nothing. `wait`: look again. `report`:
 * tell people, touch nothing. `end`: terminate it.
 */
export type OrphanVerdict =
  | { kind: 'leave'; reason: Reason<'ending' | 'has-row' | 'order-open'> }
  | { kind: 'wait'; reason: Reason<'young'> }
  | { kind: 'report'; reason: Reason<'foreign'> }
  | { kind: 'end'; reason: Reason<'lost' | 'left-behind'> };

/**
 * How long a machine may be without a row before it is ended: longer than an order takes to lapse (`core/settle.ts`) and than any list lags
 * behind. Judging earlier has killed busy machines elsewhere (evidence.md 3.3: TFR#4391, slurm-gcp PR#54).
 */
export const orphanGraceMs = 15 * 60_000;

/** What the database knows of a sighted machine. */
export interface OrphanFacts {
  /** The state of the row with its id; null: there is none. */
  rowState: WorkerState | null;
  /** The order it was started by; null when it names none or one that is not known here. */
  order: KnownOrder | null;
}

/**
 * What to do about a machine that the observation of a scope shows and the fleet's rows do not (design.md 5.10).
 *
 * Only what is certainly ours is ended: started by an order that is settled without it, or left behind by a worker that is stopped. A machine of
 * an order unknown here may belong to another deployment with the same provider id: it is only reported.
 */
export function orphan(sighting: Sighting, facts: OrphanFacts, now: Date): OrphanVerdict {
  const { rowState, order } = facts;
  const other = leftAlone(sighting, facts);
  if (other !== null) return other;
  const startedAt = sighting.launchedAt ?? order?.placedAt;
  const ageMs = startedAt === undefined ? Infinity : now.getTime() - startedAt.getTime();
  if (ageMs < orphanGraceMs) {
    return { kind: 'wait', reason: { code: 'young', text: `started ${lasting(ageMs)} ago, its row may still come` } };
  }
  return rowState === 'stopped'
    ? { kind: 'end', reason: { code: 'left-behind', text: `${sighting.cloudState} although its worker is stopped` } }
    : { kind: 'end', reason: { code: 'lost', text: `its order ${order?.orderId ?? ''} was settled without it` } };
}

function leftAlone(sighting: Sighting, { rowState, order }: OrphanFacts): OrphanVerdict | null {
  if (sighting.presence === 'ending' || sighting.presence === 'gone') {
    return { kind: 'leave', reason: { code: 'ending', text: `${sighting.cloudState}: ends by itself` } };
  }
  if (rowState === 'stopped') return null;
  if (rowState !== null) return { kind: 'leave', reason: { code: 'has-row', text: `its worker is ${rowState}` } };
  if (order === null) {
    const named = sighting.orderId === null ? 'no order' : `the unknown order ${sighting.orderId}`;
    return { kind: 'report', reason: { code: 'foreign', text: `carries our marks but names ${named}` } };
  }
  if (!order.isOpen) return null;
  return { kind: 'leave', reason: { code: 'order-open', text: `order ${order.orderId} is not settled yet` } };
}
