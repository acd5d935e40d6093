import type { SchemaName } from '#contract/schemas/published.ts';
import type { Clock, Random } from '#core/clock.ts';
import type { DemandSource } from '#core/demand.ts';
import type { Providers } from '#core/provider.ts';
import type { Store } from '#core/store.ts';
import type { Log, Metrics } from '#core/telemetry.ts';
import type { Authenticator } from '#access/authenticator.ts';
import type { SecretVault } from '#lib/secret-vault.ts';

/** How the API behaves towards the network it is in (spec/api.md 10.1). */
export interface ApiSettings {
  /** Whether the callers' addresses come from proxies' X-Forwarded-… headers. */
  trustProxy: boolean;
  /** Whether plain HTTP is redirected to HTTPS. */
  forceSsl: boolean;
  /** How long an idle connection is kept; must exceed the load balancer's. */
  keepAliveTimeoutMs: number;
  /** Whether defects show their stack trace to the caller (W51). Never in production. */
  showsStackTraces: boolean;
  /** Which part of the answers, 0 to 1, is checked against its published schema; what does not match is logged and sent (W50). */
  checkedAnswers: number;
  /** Whether AWS launch configs may have reserved members one by one, as the original let them (W24). */
  toleratesReservedMembers: boolean;
  /** Registrations that are worked on at the same time, and how many more may wait. */
  registrations: { atOnce: number; mostWaiting: number };
}

export const defaultApiSettings: ApiSettings = {
  trustProxy: false,
  forceSsl: false,
  keepAliveTimeoutMs: 90_000,
  showsStackTraces: false,
  checkedAnswers: 0.001,
  toleratesReservedMembers: false,
  // Enough to share the database's commits, with connections to spare for everybody else (service.ts opens 20).
  registrations: { atOnce: 12, mostWaiting: 2_000 },
};

/** What says which version answers (the Dockerflow version object). */
export interface VersionInfo {
  version: string;
  commit: string;
  source: string;
  build: string;
}

/** Everything the API is made of. */
export interface ApiParts {
  store: Store;
  providers: Providers;
  demand: DemandSource;
  authenticator: Authenticator;
  /** Seals registration secrets and page tokens: the same keys in every process. */
  vault: SecretVault;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  /** Without a slash at its end. */
  rootUrl: string;
  /** The service's own permanent client: issues the workers' credentials. */
  credentials: { clientId: string; accessToken: string };
  version: VersionInfo;
  /** The schema of the pool configs of a type of provider; undefined: there is no such type. */
  configSchemaOf: (providerType: string) => SchemaName | undefined;
  /** References that are published beside those of the API and of the messages, by name (`logs`, `metrics`). */
  references: Readonly<Record<string, object>>;
  /** What the heartbeat asks beside the database, by name (W39). Each rejects when its part is away. */
  healthChecks: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>>;
  settings: ApiSettings;
}
