import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#lib/clock.ts';
import type { ProcessName } from '#src/processes.ts';
import { openDatabase, statement } from '#store/database.ts';
import type { Database } from '#store/database.ts';
import { startEmbeddedPostgres } from '#store/embedded-postgres.ts';
import type { SqlValue } from '#store/values.ts';
import { Child } from './child.ts';
import type { BenchFleet } from './fleet.ts';
import type { LoadCalls } from './processes/load.ts';
import type { ServiceCalls, Usage } from './processes/service.ts';
import type { SimulatorCalls } from './processes/simulators.ts';

export type ServiceProcess = Child<ServiceCalls>;

/** What something cost, beside its time. */
export interface Costs {
  wallMs: number;
  cpuMs: number;
  /** Of the service process at the end, and at most since its start. */
  rssMiB: number;
  peakRssMiB: number;
  /** By action. */
  cloudCalls: Record<string, number>;
  /** By name. */
  statements: Record<string, number>;
}

export interface RigOptions {
  /** Whose machines are measured. */
  fleet: Pick<BenchFleet, 'cloud' | 'regions'>;
  /** Whether the cloud keeps its own times and limits (Azure). */
  isReal?: boolean;
  /** Given to Node for each service process, e.g. `--cpu-prof`. */
  nodeOptions: readonly string[];
}

/** How long every simulated call takes (design: the table of quantities). */
const latencyMs = 50;

/** May do everything. */
export const admin = { clientId: 'bench/admin', accessToken: 'access-token-of-the-administrator-of-the-bench' };
/** The service's own client: issues workers' credentials. */
export const own = { clientId: 'static/taskcluster/worker-manager', accessToken: 'access-token-of-the-service-itself' };
export const cloudProvider = 'cloud-bench';
export const staticProvider = 'static-bench';
const sealKeys = [{ id: 'bench', algo: 'aes-256', key: Buffer.alloc(32, 'bench').toString('base64') }];

/**
 * Everything around a measured service: a durable embedded PostgreSQL, and simulated clouds, callers and the service itself in processes of their
 * own, so that each one's figures are its own. Hold it with `await using`.
 */
