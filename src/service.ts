import { randomUUID } from 'node:crypto';
import { checkAuth } from '#access/auth-check.ts';
import { localAuthenticator } from '#access/local-authenticator.ts';
import { remoteAuthenticator } from '#access/remote-authenticator.ts';
import type { Authenticator } from '#access/authenticator.ts';
import { defaultApiSettings } from '#api/parts.ts';
import type { ApiParts } from '#api/parts.ts';
import { createApi } from '#api/server.ts';
import type { Api } from '#api/server.ts';
import { logTypes } from '#contract/logs-reference.ts';
import { metricsReference } from '#contract/metrics-reference.ts';
import type { Clock, Random } from '#core/clock.ts';
import type { DemandSource } from '#core/demand.ts';
import type { EventSink } from '#core/events.ts';
import type { Mailer } from '#core/mail.ts';
import type { Providers } from '#core/provider.ts';
import type { Store } from '#core/store.ts';
import { queueSource } from '#demand/taskcluster-queue/queue-source.ts';
import { systemClock } from '#lib/clock.ts';
import { systemRandom } from '#lib/random.ts';
import { createVault } from '#lib/secret-vault.ts';
import type { SecretVault } from '#lib/secret-vault.ts';
import { slugid } from '#lib/slugid.ts';
import { hasten } from '#loops/hasten.ts';
import type { LoopParts } from '#loops/parts.ts';
import { configureProviders, openProviders } from '#providers/directory.ts';
import { providerModules } from '#providers/index.ts';
import { openStore } from '#store/postgres.ts';
import { createLog } from '#telemetry/log.ts';
import type { LineSink } from '#telemetry/log.ts';
import { measuredStore } from '#telemetry/measured-store.ts';
import { metricTable } from '#telemetry/metric-table.ts';
import { createMetrics } from '#telemetry/metrics.ts';
import type { PrometheusMetrics } from '#telemetry/metrics.ts';
import { serveMetrics } from '#telemetry/metrics-server.ts';
import { watchProviders } from '#telemetry/provider-watch.ts';
import type { Config } from './config.ts';
import { openDatabase, usingDatabase } from './open-database.ts';
import { openOutward } from './open-outward.ts';
import type { Outward } from './open-outward.ts';
import type { ProcessName } from './processes.ts';
import { ownScopes } from './own-scopes.ts';
import { regularReports } from './regular-reports.ts';
import { runLoops } from './run-loops.ts';
import { addressed } from './start-error.ts';
import { versionInfo } from './version.ts';

/** What a caller may put in the place of the real thing: tests step the clock, the demo listens to events. */
export interface ServiceParts {
  processes: ReadonlySet<ProcessName>;
  /** Where log lines go. */
  lines: LineSink;
  clock?: Clock;
  random?: Random;
  /** Absent: Taskcluster's queue, where the configuration says. */
  demand?: DemandSource;
  /** Absent: the configured broker; where there is none, events are kept in memory for a while and go to nobody. */
  sink?: EventSink;
  /** Absent: SMTP or the deployment's notify service, as configured. */
  mailer?: Mailer;
  /** Told the name of every SQL statement. */
  onStatement?: (name: string) => void;
  /** The ids that calls to clouds carry. */
  newOrderId?: () => string;
}

/** The whole program as one value. */
export interface Service {
  /** Where the API answers; null in a process without server. */
  url: string | null;
  metricsUrl: string | null;
  store: Store;
  providers: Providers;
  /** What the loops are made of: lets a test, a job or a benchmark run single turns. */
  loops: LoopParts;
  api: Api;
  sink: EventSink;
  metrics: PrometheusMetrics;
  /** Stops everything in the reverse order of its start; within 10 s. May be called again. */
  stop(): Promise<void>;
}

/** What stands as `v` in the entries of each published type. */
const entryVersions: ReadonlyMap<string, number> = new Map(
  Object.values(logTypes).map(({ type, version }) => [type, version]),
);

/**
 * Puts the program together and starts it: database, providers, API, loops, in this order.
 * @throws {ConfigError | StartError} with what is wrong; then nothing is left running.
 */
