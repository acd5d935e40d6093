import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import hawk from 'hawk';
import { localAuthenticator } from '#access/local-authenticator.ts';
import { createApi } from '#api/server.ts';
import { defaultApiSettings } from '#api/parts.ts';
import type { ApiParts } from '#api/parts.ts';
import { ProofRejected, ProofUncheckable } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import { lifecycleOf, nullProviderId } from '#core/pool.ts';
import type { Fleet, Identity, Provider, Providers } from '#core/provider.ts';
import type { Store } from '#core/store.ts';
import type { LogLevel } from '#core/telemetry.ts';
import type { Worker } from '#core/worker.ts';
import { SteppedClock } from '#lib/clock.ts';
import { createVault } from '#lib/secret-vault.ts';
import { FixedDemand } from '#src/demand/fixed/fixed-demand.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { staticModule } from '#providers/static/index.ts';
import { openStore } from '#store/postgres.ts';
import { someSurroundings } from './conformance/provider/fixtures.ts';
import { testDatabase } from './database.ts';

/** A log entry, a count or an observation that the API made. */
export interface LogEntry {
  type: string;
  level: LogLevel;
  fields: Readonly<Record<string, unknown>>;
}
export interface MetricEntry {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** What came back: `body` is the parsed JSON, undefined when it was none. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every shape
  body: any;
}

export interface CallOptions {
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  raw?: string | Buffer;
  /** Sent without telling the length. */
  isChunked?: boolean;
  headers?: Readonly<Record<string, string>>;
  /** Who signs: a client of the world, credentials, or nobody. The client `root` unless said otherwise. */
  as?: string | { clientId: string; accessToken: string; certificate?: string } | null;
  authorizedScopes?: readonly string[];
}

/** The API over real HTTP, on a database of its own, at a time that stands still. */
export interface ApiWorld {
  url: string;
  store: Store;
  clock: SteppedClock;
  parts: ApiParts;
  log: LogEntry[];
  metrics: MetricEntry[];
  /** Providers that are "not set up" for the moment. */
  broken: Set<string>;
  /** @param path below the API prefix, sent as it is; with `//` before it, below the root. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** A worker of the provider `cloud` in state `requested`, with the capacity 1. */
  requestWorker(workerPoolId: string, name?: { workerGroup?: string; workerId?: string }): Promise<Worker>;
}

export interface ApiWorldOptions {
  clock?: SteppedClock;
  /** Scopes of more clients, by clientId. */
  clients?: Readonly<Record<string, readonly string[]>>;
  /** Everybody's scopes. */
  anonymous?: readonly string[];
}

/** A clock that stands at 2026-03-04T05:06:07.890Z. */
export function aClock(): SteppedClock {
  return new SteppedClock(new Date('2026-03-04T05:06:07.890Z'));
}

interface Ending {
  after(run: () => Promise<void>): void;
}

const prefix = '/api/worker-manager/v1';
export const issuer = { clientId: 'static/taskcluster/worker-manager', accessToken: 'the-token-of-the-service' };

/** A body for createWorkerPool of a cloud pool; its config is that of the type `google`. */
export function aPool(special: JsonObject = {}, launchConfigs: readonly JsonObject[] = [aLaunchConfig()]): JsonObject {
  return {
    providerId: 'cloud',
    description: 'a pool',
    owner: 'owner@example.com',
    emailOnError: false,
    config: { minCapacity: 0, maxCapacity: 10, launchConfigs },
    ...special,
  };
}

/** A body for createWorkerPool of a pool of declared workers. */
export function aStaticPool(special: JsonObject = {}): JsonObject {
  return aPool({ providerId: 'static', config: {}, ...special });
}

export function aLaunchConfig(special: JsonObject = {}): JsonObject {
  return {
    workerConfig: { a: 1 },
    region: 'us-east1',
    zone: 'us-east1-a',
    machineType: 'n1',
    disks: [],
    networkInterfaces: [],
    scheduling: {},
    ...special,
  };
}

