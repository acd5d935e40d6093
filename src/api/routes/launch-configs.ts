import type { Handlers } from '#api/call.ts';
import { existingPool } from '#api/lookup.ts';
import { PageTokens } from '#api/pages.ts';
import type { ApiParts } from '#api/parts.ts';
import { launchConfigItem } from '#api/present.ts';

/** Lists the launch configs of a pool (spec/api.md 1.9). */
export function launchConfigHandlers({ store, vault }: ApiParts): Pick<Handlers, 'listWorkerPoolLaunchConfigs'> {
  const tokens = new PageTokens(vault);
  return {
    async listWorkerPoolLaunchConfigs({ params: { workerPoolId }, query }) {
      await existingPool(store, workerPoolId);
      const isWithArchived = query.includeArchived === 'true';
      const { rows, token } = await tokens.page('launch-configs', query, (page) =>
        store.launchConfigsPage(workerPoolId, isWithArchived, page),
      );
      return { workerPoolLaunchConfigs: rows.map(launchConfigItem), ...token };
    },
  };
}
