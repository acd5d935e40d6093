import { ServiceError } from '#core/error.ts';
import { withDeadline } from '#lib/deadline.ts';
import type { Handlers } from '#api/call.ts';
import type { ApiParts } from '#api/parts.ts';

type Names = 'ping' | 'lbheartbeat' | 'heartbeat' | 'version';

/** A part that has not answered by then counts as away. */
const healthLimitMs = 5_000;

/** Says whether the process lives and whether what it needs can be reached (spec/api.md 1.4, W39). */
export function monitoringHandlers(parts: ApiParts): Pick<Handlers, Names> {
  const checks = { database: () => parts.store.ping(), ...parts.healthChecks };
  return {
    ping: async () => ({ alive: true, uptime: process.uptime() }),
    lbheartbeat: async () => ({}),
    version: async () => ({ ...parts.version }),

    async heartbeat({ signal }) {
      const results = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => {
          const limits = { clock: parts.clock, limitMs: healthLimitMs, signals: [signal] };
          return await withDeadline(limits, check).then(
            () => [],
            (error: unknown) => {
              parts.log.write('monitor.generic', 'err', { message: `no heartbeat of ${name}`, error });
              return [name];
            },
          );
        }),
      );
      const away = results.flat();
      if (away.length === 0) return {};
      throw new ServiceError('unavailable', `Cannot be reached: ${away.join(', ')}.`);
    },
  };
}