export class Rig implements AsyncDisposable {
  /** What is to be undone of all rigs, of those that are being built too. */
  static readonly #open = new Set<AsyncDisposableStack>();
  readonly simulators: Child<SimulatorCalls>;
  readonly load: Child<LoadCalls>;
  readonly #database: Database;
  readonly #settings: Record<string, unknown>;
  readonly #nodeOptions: readonly string[];
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: {
    simulators: Child<SimulatorCalls>;
    load: Child<LoadCalls>;
    database: Database;
    settings: Record<string, unknown>;
    nodeOptions: readonly string[];
    stack: AsyncDisposableStack;
  }) {
    this.simulators = parts.simulators;
    this.load = parts.load;
    this.#database = parts.database;
    this.#settings = parts.settings;
    this.#nodeOptions = parts.nodeOptions;
    this.#stack = parts.stack;
  }

  /** Ends all that are open, whoever uses them. */
  static async endAll(): Promise<void> {
    await Promise.all([...Rig.#open].map((stack) => stack.disposeAsync()));
  }

  static async start({ fleet: { cloud, regions }, isReal = false, nodeOptions }: RigOptions): Promise<Rig> {
    const stack = new AsyncDisposableStack();
    Rig.#open.add(stack);
    try {
      const directory = await mkdtemp(join(tmpdir(), 'worker-manager-bench-'));
      stack.defer(() => rm(directory, { recursive: true, force: true }));
      const postgres = await startEmbeddedPostgres({ dataDirectory: directory, clock: systemClock });
      stack.defer(postgres.stop);
      const database = openDatabase({
        url: postgres.url,
        max: 2,
        onError: (error) => process.stderr.write(`${String(error)}\n`),
        onStatement: () => undefined,
      });
      stack.defer(() => database.close());
      const simulators = new Child<SimulatorCalls>(new URL('processes/simulators.ts', import.meta.url));
      stack.defer(() => simulators.end());
      const load = new Child<LoadCalls>(new URL('processes/load.ts', import.meta.url));
      stack.defer(() => load.end());
      const simulated = await simulators.call('start', { cloud, regions, latencyMs, isReal });
      const settings = settingsFor(postgres.url, simulated);
      return new Rig({ simulators, load, database, settings, nodeOptions, stack });
    } catch (error) {
      await stack.disposeAsync();
      throw error;
    }
  }

  /** Starts a fresh service on the database as it is, with the Node options of `npm start`. It ends with the rig, if not before. */
  async service(processes: readonly ProcessName[]): Promise<{ service: ServiceProcess; url: string }> {
    const script = new URL('processes/service.ts', import.meta.url);
    const service = new Child<ServiceCalls>(script, [...(await shippedOptions()), ...this.#nodeOptions]);
    this.#stack.defer(() => service.end());
    const url = await service.call('start', { settings: this.#settings, processes });
    return { service, url: `${url ?? 'http://nowhere'}/api/worker-manager/v1` };
  }

  /** Runs one statement of the bench's own, at no cost of the service. @returns its rows. */
  async sql<Row extends object>(text: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return await this.#database.rows<Row>(statement('bench', text), values);
  }

  /** Waits until a query gives true in its column `done`. */
  async until(text: string, values: readonly SqlValue[], limitMs: number): Promise<void> {
    const giveUpAt = performance.now() + limitMs;
    for (;;) {
      const [row] = await this.sql<{ done: boolean | null }>(text, values);
      if (row?.done === true) return;
      if (performance.now() > giveUpAt) throw new Error(`not so within ${limitMs} ms: ${text}`);
      await systemClock.sleep(10);
    }
  }

  /** Leaves the database as days of maintenance would: statistics fresh, nothing dead, all on disk. */
  async settleDatabase(): Promise<void> {
    await this.sql('vacuum analyze');
    await this.sql('checkpoint');
  }

  /** Does something, and says what it cost the service. */
  async measured<Result>(
    service: ServiceProcess,
    work: () => Promise<Result>,
  ): Promise<{ result: Result; costs: Costs }> {
    const [before, callsBefore] = await Promise.all([service.call('usage'), this.simulators.call('calls')]);
    const startedAt = performance.now();
    const result = await work();
    const wallMs = performance.now() - startedAt;
    const [after, callsAfter] = await Promise.all([service.call('usage'), this.simulators.call('calls')]);
    return { result, costs: costsBetween({ before, after, callsBefore, callsAfter, wallMs }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
    Rig.#open.delete(this.#stack);
  }
}

/** What `npm start` gives to Node. */
async function shippedOptions(): Promise<readonly string[]> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: { start: string } };
  return scripts.start.match(/(?<=\s)--\S+/g) ?? [];
}

function settingsFor(
  databaseUrl: string,
  { queueUrl, provider }: Awaited<ReturnType<SimulatorCalls['start']>>,
): Record<string, unknown> {
  return {
    TASKCLUSTER_ROOT_URL: 'https://taskcluster.example.com',
    TASKCLUSTER_CLIENT_ID: own.clientId,
    TASKCLUSTER_ACCESS_TOKEN: own.accessToken,
    QUEUE_ROOT_URL: queueUrl,
    HOST: '127.0.0.1',
    PORT: 0,
    DATABASE_URL: databaseUrl,
    DB_CRYPTO_KEYS: sealKeys,
    LOCAL_CLIENTS: [{ ...admin, scopes: ['*'] }],
    PROVIDERS: {
      [cloudProvider]: provider,
      [staticProvider]: { providerType: 'static' },
    },
  };
}

function costsBetween(between: {
  before: Usage;
  after: Usage;
  callsBefore: Record<string, number>;
  callsAfter: Record<string, number>;
  wallMs: number;
}): Costs {
  const { before, after, callsBefore, callsAfter, wallMs } = between;
  return {
    wallMs,
    cpuMs: after.cpuMs - before.cpuMs,
    rssMiB: after.rssMiB,
    peakRssMiB: after.peakRssMiB,
    cloudCalls: added(callsBefore, callsAfter),
    statements: added(before.statements, after.statements),
  };
}

function added(before: Record<string, number>, after: Record<string, number>): Record<string, number> {
  const entries = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}
