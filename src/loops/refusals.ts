import type { LaunchOrder, Refusal, RefusalClass } from '#core/launch.ts';
import type { LoopParts } from './parts.ts';

/** A launch that a cloud refused: an order at once, or a single worker after its acceptance. */
export interface Refused {
  workerPoolId: string;
  providerId: string;
  launchConfigId: string | null;
  workerGroup: string;
  /** The worker whose launch had been accepted. */
  workerId?: string;
  /** Machines asked for. */
  requested: number;
  refusal: Refusal;
  /** Since when its back-off scope is refused. */
  refusedSince: Date;
}

/** Refusals that a person can do something about, or wants to know; throttling and blips are only counted. */
const reportedClasses: ReadonlySet<RefusalClass> = new Set(['capacity', 'quota', 'auth', 'configuration']);

/** A blip of a call is repeated and nobody misses anything; after the launch was accepted it cost a machine (spec/provisioning.md 7.6). */
function isForPeople({ refusal, workerId }: Refused): boolean {
  return reportedClasses.has(refusal.class) || (refusal.class === 'transient' && workerId !== undefined);
}

/** A refused launch config has other errors, too; one that was told before is among its newest. */
const newestErrors = 50;

/**
 * Counts every refusal, and stores an error for those that people should see: one per launch config and code, as long as the refused scope does not
 * work again. Further tries of the same incident tell nobody anything new.
 */
export async function reportRefusals(parts: LoopParts, refused: readonly Refused[]): Promise<void> {
  const { store, clock, metrics, newErrorId } = parts;
  const reported = new Set<string>();
  for (const one of refused) {
    const { workerPoolId, providerId, launchConfigId, workerGroup, workerId, requested, refusal } = one;
    const { class: refusalClass, code, requestId } = refusal;
    metrics.count('worker_manager_refusals_total', { workerPoolId, providerId, class: refusalClass, code });
    const incident = `${workerPoolId} ${launchConfigId ?? ''} ${code}`;
    if (!isForPeople(one) || reported.has(incident)) continue;
    reported.add(incident);
    if (await isTold(parts, one)) continue;
    await store.recordProblem(
      {
        errorId: newErrorId(),
        workerPoolId,
        kind: refusal.kind ?? 'creation-error',
        title: refusal.title ?? 'Instance Creation Error',
        description: refusal.message,
        // Readable by anyone who may list errors: only what names the incident, never the request (P-56).
        extra: { code, class: refusalClass, workerGroup, requested, requestId },
        launchConfigId,
        isCounted: true,
        ...(workerId === undefined ? {} : { workerGroup, workerId }),
      },
      clock.now(),
    );
  }
}

async function isTold({ store }: LoopParts, { refusedSince, ...refused }: Refused): Promise<boolean> {
  const { workerPoolId, launchConfigId, refusal } = refused;
  const filter = { workerPoolId, ...(launchConfigId === null ? {} : { launchConfigId }) };
  const newest = await store.problemsPage(filter, { after: null, limit: newestErrors });
  return newest.rows.some(({ reported, extra }) => reported >= refusedSince && extra['code'] === refusal.code);
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
