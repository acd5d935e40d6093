import { ServiceError } from '#core/error.ts';
import type { Handlers } from '#api/call.ts';
import { nameOf } from '#api/lookup.ts';
import { PageTokens } from '#api/pages.ts';
import type { ApiParts } from '#api/parts.ts';
import { queueWorkerFull, queueWorkerPage } from '#api/queue-view.ts';

/** Shows the workers that the queue knows, managed here or not (spec/api.md 1.22). */
export function queueViewHandlers(parts: ApiParts): Pick<Handlers, 'listWorkers' | 'getWorker'> {
  const { store, demand, clock } = parts;
  const tokens = new PageTokens(parts.vault);
  return {
    async listWorkers({ params, query, signal }) {
      const { workerState, launchConfigId, quarantined } = query;
      const filter = {
        workerPoolId: `${params.provisionerId}/${params.workerType}`,
        quarantined: quarantined === 'true',
        workerState,
        launchConfigId,
      };
      const { rows, token } = await tokens.page('queue-workers', query, (page) =>
        queueWorkerPage(parts, filter, page, signal),
      );
      return { workers: rows, ...token };
    },

    async getWorker({ params, signal }) {
      const { provisionerId, workerType, workerGroup, workerId } = params;
      const key = { workerPoolId: `${provisionerId}/${workerType}`, workerGroup, workerId };
      const [seen, row] = await Promise.all([demand.worker(key, signal), store.worker(key)]);
      const full = seen === null ? null : queueWorkerFull(seen, row, clock.now());
      if (full !== null) return full;
      throw new ServiceError('not-found', `The queue does not know worker ${nameOf(key)}.`);
    },
  };
}
