import { serve } from '#bench/child.ts';
import type { PoolInput } from '#core/pool-store.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import { observeScope } from '#loops/observe.ts';
import { scopeKey } from '#loops/parts.ts';
import { provisionPool } from '#loops/provision.ts';
import { readConfig } from '#src/config.ts';
import type { ProcessName } from '#src/processes.ts';
import { createService } from '#src/service.ts';
import type { Service } from '#src/service.ts';
import type { Settings } from '#src/settings-reader.ts';

/** The measured program, alone in its process. */
export interface ServiceCalls {
  /** @returns where its API answers; null without the server. */
  start(options: { settings: Settings; processes: readonly ProcessName[] }): Promise<string | null>;
  createPools(pools: readonly PoolInput[]): Promise<void>;
  /** One provisioning turn of each of these pools, one after the other. */
  provision(workerPoolIds: readonly string[]): Promise<void>;
  /** One observation of every scope, as many at once as the engine would. @returns how long it took, in milliseconds. */
  observe(): Promise<number>;
  /** What it has cost since the start. */
  usage(): Promise<Usage>;
}

/** What the process has used up since its start. */
export interface Usage {
  cpuMs: number;
  /** Resident memory at this moment, and at most so far. */
  rssMiB: number;
  peakRssMiB: number;
  /** SQL statements by name. */
  statements: Record<string, number>;
}

/** Observations at a time: the lane of the engine. */
const parallelObservations = 8;
const MiB = 1_048_576;

const statements = new Map<string, number>();
const { signal } = new AbortController();
let running: Service | undefined;

function started(): Service {
  if (running === undefined) throw new Error('not started');
  return running;
}

const calls: ServiceCalls = {
  async start({ settings, processes }) {
    running = await createService(readConfig(settings), {
      processes: new Set(processes),
      lines: { write: (line) => void process.stdout.write(line) },
      onStatement: (name) => void statements.set(name, (statements.get(name) ?? 0) + 1),
    });
    return running.url;
  },

  async createPools(pools) {
    const { store, loops } = started();
    for (const pool of pools) await store.createPool(pool, 'bench', loops.clock.now());
  },

  async provision(workerPoolIds) {
    for (const id of workerPoolIds) await provisionPool(started().loops, id, signal);
  },

  async observe() {
    const { loops, providers } = started();
    const keys = providers
      .list()
      .flatMap(({ providerId, fleet }) => (fleet?.scopes() ?? []).map((scope) => scopeKey(providerId, scope)));
    const startedAt = performance.now();
    const outcomes = await mapConcurrently(keys, parallelObservations, (key) => observeScope(loops, key, signal));
    const durationMs = performance.now() - startedAt;
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return durationMs;
  },

  usage: () => {
    const { user, system } = process.cpuUsage();
    return Promise.resolve({
      cpuMs: (user + system) / 1000,
      rssMiB: process.memoryUsage.rss() / MiB,
      peakRssMiB: process.resourceUsage().maxRSS / 1024,
      statements: Object.fromEntries(statements),
    });
  },
};

serve(calls, async () => running?.stop());
