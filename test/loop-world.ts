import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { defaultPace } from '#core/pace.ts';
import type { Pace } from '#core/pace.ts';
import type { Fleet, Provider } from '#core/provider.ts';
import type { Store } from '#core/store.ts';
import type { Log, LogLevel, Metrics } from '#core/telemetry.ts';
import { FixedDemand } from '#demand/fixed/fixed-demand.ts';
import { SteppedClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { slugid } from '#lib/slugid.ts';
import type { LoopParts } from '#loops/parts.ts';
import { TestingCloud } from '#providers/testing/cloud.ts';
import { testingFleet } from '#providers/testing/fleet.ts';
import { openPostgres } from './conformance/store/open-postgres.ts';
import { aPool, now, poolId } from './conformance/store/samples.ts';
import { seed } from './seed.ts';

/** The id of the provider in front of the testing cloud. */
export const testingId = 'testing-1';
/** The key of the tasks of its only scope. */
export const testingKey = `${testingId}/testing`;

interface Entry {
  type: string;
  level: LogLevel;
  fields: Readonly<Record<string, unknown>>;
}

/** What single turns of the loops are run on: a real store, a cloud in memory, and a clock that only the test moves. */
export interface LoopWorld {
  parts: LoopParts;
  store: Store;
  cloud: TestingCloud;
  fleet: Fleet;
  clock: SteppedClock;
  demand: FixedDemand;
  /** What was logged, at any level. */
  entries: Entry[];
  /** The last values of gauges, and the sums of counters, by name and labels. */
  numbers: Map<string, number>;
  /** Names of the SQL statements sent so far. */
  statements: string[];
  /** Makes the provider unusable, or usable again. */
  setUnavailable: (reason: string | null) => void;
}

/** Never aborted. */
export const { signal: unaborted } = new AbortController();

export async function aLoopWorld(
  t: TestContext,
  options: { pace?: Partial<Pace>; fleet?: (fleet: Fleet) => Partial<Fleet> } = {},
): Promise<LoopWorld> {
  const { store, statements } = await openPostgres(t);
  const clock = new SteppedClock(now);
  const cloud = new TestingCloud(clock);
  const plain = testingFleet(cloud, testingId);
  const fleet: Fleet = { ...plain, ...options.fleet?.(plain) };
  const provider = { providerId: testingId, providerType: 'testing', fleet, identity: null, enrolment: null };
  let unavailable: string | null = null;
  const current = (): Provider => ({ ...provider, unavailable });
  const demand = new FixedDemand(clock);
  const entries: Entry[] = [];
  const numbers = new Map<string, number>();
  const parts: LoopParts = {
    store,
    providers: { get: (id) => (id === testingId ? current() : undefined), list: () => [current()] },
    demand,
    clock,
    random: seededRandom(seed),
    pace: { ...defaultPace, ...options.pace },
    log: recordingLog(entries),
    metrics: recordingMetrics(numbers),
    newOrderId: randomUUID,
    newErrorId: slugid,
  };
  const setUnavailable = (reason: string | null): void => void (unavailable = reason);
  return { parts, store, cloud, fleet, clock, demand, entries, numbers, statements, setUnavailable };
}

/** A pool of the provider with room for so many, and tasks that wait for it. */
export async function aBusyPool(
  { store, demand }: Pick<LoopWorld, 'store' | 'demand'>,
  { pendingTasks, maxCapacity = 1_000 }: { pendingTasks: number; maxCapacity?: number },
): Promise<void> {
  await aPool(store, { providerId: testingId, config: { maxCapacity } });
  demand.set(poolId, { pendingTasks, claimedTasks: 0 });
}

function recordingLog(entries: Entry[]): Log {
  const log: Log = {
    write: (type, level, fields) => void entries.push({ type, level, fields }),
    child: () => log,
  };
  return log;
}

function recordingMetrics(numbers: Map<string, number>): Metrics {
  const nameOf = (name: string, labels: Readonly<Record<string, string>>): string =>
    `${name}${Object.values(labels)
      .map((value) => ` ${value}`)
      .join('')}`;
  return {
    count: (name, labels, by = 1) => {
      const series = nameOf(name, labels);
      numbers.set(series, (numbers.get(series) ?? 0) + by);
    },
    gauge: (name, labels, value) => void numbers.set(nameOf(name, labels), value),
    observe: () => undefined,
    forget: (name, labels) => {
      for (const series of numbers.keys()) if (series.startsWith(nameOf(name, labels))) numbers.delete(series);
    },
  };
}