export async function createService(config: Config, parts: ServiceParts): Promise<Service> {
  const stack = new AsyncDisposableStack();
  try {
    const service = await build(config, parts, stack);
    let stopped: Promise<void> | undefined;
    return { ...service, stop: () => (stopped ??= stack.disposeAsync()) };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(config: Config, parts: ServiceParts, stack: AsyncDisposableStack): Promise<Omit<Service, 'stop'>> {
  const { processes, clock = systemClock, random = systemRandom } = parts;
  const log = createLog({
    clock,
    sink: parts.lines,
    level: config.level,
    version: versionInfo().version,
    entryVersions,
  });
  const metrics = createMetrics(config.metrics.prefix);
  const configured = configureProviders(config.providers, providerModules);

  const { urls, cryptoKeys } = await openDatabase(config, clock, log, stack);
  const vault = createVault(cryptoKeys);
  // The database that is written to has just been used: what fails now is the one that is read from.
  const rawStore = await usingDatabase(urls.readUrl, () =>
    openStore({
      ...urls,
      clock,
      max: 20,
      onError: (error) => log.child('db').write('monitor.error', 'err', { error }),
      ...(processes.has('server') ? { statementTimeoutMs: 30_000 } : {}),
      ...(parts.onStatement === undefined ? {} : { onStatement: parts.onStatement }),
    }),
  );
  stack.defer(() => rawStore.close());
  const store = measuredStore(rawStore, { log, metrics, clock });

  const stopping = new AbortController();
  stack.defer(() => stopping.abort(new Error('the program stops')));
  const watch = watchProviders(log, metrics);
  const providers = await openProviders(configured, {
    rootUrl: config.rootUrl,
    clock,
    random,
    vault,
    watch,
    log: log.child('provider'),
    metrics,
    hasten: (changed) => void hasten({ store, clock, log }, changed),
    signal: stopping.signal,
  });

  const { credentials } = config;
  const demand = parts.demand ?? queueSource({ rootUrl: config.siblings.queue, credentials, clock, random });
  const outward = openOutward(config, { clock, random, log }, parts, stack);
  const loops: LoopParts = {
    store,
    providers,
    demand,
    clock,
    random,
    pace: config.pace,
    log,
    metrics,
    newOrderId: parts.newOrderId ?? randomUUID,
    newErrorId: slugid,
  };

  const api = createApi(apiParts(config, loops, vault, outward));
  const url = processes.has('server') ? await addressed(config.listen, 'PORT', () => api.listen(config.listen)) : null;
  stack.defer(() => api.close());

  const metricsUrl = await openMetrics(config, metrics, stack);
  await runLoops(loops, processes, { ...outward, scannerConcurrency: config.scannerConcurrency }, stack);
  regularReports({ store, clock, log }, () => watch.tellCalls(), stack);
  return { url, metricsUrl, store, providers, loops, api, sink: outward.sink, metrics };
}

function apiParts(config: Config, loops: LoopParts, vault: SecretVault, { healthChecks }: Outward): ApiParts {
  const { store, providers, demand, clock, random, log, metrics } = loops;
  return {
    store,
    providers,
    demand,
    authenticator: authenticatorFor(config, clock, random),
    vault,
    clock,
    random,
    log: log.child('api'),
    metrics,
    rootUrl: config.rootUrl,
    credentials: config.credentials,
    version: versionInfo(),
    configSchemaOf: (type) => providerModules.find(({ providerType }) => providerType === type)?.configSchemaName,
    references: { metrics: metricsReference(metricTable) },
    healthChecks: { ...healthChecks, ...authCheck(config, clock) },
    settings: {
      ...defaultApiSettings,
      trustProxy: config.trustProxy,
      forceSsl: config.forceSsl,
      showsStackTraces: config.showsStackTraces,
      toleratesReservedMembers: config.toleratesReservedMembers,
      keepAliveTimeoutMs: config.keepAliveTimeoutSeconds * 1000,
    },
  };
}

function authenticatorFor(config: Config, clock: Clock, random: Random): Authenticator {
  const { clients, credentials, anonymousScopes, siblings } = config;
  if (clients === null) return remoteAuthenticator({ rootUrl: siblings.auth, clock, random });
  // Workers' credentials are issued by this client: it has to be known here, too.
  const own = { ...credentials, scopes: ownScopes };
  const others = clients.filter(({ clientId }) => clientId !== credentials.clientId);
  return localAuthenticator([...others, own], anonymousScopes, clock);
}

/** Where callers are known locally nobody has to be asked. */
function authCheck({ clients, siblings }: Config, clock: Clock): ApiParts['healthChecks'] {
  return clients === null ? { auth: (signal) => checkAuth({ rootUrl: siblings.auth, clock }, signal) } : {};
}

async function openMetrics(
  { metrics: { server } }: Config,
  metrics: PrometheusMetrics,
  stack: AsyncDisposableStack,
): Promise<string | null> {
  if (server === null) return null;
  const where = { host: server.ip, port: server.port };
  const listening = await addressed(where, 'PROMETHEUS_CONFIG', () => serveMetrics(metrics, server));
  stack.defer(() => listening.close());
  return listening.url;
}
