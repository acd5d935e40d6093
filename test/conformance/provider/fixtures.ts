import type { Clock } from '#core/clock.ts';
import type { LaunchRequest } from '#core/launch.ts';
import { silentMetrics } from '#core/telemetry.ts';
import type { Log } from '#core/telemetry.ts';
import type { Worker } from '#core/worker.ts';
import { systemClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { createVault } from '#lib/secret-vault.ts';
import type { CloudCall, CloudPause, ProviderSurroundings } from '#providers/module.ts';

/** A worker as stored, with nothing special about it. */
export function aWorker(special: Partial<Worker> = {}): Worker {
  const created = special.created ?? new Date('2026-01-01T00:00:00Z');
  return {
    workerPoolId: 'proj/pool',
    workerGroup: 'group',
    workerId: 'worker',
    providerId: 'provider',
    state: 'requested',
    capacity: 1,
    launchConfigId: 'lc-1',
    created,
    expires: new Date(created.getTime() + 7 * 86_400_000),
    lastModified: created,
    lastChecked: created,
    terminateAfter: null,
    reregistrationTimeoutMs: null,
    queueInactivityTimeoutMs: null,
    registeredAt: null,
    stoppedAt: null,
    previousState: null,
    removalReason: null,
    decision: null,
    scope: 'scope',
    providerData: {},
    ...special,
  };
}

/** A launch request with nothing special about it; `order` is overlaid. */
export function aLaunchRequest(
  special: Partial<Omit<LaunchRequest, 'order'>> & { order?: Partial<LaunchRequest['order']> } = {},
): LaunchRequest {
  return {
    configuration: {},
    pool: { owner: 'owner@example.com', description: 'a pool' },
    ...special,
    order: {
      orderId: crypto.randomUUID(),
      workerPoolId: 'proj/pool',
      providerId: 'provider',
      launchConfigId: 'lc-1',
      scope: 'scope',
      workerGroup: 'group',
      count: 1,
      capacityPerInstance: 1,
      placedAt: new Date('2026-01-01T00:00:00Z'),
      ...special.order,
    },
  };
}

/** What a watch has heard. */
export interface Heard {
  calls: CloudCall[];
  pauses: CloudPause[];
  resumes: CloudPause[];
  setUpFailures: { providerId: string; error: unknown }[];
  /** Entries of the log: type and fields. */
  entries: { type: string; fields: Readonly<Record<string, unknown>> }[];
  hastened: { providerId: string; scope: string; workerIds: readonly string[] }[];
}

/** Surroundings for a provider under test; `heard` collects what its watch is told. */
export function someSurroundings(
  special: { clock?: Clock; signal?: AbortSignal; seed?: number } = {},
): ProviderSurroundings & { heard: Heard } {
  const heard: Heard = { calls: [], pauses: [], resumes: [], setUpFailures: [], entries: [], hastened: [] };
  const log: Log = {
    write: (type, _level, fields) => void heard.entries.push({ type, fields }),
    child: () => log,
  };
  return {
    heard,
    rootUrl: 'https://tc.example.com',
    clock: special.clock ?? systemClock,
    random: seededRandom(special.seed ?? 1),
    vault: createVault([{ id: 'k1', key: Buffer.alloc(32, 7) }]),
    watch: {
      onCall: (call) => void heard.calls.push(call),
      onPause: (pause) => void heard.pauses.push(pause),
      onResume: (pause) => void heard.resumes.push(pause),
      onSetUpFailed: (providerId, error) => void heard.setUpFailures.push({ providerId, error }),
    },
    log,
    metrics: silentMetrics,
    hasten: (changed) => void heard.hastened.push(changed),
    signal: special.signal ?? new AbortController().signal,
  };
}

/**
 * The machine's clock, so many times as fast: for real sockets with waits that nobody wants to sit through. It begins with a full minute, as the rate
 * windows of clouds do: how much of its first window a test has is not left to chance.
 */
export function hastyClock(times: number): Clock {
  const started = systemClock.now().getTime();
  const begins = Math.ceil(started / 60_000) * 60_000;
  return {
    now: () => new Date(begins + (systemClock.now().getTime() - started) * times),
    sleep: (ms, signal) => systemClock.sleep(ms / times, signal),
  };
}
