import { nullProviderId } from '#core/pool.ts';
import type { Handlers } from '#api/call.ts';
import type { ApiParts } from '#api/parts.ts';

const defaultLimit = 100;

/** Lists the configured providers; here the token is the place of the next one (spec/api.md 1.5). */
export function providerHandlers({ providers }: ApiParts): Pick<Handlers, 'listProviders'> {
  return {
    async listProviders({ query }) {
      const start = Number(query.continuationToken ?? 0);
      const limit = Number(query.limit ?? defaultLimit);
      const listed = providers.list().filter(({ providerId }) => providerId !== nullProviderId);
      const end = start + limit;
      return {
        providers: listed.slice(start, end).map(({ providerId, providerType }) => ({ providerId, providerType })),
        ...(limit > 0 && end < listed.length ? { continuationToken: String(end) } : {}),
      };
    },
  };
}
