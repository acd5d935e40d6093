import type { TerminationAdvice } from '#contract/shapes.ts';
import { ServiceError } from '#core/error.ts';
import type { Provider } from '#core/provider.ts';
import { removedByApi } from '#core/worker.ts';
import type { MoveRequest } from '#core/worker-store.ts';
import type { TerminationDecision, Worker, WorkerState } from '#core/worker.ts';
import type { Handlers } from '#api/call.ts';
import { existingPool, existingWorker, nameOf, usableProvider } from '#api/lookup.ts';
import { PageTokens } from '#api/pages.ts';
import type { ApiParts } from '#api/parts.ts';
import { workerFull } from '#api/present.ts';

type Names =
  | 'listWorkersForWorkerPool'
  | 'listWorkersForWorkerGroup'
  | 'worker'
  | 'removeWorker'
  | 'shouldWorkerTerminate';

/** Lists, shows and removes workers (spec/api.md 1.15, 1.18, 1.19). */
export function workerHandlers(parts: ApiParts): Pick<Handlers, Names> {
  const { store, providers } = parts;
  const tokens = new PageTokens(parts.vault);
  return {
    async listWorkersForWorkerPool({ params: { workerPoolId }, query }) {
      await existingPool(store, workerPoolId);
      const { state, launchConfigId } = query;
      const filter = {
        workerPoolId,
        ...(state === undefined ? {} : { state: state as WorkerState }),
        ...(launchConfigId === undefined ? {} : { launchConfigId }),
      };
      const { rows, token } = await tokens.page('workers', query, async (page) =>
        state === 'standalone' ? { rows: [], next: null } : await store.workersPage(filter, page),
      );
      return { workers: rows.map(workerFull), ...token };
    },

    async listWorkersForWorkerGroup({ params, query }) {
      const { rows, token } = await tokens.page('workers', query, (page) => store.workersPage(params, page));
      return { workers: rows.map(workerFull), ...token };
    },

    worker: async ({ params }) => workerFull(await existingWorker(store, params)),

    async removeWorker({ params: key }) {
      const worker = await existingWorker(store, key);
      const provider = usableProvider(providers, worker.providerId, 'not-found');
      await remove(parts, provider, worker);
      return {};
    },

    async shouldWorkerTerminate({ params: key }) {
      const advice = await store.terminationAdvice(key);
      if (advice === null) throw new ServiceError('not-found', `Worker ${nameOf(key)} does not exist.`);
      return adviceFor(advice);
    },
  };
}

/**
 * Ends a worker. What a cloud has to be asked for follows at once but elsewhere: the intention is stored first. Repeating it changes and tells nothing
 * (W48).
 */
async function remove({ store, clock }: ApiParts, provider: Provider, worker: Worker): Promise<void> {
  const moves = (...names: ('remove' | 'stop')[]): MoveRequest[] =>
    names.map((move) => ({ worker, move, reason: removedByApi }));
  if (provider.enrolment !== null) {
    await store.moveWorkers(moves('remove', 'stop'), clock.now());
  } else if (provider.fleet === null) {
    throw new ServiceError('invalid-input', `Provider "${provider.providerId}" does not remove workers.`);
  } else if ((await store.moveWorkers(moves('remove'), clock.now())).length > 0) {
    const key = `${worker.providerId}/${worker.scope}`;
    await store.wake([{ kind: 'advance', key }], clock.now());
  }
}

/** One whose end has begun is told to end, whatever was decided before (W32). */
function adviceFor({
  state,
  decision,
}: {
  state: WorkerState;
  decision: TerminationDecision | null;
}): TerminationAdvice {
  const isEnding = state === 'stopping' || state === 'stopped';
  if (isEnding && decision?.terminate !== true) return { terminate: true, reason: 'over capacity' };
  if (decision === null) return { terminate: false, reason: 'none' };
  return { terminate: decision.terminate, reason: decision.reason };
}
