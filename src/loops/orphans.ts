import { orphan } from '#core/orphan.ts';
import type { Sighting } from '#core/provider.ts';
import { terminate } from './carry-out.ts';
import type { LoopParts } from './parts.ts';
import type { Scope } from './scope.ts';

/** Judges machines that the compared rows do not account for, and ends those that are ours and lost (docs/decisions/0010). */
export async function endOrphans(
  parts: LoopParts,
  at: Scope,
  strangers: readonly Sighting[],
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log, metrics } = parts;
  const { providerId } = at.provider;
  const candidates = strangers.filter(({ presence }) => presence !== 'gone' && presence !== 'ending');
  if (candidates.length === 0) return;
  const [states, orders] = await Promise.all([
    store.knownIds(
      providerId,
      at.scope,
      candidates.map(({ workerId }) => workerId),
    ),
    store.orders(candidates.flatMap(({ orderId }) => orderId ?? [])),
  ]);
  const lost: Sighting[] = [];
  for (const sighting of candidates) {
    const facts = {
      rowState: states.get(sighting.workerId) ?? null,
      order: orders.get(sighting.orderId ?? '') ?? null,
    };
    const verdict = orphan(sighting, facts, clock.now());
    if (verdict.kind !== 'report' && verdict.kind !== 'end') continue;
    if (verdict.kind === 'end') lost.push(sighting);
    metrics.count('worker_manager_orphans_total', { providerId, verdict: verdict.kind });
    log.write('orphan', 'warning', {
      providerId,
      workerGroup: sighting.workerGroup,
      workerId: sighting.workerId,
      verdict: verdict.kind,
      reason: verdict.reason.text,
    });
  }
  // No pool is named: the row that would name it does not exist.
  await terminate(
    parts,
    at,
    lost.map(({ workerGroup, workerId, providerData }) => ({ workerPoolId: '', workerGroup, workerId, providerData })),
    signal,
  );
}
