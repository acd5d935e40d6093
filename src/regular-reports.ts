import type { Clock } from '#core/clock.ts';
import type { Store } from '#core/store.ts';
import type { Log } from '#core/telemetry.ts';
import { every } from '#lib/every.ts';

/** Often enough to see a connection leak or a slow cloud while it lasts, and few lines beside all others. */
const reportEveryMs = 60_000;

/**
 * Logs once a minute what is counted and not told at once: connections to the databases (`db-pool-counts`) and calls to the clouds
 * (`cloud-api-metrics`; spec/api.md 9.2). Ends with the stack, after a last report.
 */
export function regularReports(
  { store, clock, log }: { store: Pick<Store, 'connectionCounts'>; clock: Clock; log: Log },
  tellCalls: () => void,
  stack: AsyncDisposableStack,
): void {
  const tell = (): void => {
    for (const counts of store.connectionCounts()) log.child('db').write('db-pool-counts', 'notice', { ...counts });
    tellCalls();
  };
  const ended = new AbortController();
  const onError = (error: unknown): void => log.write('monitor.error', 'warning', { error });
  const told = every({ clock, intervalMs: reportEveryMs, signal: ended.signal, onError }, async () => tell());
  stack.defer(async () => {
    ended.abort();
    await told;
    tell();
  });
}
