import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiClient, segment } from '#demo/client.ts';
import { noticesFor } from '#demo/queue-notices.ts';
import type { Clock, Random } from '#core/clock.ts';
import type { ServiceEvent } from '#core/events.ts';
import type { JsonObject } from '#core/json.ts';
import type { Worker, WorkerState } from '#core/worker.ts';
import { SteppedClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { advanceScope } from '#loops/advance.ts';
import { deliverEvents } from '#loops/deliver.ts';
import { expire, expiries } from '#loops/expire.ts';
import type { Expiry } from '#loops/expire.ts';
import { observeScope } from '#loops/observe.ts';
import { scopeKey } from '#loops/parts.ts';
import { provisionPool } from '#loops/provision.ts';
import { retirePool } from '#loops/retire.ts';
import { settleOrders } from '#loops/settle.ts';
import { startEc2 } from '#simulators/ec2/server.ts';
import type { Dials } from '#simulators/ec2/dials.ts';
import type { SimulatedEc2 } from '#simulators/ec2/server.ts';
import type { MachinePark } from '#simulators/machine.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import type { StaticMachine } from '#simulators/worker/static-machine.ts';
import { SimulatedWorkers } from '#simulators/worker/workers.ts';
import { readConfig } from '#src/config.ts';
import { createService } from '#src/service.ts';
import type { Service } from '#src/service.ts';
import type { Settings } from '#src/settings-reader.ts';
import { testDatabase } from './database.ts';
import { seed } from './seed.ts';

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;

/** How many turns of the event loop sockets get for each step of time in `World.through`, and how many times as fast as real time it passes at most. */
const turnsPerStep = 200;
const fastest = 200;
/** How long `World.until` waits, of real time. */
const longestWaitMs = 20_000;

/** A test's context, as far as a world needs it. */
interface Ending {
  after(run: () => Promise<void>): void;
}

/** A simulated cloud in a world, with providers in front of it. */
export interface WorldCloud {
  /** Settings of its providers, by id. */
  providers: Readonly<Record<string, unknown>>;
  park: MachinePark;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** Clouds beside EC2, which share the world's time. */
  clouds?: readonly ((parts: { clock: Clock; random: Random }) => Promise<WorldCloud>)[];
  /** Calls to the clouds wait for operations that take the world's time: it passes while they do. */
  isPatient?: boolean;
  /** Regions of the simulated EC2. */
  regions?: readonly string[];
  /** Ids under which the simulated EC2 is configured as a provider. */
  awsProviders?: readonly string[];
  /** Ids under which static providers are configured. */
  staticProviders?: readonly string[];
  dials?: Partial<Dials>;
  /** How long workers idle before they ask whether to end. */
  idleTimeoutMs?: number;
  /** What a crash of a worker is; by default its machine dies. */
  crash?: 'machine-dies' | 'machine-hangs';
  /** When the world begins; a client that signs by the machine's own time needs one that begins now. */
  start?: Date;
  /** Settings of the service that are not the world's usual ones, which it is shown. */
  settings?: (usual: Settings) => Settings;
}

/** A line of the service's log. */
interface LogLine {
  Type: string;
  Fields: JsonObject;
}

/** May do everything. */
export const admin = { clientId: 'test/admin', accessToken: 'access-token-of-the-test-administrator', scopes: ['*'] };
/** The service's own client. */
export const own = { clientId: 'static/taskcluster/worker-manager', accessToken: 'access-token-of-the-service-itself' };
const sealKeys = [{ id: 'test', algo: 'aes-256', key: Buffer.alloc(32, 'test').toString('base64') }];

/** The whole program with everything around it, at a time that only the test moves: no loop turns by itself. */
export class World {
  readonly clock: SteppedClock;
  readonly ec2: SimulatedEc2;
  readonly queue: QueueSimulator;
  readonly service: Service;
  readonly workers: SimulatedWorkers;
  readonly client: ApiClient;
  readonly staticMachines: StaticMachine[];
  readonly #signal = new AbortController().signal;
  readonly #events: ServiceEvent[] = [];
  readonly #lines: string[];
  readonly #isPatient: boolean;

  constructor(parts: {
    isPatient: boolean;
    clock: SteppedClock;
    ec2: SimulatedEc2;
    queue: QueueSimulator;
    service: Service;
    workers: SimulatedWorkers;
    staticMachines: StaticMachine[];
    lines: string[];
  }) {
    this.clock = parts.clock;
    this.ec2 = parts.ec2;
    this.queue = parts.queue;
    this.service = parts.service;
    this.workers = parts.workers;
    this.staticMachines = parts.staticMachines;
    this.#lines = parts.lines;
    this.#isPatient = parts.isPatient;
    this.client = new ApiClient(parts.service.url ?? '', admin, parts.clock);
  }

  /** Every event delivered so far, oldest first. */
  get events(): readonly ServiceEvent[] {
    return this.#events;
  }

  /** The log's lines, oldest first. Whoever has read them may take them away. */
  get lines(): string[] {
    return this.#lines;
  }

  /** The fields of the log's lines of a type, oldest first. */
  logged(type: string): readonly JsonObject[] {
    return this.#lines
      .filter((line) => line.includes(`"${type}"`))
      .map((line) => JSON.parse(line) as LogLine)
      .flatMap(({ Type, Fields }) => (Type === type ? [Fields] : []));
  }

  /** @internal */
  heard(event: ServiceEvent): void {
    this.#events.push(event);
  }

  /** Creates a pool through the API. */
  async createPool(workerPoolId: string, body: JsonObject): Promise<JsonObject> {
    return (await this.client.call('PUT', `/worker-pool/${segment(workerPoolId)}`, body)) as JsonObject;
  }

  async updatePool(workerPoolId: string, body: JsonObject): Promise<JsonObject> {
    return (await this.client.call('POST', `/worker-pool/${segment(workerPoolId)}`, body)) as JsonObject;
  }

  async deletePool(workerPoolId: string): Promise<void> {
    await this.client.call('DELETE', `/worker-pool/${segment(workerPoolId)}`);
  }

  /** One provisioning turn of every pool. */
  async provision(): Promise<void> {
    for (const id of await this.service.store.poolIds()) {
      await this.#turn(provisionPool(this.service.loops, id, this.#signal));
    }
  }

  /** One observation of every scope, and the fast lane of every scope. */
  async scan(): Promise<void> {
    for (const key of this.#scopes()) await this.#turn(observeScope(this.service.loops, key, this.#signal));
    await this.advance();
  }

  async advance(): Promise<void> {
    for (const key of this.#scopes()) await this.#turn(advanceScope(this.service.loops, key, this.#signal));
  }

  /** One turn of advice of every pool. */
  async retire(): Promise<void> {
    for (const id of await this.service.store.poolIds()) await retirePool(this.service.loops, id, this.#signal);
  }

  async settle(): Promise<void> {
    const { store, pace } = this.service.loops;
    const before = new Date(this.clock.now().getTime() - pace.abandonedAfterMs);
    for (const { providerId, scope } of await store.abandonedScopes(before)) {
      await this.#turn(settleOrders(this.service.loops, scopeKey(providerId, scope), this.#signal));
    }
  }

  async deliver(): Promise<void> {
    await deliverEvents(this.service.loops, this.service.sink, this.#signal);
  }

  /** One run of every expiry job. */
  async expire(): Promise<void> {
    for (const sort of Object.keys(expiries) as Expiry[]) await expire(this.service.loops, sort);
  }

  /**
   * Lets time pass as long as something is under way, for work that waits for the clock: repeated calls, pauses. Each of the small steps leaves
   * sockets many turns, so that no deadline passes before an answer that is on its way.
   */
  async through<T>(work: Promise<T>, stepMs = 100): Promise<T> {
    const progress = { isOver: false };
    const settled = work.finally(() => (progress.isOver = true));
    // Whoever awaits the result hears of a failure.
    settled.catch(() => undefined);
    let steppedAt = performance.now();
    for (let turns = 1; !progress.isOver; turns++) {
      await nextTurn();
      if (turns < turnsPerStep || performance.now() - steppedAt < stepMs / fastest) continue;
      await this.clock.step(stepMs);
      steppedAt = performance.now();
      turns = 0;
    }
    return settled;
  }

  /** Waits, while time stands still, for what sockets are about to bring. @throws when it does not come. */
  async until(what: string, isReached: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + longestWaitMs;
    while (!isReached()) {
      if (performance.now() > giveUpAt) throw new Error(`did not happen: ${what}`);
      await nextTurn();
    }
  }

  /** Lets time pass in steps; in each everybody does what is due, in a fixed order. */
  async live(ms: number, stepMs = 10 * secondMs): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.step(stepMs);
      await this.workers.turn();
      await this.provision();
      await this.settle();
      await this.scan();
      await this.retire();
      await this.deliver();
    }
  }

  /** Lives on until `isReached`, for at most `limitMs` of the world's time. @throws when it is not reached. */
  async liveUntil(
    what: string,
    isReached: () => Promise<boolean>,
    limitMs = 2 * hourMs,
    stepMs = 10 * secondMs,
  ): Promise<void> {
    const giveUpAt = this.clock.now().getTime() + limitMs;
    while (!(await isReached())) {
      if (this.clock.now().getTime() > giveUpAt) throw new Error(`not reached within ${limitMs} ms: ${what}`);
      await this.live(stepMs, stepMs);
    }
  }

  /** The number of workers of a pool by state; states without workers are left out. */
  async states(workerPoolId: string): Promise<Partial<Record<WorkerState, number>>> {
    const counts = (await this.service.store.poolCounts([workerPoolId])).get(workerPoolId);
    const entries = Object.entries(counts ?? {}).map(([state, { count }]) => [state, count] as const);
    return Object.fromEntries(entries.filter(([, count]) => count > 0));
  }

  /** The workers of a pool, newest first. */
  async rows(workerPoolId: string): Promise<readonly Worker[]> {
    const page = await this.service.store.workersPage({ workerPoolId }, { after: null, limit: 10_000 });
    return page.rows;
  }

  /** The errors of a pool, newest first. */
  async problems(workerPoolId: string) {
    const page = await this.service.store.problemsPage({ workerPoolId }, { after: null, limit: 1_000 });
    return page.rows;
  }

  async #turn(work: Promise<unknown>): Promise<void> {
    await (this.#isPatient ? this.through(work) : work);
  }

  #scopes(): string[] {
    return this.service.providers
      .list()
      .flatMap(({ providerId, fleet }) => (fleet?.scopes() ?? []).map((scope) => scopeKey(providerId, scope)));
  }
}

/** Builds a world on a fresh database; it ends with the test. */
export async function aWorld(t: Ending, options: WorldOptions = {}): Promise<World> {
  const { regions = ['us-west-2', 'us-east-1', 'eu-central-1'], awsProviders = ['aws-demo'] } = options;
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const clock = new SteppedClock(options.start ?? new Date('2026-03-01T12:00:00.000Z'));
  const { url: database } = await testDatabase({ after: (run) => stack.defer(run) });
  const ec2 = await startEc2({
    clock,
    random: seededRandom(seed),
    regions,
    dials: { bootMs: [20_000, 40_000], shutDownMs: [10_000, 20_000], isThrottling: false, ...options.dials },
  });
  stack.defer(() => ec2.close());
  const clouds = await startClouds(options, clock, stack);
  const clients = new Map([{ ...own, scopes: ['*'] }].map((client) => [client.clientId, client]));
  const queue = await startQueueSimulator({ clock, clients: (clientId) => clients.get(clientId) });
  stack.defer(() => queue.close());
  const port = await freePort();
  const aws = {
    providerType: 'aws',
    credentials: { accessKeyId: 'TEST', secretAccessKey: 'test' },
    endpoint: ec2.url,
    // Time stands still between steps: limits that refill with it would stop what one step has to do.
    intervalCapDefault: 100_000,
    identityKeys: ec2.identityKeys(regions).map((key) => ({ ...key })),
  };
  const settings: Settings = {
    TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${port}`,
    TASKCLUSTER_CLIENT_ID: own.clientId,
    TASKCLUSTER_ACCESS_TOKEN: own.accessToken,
    QUEUE_ROOT_URL: queue.url,
    HOST: '127.0.0.1',
    PORT: port,
    DATABASE_URL: database,
    DB_CRYPTO_KEYS: sealKeys,
    LOCAL_CLIENTS: [admin],
    PROVIDERS: Object.fromEntries([
      ...awsProviders.map((providerId) => [providerId, aws]),
      ...clouds.flatMap(({ providers }) => Object.entries(providers)),
      ...(options.staticProviders ?? ['static-demo']).map((providerId) => [providerId, { providerType: 'static' }]),
    ]),
  };
  const config = readConfig({ ...settings, ...options.settings?.(settings) });
  const sink = noticesFor(queue);
  const lines: string[] = [];
  const service = await createService(config, {
    processes: new Set(['server']),
    lines: { write: (line) => void lines.push(line) },
    clock,
    random: seededRandom(seed),
    sink,
  });
  stack.defer(() => service.stop());
  const staticMachines: StaticMachine[] = [];
  const workers = new SimulatedWorkers({
    clock,
    parks: [ec2.park, ...clouds.map(({ park }) => park)],
    staticMachines,
    queueUrl: queue.url,
    idleTimeoutMs: options.idleTimeoutMs ?? 2 * minuteMs,
    ...(options.crash === undefined ? {} : { crash: options.crash }),
    seed,
  });
  stack.defer(() => workers.close());
  const world = new World({
    isPatient: options.isPatient === true,
    clock,
    ec2,
    queue,
    service,
    workers,
    staticMachines,
    lines,
  });
  sink.onEvent((event) => world.heard(event));
  return world;
}

async function startClouds(
  { clouds = [] }: WorldOptions,
  clock: Clock,
  stack: AsyncDisposableStack,
): Promise<readonly WorldCloud[]> {
  const started: WorldCloud[] = [];
  for (const start of clouds) {
    const cloud = await start({ clock, random: seededRandom(seed) });
    stack.defer(() => cloud.close());
    started.push(cloud);
  }
  return started;
}

/** A port that was free a moment ago: the service's root URL must be known before it listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