/** Starts a world; it ends with the test. `special` replaces parts of it. */
export async function anApiWorld(
  t: Ending,
  special: Omit<Partial<ApiParts>, 'clock'> & ApiWorldOptions = {},
): Promise<ApiWorld> {
  const { clients = {}, anonymous = [], clock = aClock(), ...replaced } = special;
  const { url: databaseUrl } = await testDatabase(t);
  const store = await openStore({ url: databaseUrl, clock });
  const vault = createVault([{ id: 'k1', key: Buffer.alloc(32, 7) }]);
  const log: LogEntry[] = [];
  const metrics: MetricEntry[] = [];
  const note = (name: string, labels: MetricEntry['labels'], value = 1): void =>
    void metrics.push({ name, labels, value });
  const known = Object.entries({ root: ['*'], ...clients });
  const authenticator = localAuthenticator(
    [
      ...known.map(([clientId, scopes]) => ({ clientId, accessToken: tokenOf(clientId), scopes })),
      { ...issuer, scopes: ['*'] },
    ],
    anonymous,
    clock,
  );
  const broken = new Set<string>();
  const logger = {
    write: (type: string, level: LogLevel, fields: LogEntry['fields']) => void log.push({ type, level, fields }),
    child: () => logger,
  };
  const parts: ApiParts = {
    store,
    providers: await someProviders(vault, clock, broken),
    demand: new FixedDemand(clock),
    authenticator,
    vault,
    clock,
    random: () => 0,
    log: logger,
    metrics: { count: note, gauge: note, observe: note, forget: () => undefined },
    rootUrl: 'https://tc.example.com',
    credentials: issuer,
    version: { version: '1.2.3', commit: 'abc', source: 'https://example.com', build: '' },
    configSchemaOf: (type) =>
      ({ static: 'config-static', google: 'config-google', null: 'config-null' })[type] as 'config-static' | undefined,
    references: {},
    healthChecks: {},
    settings: { ...defaultApiSettings, checkedAnswers: 1 },
    ...replaced,
  };
  const api = createApi(parts);
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  t.after(async () => {
    await api.close();
    await store.close();
  });
  return {
    url,
    store,
    clock,
    parts,
    log,
    metrics,
    broken,
    call: async (method, path, options = {}) => await call(url, clock, method, path, options),
    requestWorker: async (workerPoolId, name = {}) => await requestWorker(store, clock, workerPoolId, name),
  };
}

/** The access token of a client of the world. */
export function tokenOf(clientId: string): string {
  return `token-of-${clientId}`;
}

async function someProviders(
  vault: ReturnType<typeof createVault>,
  clock: SteppedClock,
  broken: ReadonlySet<string>,
): Promise<Providers> {
  const setUp = staticModule.configure(new SettingsReader({ providerType: 'static' }));
  const surroundings = { ...someSurroundings(), vault, clock };
  const own = await setUp('static', surroundings, surroundings.signal);
  const none = { fleet: null, identity: null, enrolment: null };
  const cloud = { fleet: nowhere, identity: byToken, enrolment: null };
  const all: readonly Omit<Provider, 'unavailable'>[] = [
    { providerId: 'static', providerType: 'static', ...own },
    { providerId: 'cloud', providerType: 'google', ...cloud },
    { providerId: 'cloud2', providerType: 'google', ...cloud },
    { providerId: nullProviderId, providerType: 'null', ...none },
  ];
  const now = (provider: Omit<Provider, 'unavailable'>): Provider => ({
    ...provider,
    unavailable: broken.has(provider.providerId) ? 'broken by the test' : null,
  });
  const list = (): readonly Provider[] => all.map(now);
  return { list, get: (id) => list().find(({ providerId }) => providerId === id) };
}

