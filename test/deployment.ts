import { ApiClient, segment } from '#demo/client.ts';
import type { JsonObject } from '#core/json.ts';
import type { LeasedTask, TaskStatus } from '#core/task-store.ts';
import type { Store } from '#core/store.ts';
import type { WorkerKey, WorkerState } from '#core/worker.ts';
import { systemClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { startEc2 } from '#simulators/ec2/server.ts';
import type { Dials } from '#simulators/ec2/dials.ts';
import type { SimulatedEc2 } from '#simulators/ec2/server.ts';
import { startQueueSimulator } from '#simulators/queue/server.ts';
import type { QueueSimulator } from '#simulators/queue/server.ts';
import { openStore } from '#store/postgres.ts';
import { testDatabase } from './database.ts';
import { endingOf, freePort, startProcess } from './processes.ts';
import type { TestProcess } from './processes.ts';
import { seed } from './seed.ts';

interface Ending {
  after(run: () => Promise<void>): void;
}

const admin = { clientId: 'test/admin', accessToken: 'access-token-of-the-test-administrator', scopes: ['*'] };
const own = { clientId: 'static/taskcluster/worker-manager', accessToken: 'access-token-of-the-service-itself' };

/** Where clouds, queue and database are in a test's own process, and the service is in processes of its own, by the machine's own time. */
export class Deployment {
  readonly ec2: SimulatedEc2;
  readonly queue: QueueSimulator;
  /** The test's own way to the service's database. */
  readonly store: Store;
  readonly databaseUrl: string;
  readonly #t: Ending;

  constructor(parts: { t: Ending; ec2: SimulatedEc2; queue: QueueSimulator; store: Store; databaseUrl: string }) {
    this.#t = parts.t;
    this.ec2 = parts.ec2;
    this.queue = parts.queue;
    this.store = parts.store;
    this.databaseUrl = parts.databaseUrl;
  }

  /** Settings under which the service works here; `DATABASE_URL: null` leaves it to its embedded database. */
  settings(port: number, other: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      TASKCLUSTER_ROOT_URL: `http://127.0.0.1:${port}`,
      TASKCLUSTER_CLIENT_ID: own.clientId,
      TASKCLUSTER_ACCESS_TOKEN: own.accessToken,
      QUEUE_ROOT_URL: this.queue.url,
      HOST: '127.0.0.1',
      PORT: port,
      DATABASE_URL: this.databaseUrl,
      DB_CRYPTO_KEYS: [{ id: 'test', algo: 'aes-256', key: Buffer.alloc(32, 'test').toString('base64') }],
      LOCAL_CLIENTS: [admin],
      PACE: {
        provisionEveryMs: 200,
        observeEveryMs: 500,
        settleEveryMs: 200,
        leaseMs: 1_500,
        launchLimitMs: 1_500,
        abandonedAfterMs: 2_000,
        firstLookAfterMs: 300,
      },
      PROVIDERS: {
        'aws-demo': {
          providerType: 'aws',
          credentials: { accessKeyId: 'TEST', secretAccessKey: 'test' },
          endpoint: this.ec2.url,
          intervalCapDefault: 10_000,
        },
        'static-demo': { providerType: 'static' },
      },
      ...other,
    };
  }

  /** Starts one process of the service; resolves when it is at work. */
  async start(
    words: readonly string[] = [],
    other: Readonly<Record<string, unknown>> = {},
  ): Promise<TestProcess & { client: ApiClient }> {
    const port = await freePort();
    const started = await startProcess(this.#t, { words, settings: this.settings(port, other) });
    await started.says(/worker-manager: started/);
    return { ...started, client: new ApiClient(`http://127.0.0.1:${port}`, admin, systemClock) };
  }

  /** The workers of a pool by state. */
  async states(workerPoolId: string): Promise<Partial<Record<WorkerState, readonly WorkerKey[]>>> {
    const { rows } = await this.store.workersPage({ workerPoolId }, { after: null, limit: 10_000 });
    return Object.groupBy(rows, ({ state }) => state);
  }

  /** The process that holds a task now; null: none. */
  async holderOf(task: Pick<LeasedTask, 'kind' | 'key'>): Promise<number | null> {
    const statuses: readonly TaskStatus[] = await this.store.taskStatuses();
    const owner = statuses.find(({ kind, key }) => kind === task.kind && key === task.key)?.leaseOwner ?? null;
    return owner === null ? null : Number(owner.split('/')[1]);
  }
}

/** Builds a deployment without processes on a fresh database; it ends with the test. */
export async function aDeployment(
  test: Ending,
  options: { regions?: readonly string[]; dials?: Partial<Dials> } = {},
): Promise<Deployment> {
  const t = endingOf(test);
  const { url: databaseUrl } = await testDatabase(t);
  const ec2 = await startEc2({
    random: seededRandom(seed),
    regions: options.regions ?? ['us-west-2', 'us-east-1', 'eu-central-1'],
    dials: { isThrottling: false, ...options.dials },
  });
  t.after(() => ec2.close());
  const queue = await startQueueSimulator({ clock: systemClock });
  t.after(() => queue.close());
  const store = await openStore({ url: databaseUrl });
  t.after(() => store.close());
  return new Deployment({ t, ec2, queue, store, databaseUrl });
}

/** A pool on the simulated EC2, with one launch config for each region. */
export function aPool({ maxCapacity, regions }: { maxCapacity: number; regions: readonly string[] }): JsonObject {
  const launchConfigs = regions.map((region) => ({
    region,
    launchConfig: { ImageId: 'ami-0a1b2c3d4e5f60718', InstanceType: 'm5.large' },
    capacityPerInstance: 1,
  }));
  return {
    providerId: 'aws-demo',
    description: 'machines that must not be lost',
    owner: 'owner@example.com',
    emailOnError: false,
    config: { minCapacity: 0, maxCapacity, launchConfigs },
  };
}

export function createPool(client: ApiClient, workerPoolId: string, body: JsonObject): Promise<unknown> {
  return client.call('PUT', `/worker-pool/${segment(workerPoolId)}`, body);
}
