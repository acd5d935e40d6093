import type { JsonObject, JsonValue } from '#core/json.ts';
import { nullProviderId } from '#core/pool.ts';
import type { Provider, Providers } from '#core/provider.ts';
import { withDeadline } from '#lib/deadline.ts';
import { nullModule } from './null/index.ts';
import type { ProviderModule, ProviderParts, ProviderSetUp, ProviderSurroundings } from './module.ts';
import { SettingsReader } from './settings-reader.ts';
import { unavailableProvider } from './unavailable-provider.ts';

/** From the end of a failed set-up to the next try (spec/api.md 10.3). */
const setUpRetryMs = 60_000;
/** A set-up that is not done by then has failed: the program's start waits for the first one. */
const setUpLimitMs = 30_000;
/** What pools can name as their provider (spec/api.md 0.1). */
const providerIdPattern = /^[a-zA-Z0-9_-]{1,38}$/;

/** The providers cannot be used as configured; each problem is one line for the operator and quotes no setting. */
export class ProvidersMisconfigured extends Error {
  override readonly name = 'ProvidersMisconfigured';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** A provider whose settings are good, not yet set up. */
export interface ConfiguredProvider {
  readonly providerId: string;
  readonly providerType: string;
  readonly parts: readonly (keyof ProviderParts)[];
  readonly setUp: ProviderSetUp;
}

/**
 * Reads the map of provider id to settings (`PROVIDERS`, spec/api.md 10.3); `null-provider` comes last in the result.
 * @throws ProvidersMisconfigured with everything that is wrong.
 */
export function configureProviders(
  configured: JsonObject,
  modules: readonly ProviderModule[],
): readonly ConfiguredProvider[] {
  const problems: string[] = [];
  const providers: ConfiguredProvider[] = [];
  for (const [providerId, settings] of Object.entries(configured)) {
    const reader = new SettingsReader(isObject(settings) ? settings : {});
    const provider = isObject(settings) ? configure(providerId, reader, modules) : null;
    const found = isObject(settings) ? reader.problems : ['its settings must be an object'];
    problems.push(...found.map((problem) => `provider ${JSON.stringify(providerId)}: ${problem}`));
    if (provider !== null) {
      providers.push(provider);
    }
  }
  if (problems.length > 0) {
    throw new ProvidersMisconfigured(problems);
  }
  const setUp = nullModule.configure(new SettingsReader({}));
  return [...providers, { providerId: nullProviderId, providerType: nullModule.providerType, parts: [], setUp }];
}

function configure(
  providerId: string,
  settings: SettingsReader,
  modules: readonly ProviderModule[],
): ConfiguredProvider | null {
  if (providerId === nullProviderId) {
    settings.reject('this id', 'is always there and cannot be configured');
    return null;
  }
  if (!providerIdPattern.test(providerId)) {
    settings.reject('its id', 'must be 1 to 38 letters, digits, "-" and "_"');
  }
  const providerType = settings.text('providerType');
  const usable = modules.filter((module) => module.providerType !== nullModule.providerType);
  const module = usable.find((candidate) => candidate.providerType === providerType);
  if (module === undefined) {
    if (providerType !== '') {
      settings.reject('providerType', `must be one of ${usable.map((known) => known.providerType).join(', ')}`);
    }
    return null;
  }
  const setUp = module.configure(settings);
  settings.rejectUnread();
  return { providerId, providerType, parts: module.parts, setUp };
}

/**
 * Sets the providers up, all at the same time, and resolves when each has succeeded or failed once. A failed one is tried
 * again every minute until it succeeds or the surroundings' signal is aborted; until then a provider that refuses stands
 * in its place, so ask the directory each time instead of keeping a provider for long.
 */
export async function openProviders(
  configured: readonly ConfiguredProvider[],
  surroundings: ProviderSurroundings,
): Promise<Providers> {
  const entries = new Map<string, Provider>();
  await Promise.all(
    configured.map(async (provider) => {
      entries.set(provider.providerId, standIn(provider, 'its set-up has not ended yet'));
      if (!(await trySetUp(provider, surroundings, entries))) {
        void retrySetUp(provider, surroundings, entries);
      }
    }),
  );
  return {
    get: (providerId) => entries.get(providerId),
    list: () => [...entries.values()],
  };
}

async function trySetUp(
  provider: ConfiguredProvider,
  surroundings: ProviderSurroundings,
  entries: Map<string, Provider>,
): Promise<boolean> {
  const { providerId, providerType } = provider;
  const limits = { clock: surroundings.clock, limitMs: setUpLimitMs, signals: [surroundings.signal] };
  try {
    const parts = await withDeadline(limits, (signal) => provider.setUp(providerId, surroundings, signal));
    entries.set(providerId, { providerId, providerType, unavailable: null, ...parts });
    return true;
  } catch (error) {
    if (!surroundings.signal.aborted) {
      surroundings.watch.onSetUpFailed(providerId, error);
    }
    entries.set(providerId, standIn(provider, error instanceof Error ? error.message : String(error)));
    return false;
  }
}

async function retrySetUp(
  provider: ConfiguredProvider,
  surroundings: ProviderSurroundings,
  entries: Map<string, Provider>,
): Promise<void> {
  const { clock, signal } = surroundings;
  try {
    do {
      await clock.sleep(setUpRetryMs, signal);
    } while (!(await trySetUp(provider, surroundings, entries)));
  } catch (error) {
    // The sleep ends early only when the program stops.
    if (!signal.aborted) {
      throw error;
    }
  }
}

function standIn({ providerId, providerType, parts }: ConfiguredProvider, reason: string): Provider {
  return unavailableProvider(providerId, providerType, reason, parts);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