/** The API only asks whether a provider has a fleet. */
const nowhere: Fleet = {
  maxPerOrder: 100,
  confirmsLater: false,
  scopes: () => ['here'],
  place: () => ({ workerGroup: 'us-east1-a', scope: 'here', backOffScopes: [] }),
  launch: () => Promise.reject(new Error('not asked for')),
  recover: () => Promise.reject(new Error('not asked for')),
  observe: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('not asked for')) }) }),
  inspect: () => Promise.reject(new Error('not asked for')),
  terminate: () => Promise.reject(new Error('not asked for')),
};

/** Believes the token `I am <workerId>`; cannot tell of the token `outage`. */
const byToken: Identity = {
  async identify(proof, worker) {
    if (proof['token'] === 'outage') throw new ProofUncheckable('the keys are out of reach');
    if (proof['token'] !== `I am ${worker.workerId}`) throw new ProofRejected('the token is not that of the worker');
  },
};

async function requestWorker(
  store: Store,
  clock: SteppedClock,
  workerPoolId: string,
  { workerGroup = 'us-east1-a', workerId = crypto.randomUUID() }: { workerGroup?: string; workerId?: string },
): Promise<Worker> {
  const pool = await store.pool(workerPoolId);
  const launchConfigId = pool?.launchConfigs[0]?.launchConfigId ?? '';
  const now = clock.now();
  const draft = {
    orderId: crypto.randomUUID(),
    workerPoolId,
    providerId: 'cloud',
    launchConfigId,
    scope: 'here',
    workerGroup,
    count: 1,
    capacityPerInstance: 1,
  };
  const [order] = await store.placeOrders(workerPoolId, [draft], { want: 1000, maxCapacity: 1000 }, now);
  if (order === undefined) throw new Error('the order was not placed');
  const launched = [{ workerGroup, workerId, providerData: {} }];
  const lifecycle = lifecycleOf(pool?.config ?? {});
  const terms = { lifecycle, firstLookAt: now };
  const [worker] = await store.settleOrder(order, { kind: 'settled', launched, refusal: null }, terms, now);
  if (worker === undefined) throw new Error('the worker was not stored');
  return worker;
}

async function call(
  url: string,
  clock: SteppedClock,
  method: string,
  path: string,
  options: CallOptions,
): Promise<Answer> {
  const { body, raw = body === undefined ? undefined : JSON.stringify(body), isChunked = false } = options;
  const target = path.startsWith('//') ? path.slice(1) : `${prefix}${path}`;
  const headers = {
    ...(raw === undefined ? {} : { 'content-type': 'application/json' }),
    ...(raw === undefined || isChunked ? {} : { 'content-length': String(Buffer.byteLength(raw)) }),
    ...authorization(url, clock, method, target, options),
    ...options.headers,
  };
  return await new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({ hostname, port, method, path: target, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const isZipped = response.headers['content-encoding'] === 'gzip' && bytes.length > 0;
        const text = (isZipped ? gunzipSync(bytes) : bytes).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(raw);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function authorization(
  url: string,
  clock: SteppedClock,
  method: string,
  target: string,
  { as = 'root', authorizedScopes }: CallOptions,
): Record<string, string> {
  if (as === null) return {};
  const signer = typeof as === 'string' ? { clientId: as, accessToken: tokenOf(as) } : as;
  const { certificate } = { certificate: undefined, ...signer };
  const ext = {
    ...(certificate === undefined ? {} : { certificate: JSON.parse(certificate) as JsonObject }),
    ...(authorizedScopes === undefined ? {} : { authorizedScopes }),
  };
  const artifacts = {
    credentials: { id: signer.clientId, key: signer.accessToken, algorithm: 'sha256' as const },
    timestamp: Math.floor(clock.now().getTime() / 1000),
    ...(Object.keys(ext).length === 0 ? {} : { ext: Buffer.from(JSON.stringify(ext)).toString('base64') }),
  };
  return { authorization: hawk.client.header(`${url}${target}`, method, artifacts).header };
}
