import type { LaunchOrder, Refusal, RefusalClass } from '#core/launch.ts';
import type { PoolDefinition } from '#core/pool.ts';
import type { LoopParts } from './parts.ts';

/** What a cloud said of an order. */
export interface OrderAnswer {
  order: LaunchOrder;
  refusal: Refusal | null;
  /** Since when its scope is refused; null without a refusal. */
  refusedSince: Date | null;
}

/** Refusals that a person can do something about, or wants to know; throttling and blips are only counted. */
const reportedClasses: ReadonlySet<RefusalClass> = new Set(['capacity', 'quota', 'auth', 'configuration']);

/** A refused launch config has other errors, too; one that was told before is among its newest. */
const newestErrors = 50;

/**
 * Counts every refusal, and stores an error for those that people should see: one per launch config and code, as long as the refused scope does not
 * work again. Further tries of the same incident tell nobody anything new.
 */
export async function reportRefusals(
  parts: LoopParts,
  { pool }: { pool: PoolDefinition },
  answers: readonly OrderAnswer[],
): Promise<void> {
  const { store, clock, metrics, newErrorId } = parts;
  const { workerPoolId, providerId } = pool;
  const reported = new Set<string>();
  for (const { order, refusal, refusedSince } of answers) {
    if (refusal === null || refusedSince === null) continue;
    const { class: refusalClass, code } = refusal;
    metrics.count('worker_manager_refusals_total', { workerPoolId, providerId, class: refusalClass, code });
    const incident = `${order.launchConfigId} ${code}`;
    if (!reportedClasses.has(refusalClass) || reported.has(incident)) continue;
    reported.add(incident);
    if (await isTold(parts, order, code, refusedSince)) continue;
    await store.recordProblem(
      {
        errorId: newErrorId(),
        workerPoolId,
        kind: 'creation-error',
        title: refusal.title ?? 'Instance Creation Error',
        description: refusal.message,
        // Readable by anyone who may list errors: only what names the incident, never the request (P-56).
        extra: {
          code,
          class: refusalClass,
          workerGroup: order.workerGroup,
          requested: order.count,
          requestId: refusal.requestId,
        },
        launchConfigId: order.launchConfigId,
      },
      clock.now(),
    );
  }
}

async function isTold({ store }: LoopParts, order: LaunchOrder, code: string, since: Date): Promise<boolean> {
  const { workerPoolId, launchConfigId } = order;
  const newest = await store.problemsPage({ workerPoolId, launchConfigId }, { after: null, limit: newestErrors });
  return newest.rows.some(({ reported, extra }) => reported >= since && extra['code'] === code);
}

/** What a call that threw or took too long is called: nobody knows whether it had an effect. */
export function brokenOff(order: LaunchOrder, error: unknown): Refusal {
  return {
    class: 'transient',
    code: error instanceof Error ? error.name : 'Unknown',
    message: error instanceof Error ? error.message : String(error),
    scope: order.scope,
    retryAfterMs: null,
    requestId: null,
  };
}
