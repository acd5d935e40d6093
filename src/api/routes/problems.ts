import type { WorkerPoolErrorStats } from '#contract/shapes.ts';
import type { ProblemStats } from '#core/problem-store.ts';
import { slugid } from '#lib/slugid.ts';
import type { Handlers } from '#api/call.ts';
import { existingPool, usableProvider } from '#api/lookup.ts';
import { PageTokens } from '#api/pages.ts';
import type { ApiParts } from '#api/parts.ts';
import { workerPoolError } from '#api/present.ts';

type Names = 'reportWorkerError' | 'workerPoolErrorStats' | 'listWorkerPoolErrors';

/** Takes, counts and lists errors of worker pools (spec/api.md 1.12-1.14). */
export function problemHandlers(parts: ApiParts): Pick<Handlers, Names> {
  const { store, providers, clock } = parts;
  const tokens = new PageTokens(parts.vault);
  return {
    async reportWorkerError({ params: { workerPoolId }, body, authorize }) {
      const { workerGroup, workerId, kind, title, description, extra } = body;
      await authorize({ workerPoolId, workerGroup, workerId });
      const pool = await existingPool(store, workerPoolId);
      usableProvider(providers, pool.providerId, 'invalid-input');
      const worker = await store.worker({ workerPoolId, workerGroup, workerId });
      const problem = await store.recordProblem(
        {
          errorId: slugid(),
          workerPoolId,
          workerGroup,
          workerId,
          kind,
          title,
          description,
          extra: { ...extra, workerGroup, workerId },
          launchConfigId: worker?.launchConfigId ?? null,
        },
        clock.now(),
      );
      return workerPoolError(problem);
    },

    async workerPoolErrorStats({ query, authorize }) {
      const { workerPoolId = '' } = query;
      await authorize({ workerPoolId: workerPoolId === '' ? '*' : workerPoolId });
      if (workerPoolId !== '') await existingPool(store, workerPoolId);
      const stats = await store.problemStats(workerPoolId === '' ? null : workerPoolId, clock.now());
      return { workerPoolId, totals: totalsOf(stats, workerPoolId !== '') };
    },

    async listWorkerPoolErrors({ params: { workerPoolId }, query }) {
      const { launchConfigId, errorId } = query;
      const filter = {
        workerPoolId,
        ...(launchConfigId === undefined ? {} : { launchConfigId }),
        ...(errorId === undefined ? {} : { errorId }),
      };
      const { rows, token } = await tokens.page('problems', query, (page) => store.problemsPage(filter, page));
      return { workerPoolErrors: rows.map(workerPoolError), ...token };
    },
  };
}

function totalsOf(stats: ProblemStats, isOfOnePool: boolean): WorkerPoolErrorStats['totals'] {
  const { daily, hourly, title, code, workerPool, launchConfig } = stats;
  const byStart = (buckets: ProblemStats['daily']): Record<string, number> =>
    Object.fromEntries(buckets.map(({ start, count }) => [start.toISOString(), count]));
  return {
    total: daily.reduce((sum, { count }) => sum + count, 0),
    daily: byStart(daily),
    hourly: byStart(hourly),
    title,
    code,
    workerPool,
    launchConfig: isOfOnePool ? launchConfig : {},
  };
}
