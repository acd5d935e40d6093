import type { Clock, Random } from '#core/clock.ts';
import type { Provider } from '#core/provider.ts';
import type { Log, Metrics } from '#core/telemetry.ts';
import type { SecretVault } from '#lib/secret-vault.ts';
import type { SettingsReader } from './settings-reader.ts';

/** The schemas of pool configs, by the name under which they are published (spec/api.md 5). */
export type ConfigSchemaName =
  | 'config-aws'
  | 'config-azure'
  | 'config-google'
  | 'config-null'
  | 'config-static'
  | 'config-testing';

/** What a provider can do; a part that it lacks is null. */
export type ProviderParts = Pick<Provider, 'fleet' | 'identity' | 'enrolment'>;

/** One call to a cloud, when it has ended: without the time it waited for its turn, each attempt by itself (P-26). */
export interface CloudCall {
  providerId: string;
  /** Where: an AWS region, a Google project, an Azure subscription. */
  scope: string;
  /** Calls of one kind share a limit, e.g. `describe`. */
  kind: string;
  /** The cloud's name of the call, e.g. `RunInstances`. */
  operation: string;
  /** `ok`, or the cloud's (or the network's) code of what went wrong. */
  outcome: string;
  durationMs: number;
  /** 1 for the first attempt. */
  attempt: number;
}

/** Calls of one kind in one scope stand still because the cloud said: too many. */
export interface CloudPause {
  providerId: string;
  scope: string;
  kind: string;
  /** The cloud's code. */
  reason: string;
  durationMs: number;
  /** How many calls wait for their turn. */
  waiting: number;
}

/** What telemetry hears of providers. Must not throw. */
export interface ProviderWatch {
  onCall(call: CloudCall): void;
  onPause(pause: CloudPause): void;
  onResume(pause: CloudPause): void;
  onSetUpFailed(providerId: string, error: unknown): void;
}

/** What a provider gets from the program around it. */
export interface ProviderSurroundings {
  /** The deployment's root URL, told to the workers. */
  rootUrl: string;
  clock: Clock;
  random: Random;
  vault: Pick<SecretVault, 'seal' | 'matches'>;
  watch: ProviderWatch;
  /** For what only this provider has to tell; what it refuses, loses or starts is told by the loops. */
  log: Log;
  metrics: Metrics;
  /**
   * Something has changed at the cloud about these workers, those on their way in or out are looked at now: a finished operation leads to the next
   * step at once. Never throws, returns at once.
   */
  hasten(changed: { providerId: string; scope: string; workerIds: readonly string[] }): void;
  /** Aborted when the program stops: whatever a provider holds open is closed then. */
  signal: AbortSignal;
}

/**
 * Makes the parts of a configured provider. Called again after a failure, and in several processes at once: it may look
 * at the cloud, but changes nothing there.
 * @throws anything; its message tells operators why the provider is not usable.
 */
export type ProviderSetUp = (
  providerId: string,
  surroundings: ProviderSurroundings,
  signal: AbortSignal,
) => Promise<ProviderParts>;

/** A type of provider. One folder each, and one line in `index.ts`. */
export interface ProviderModule<Type extends string = string> {
  /** The `providerType` of its configuration. */
  readonly providerType: Type;
  readonly configSchemaName: ConfigSchemaName;
  /** Which parts its set-up yields, known before (and without) a successful set-up. */
  readonly parts: readonly (keyof ProviderParts)[];
  /** Reads the settings of one provider; what is wrong with them is noted in the reader, nothing is thrown. */
  configure(settings: SettingsReader): ProviderSetUp;
}
