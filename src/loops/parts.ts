import type { Clock, Random } from '#core/clock.ts';
import type { DemandSource } from '#core/demand.ts';
import type { Pace } from '#core/pace.ts';
import type { Provider, Providers } from '#core/provider.ts';
import type { Store } from '#core/store.ts';
import type { Log, Metrics } from '#core/telemetry.ts';

/** What every loop works with; handed in, never imported. */
export interface LoopParts {
  store: Store;
  providers: Providers;
  demand: DemandSource;
  clock: Clock;
  random: Random;
  pace: Pace;
  log: Log;
  metrics: Metrics;
  /** A fresh UUID for an order. */
  newOrderId: () => string;
  /** A fresh slugid for an error. */
  newErrorId: () => string;
}

/** The instant `ms` after now. */
export function after(clock: Clock, ms: number): Date {
  return new Date(clock.now().getTime() + ms);
}

/** The provider a scope key (`<providerId>/<scope>`) names, with its fleet; null when it is not configured here or not usable now. */
export function fleetOf(
  providers: Providers,
  key: string,
): { provider: Provider; fleet: NonNullable<Provider['fleet']>; scope: string } | null {
  const { providerId, scope } = scopeOfKey(key);
  const provider = providers.get(providerId);
  if (provider?.fleet == null || provider.unavailable !== null) return null;
  return { provider, fleet: provider.fleet, scope };
}

/** What a scope key names: the inverse of `scopeKey`. */
export function scopeOfKey(key: string): { providerId: string; scope: string } {
  const slash = key.indexOf('/');
  return { providerId: key.slice(0, slash), scope: key.slice(slash + 1) };
}

/** The task key of a scope. */
export function scopeKey(providerId: string, scope: string): string {
  return `${providerId}/${scope}`;
}
