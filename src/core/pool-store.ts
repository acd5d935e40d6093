import type { JsonObject } from './json.ts';
import type { LaunchConfig, Pool, PoolDefinition } from './pool.ts';
import type { WorkerState } from './worker.ts';

/** What a user may say of a pool. `config` holds `launchConfigs` as sent. */
export interface PoolInput {
  workerPoolId: string;
  providerId: string;
  description: string;
  owner: string;
  emailOnError: boolean;
  config: JsonObject;
}

/** Number and summed capacity of workers by state. */
export type WorkerCounts = Record<WorkerState, { count: number; capacity: number }>;

/** What a pool change did to launch configs, in submission order (archived: by id). */
export interface LaunchConfigChanges {
  created: readonly string[];
  updated: readonly string[];
  archived: readonly string[];
}

export interface PoolChange {
  pool: PoolDefinition;
  changes: LaunchConfigChanges;
}

/** A keyset page: at most `limit` rows after the key `after`. */
export interface PageRequest<Key> {
  after: Key | null;
  limit: number;
}

/** One page; `next` is null on the last one. */
export interface Page<Row, Key> {
  rows: readonly Row[];
  next: Key | null;
}

/** Remembers pools and launch configs. Every change writes its audit row and its events in the same transaction. */
export interface PoolStore {
  /**
   * Creates a pool with its launch configs. A repeat that says the same as what is stored (compared after ids are given, whatever the order:
   * W1) changes nothing but answers, announces and audits again.
   * @throws {ServiceError} `conflict` when the pool exists and differs, or a launch config id is taken by other content.
   */
  createPool(input: PoolInput, clientId: string, now: Date): Promise<PoolChange>;
  /**
   * Replaces what users may say of a pool, under a row lock; keeps `created`, maintains `previousProviderIds`.
   * @throws {ServiceError} `not-found`, `conflict`.
   */
  updatePool(input: PoolInput, clientId: string, now: Date): Promise<PoolChange>;
  /** Marks a pool for deletion: `null-provider`, all launch configs archived, in one locked transaction (W12). @throws `not-found`. */
  deletePool(workerPoolId: string, clientId: string, now: Date): Promise<PoolChange>;
  pool(workerPoolId: string): Promise<PoolDefinition | null>;
  /** The pool without its launch configs, which may be megabytes: for what is asked all the time. */
  poolHead(workerPoolId: string): Promise<Pool | null>;
  poolsPage(page: PageRequest<string>): Promise<Page<PoolDefinition, string>>;
  /** Ids of all pools, ascending. */
  poolIds(): Promise<readonly string[]>;
  /** Counts of workers per pool; pools without workers are all zero. */
  poolCounts(workerPoolIds: readonly string[]): Promise<ReadonlyMap<string, WorkerCounts>>;
  /** Counts of workers per launch config id of a pool; workers without one under `null`. */
  launchConfigCounts(workerPoolId: string): Promise<ReadonlyMap<string | null, WorkerCounts>>;
  launchConfigsPage(
    workerPoolId: string,
    includeArchived: boolean,
    page: PageRequest<string>,
  ): Promise<Page<LaunchConfig, string>>;
  /** One launch config, archived or not, or null. */
  launchConfig(workerPoolId: string, launchConfigId: string): Promise<LaunchConfig | null>;
  /**
   * Drops from a pool's previous providers those of `candidates` that own no non-stopped worker and no open order of it.
   * @returns the ids dropped.
   */
  dropDrainedProviders(workerPoolId: string, candidates: readonly string[]): Promise<readonly string[]>;
  /** Deletes pools with `null-provider` and no previous provider, with their launch configs (W28). @returns ids. */
  expirePools(): Promise<readonly string[]>;
  /** Deletes archived launch configs that no worker row of their pool refers to. @returns how many. */
  expireLaunchConfigs(): Promise<number>;
}
