import type { Clock } from '#core/clock.ts';
import type { Store } from '#core/store.ts';
import { systemClock } from '#lib/clock.ts';
import { openDatabase, statement } from './database.ts';
import type { Database } from './database.ts';
import { declaredWorkerStore } from './declared-workers.ts';
import { fleetStore } from './fleet.ts';
import { launchConfigStore } from './launch-configs.ts';
import { launchRecordStore } from './launch-records.ts';
import { moveStore } from './moves.ts';
import { noticeStore } from './notices.ts';
import { orderStore } from './orders.ts';
import { outboxStore } from './outbox.ts';
import { poolStore } from './pools.ts';
import { poolUpkeepStore } from './pool-upkeep.ts';
import { problemStore } from './problems.ts';
import { registrationStore } from './registration.ts';
import { reportStore } from './reports.ts';
import { retirementStore } from './retirement.ts';
import { setbackStore } from './setbacks.ts';
import { tallyStore } from './tallies.ts';
import { taskStore } from './tasks.ts';
import { WakeListener } from './wake-listener.ts';
import { workerStore } from './workers.ts';

/** One database, or one to write and a replica of it that may lag behind, for listings. */
type Urls = { url: string } | { readUrl: string; writeUrl: string };

export type StoreOptions = Urls & {
  /** Connections at most, per database; one more listens. Default 10. */
  max?: number;
  /** How long one statement may take; absent: as long as it wants. */
  statementTimeoutMs?: number | undefined;
  /** Told of connections that broke in the background; they are made anew by themselves. */
  onError?: (error: unknown) => void;
  /** Told the name of every statement as it is sent. */
  onStatement?: (name: string) => void;
  /** Says which quarantines have ended, and paces attempts to listen again. Default: the machine's own. */
  clock?: Clock;
};

const ping = statement('ping', 'select 1');

/**
 * Everything that is remembered, in PostgreSQL. The database has the schema already (`migrate`).
 * @throws {ServiceError} `unavailable` when it cannot be reached.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { max = 10, onError = () => undefined, onStatement = () => undefined, clock = systemClock } = options;
  const { readUrl, writeUrl } = 'url' in options ? { readUrl: options.url, writeUrl: options.url } : options;
  const open = (url: string): Database =>
    openDatabase({ url, max, statementTimeoutMs: options.statementTimeoutMs, onError, onStatement });
  const database = open(writeUrl);
  const lists = readUrl === writeUrl ? database : open(readUrl);
  const databases = new Set([database, lists]);
  const listener = new WakeListener({ url: writeUrl, clock, onError });
  const workers = workerStore(database, lists);
  const store: Store = {
    ...poolStore(database, lists),
    ...poolUpkeepStore(database),
    ...launchConfigStore(database, lists),
    ...tallyStore(database, lists),
    ...workers,
    ...declaredWorkerStore(database, workers.worker),
    ...registrationStore(database),
    ...moveStore(database),
    ...fleetStore(database),
    ...retirementStore(database, clock),
    ...orderStore(database),
    ...launchRecordStore(database),
    ...setbackStore(database),
    ...problemStore(database, lists),
    ...noticeStore(database),
    ...taskStore(database, listener),
    ...outboxStore(database),
    ...reportStore(database, lists),

    ping: async () => {
      await Promise.all([...databases].map(async (each) => each.run(ping)));
    },

    connectionCounts: () =>
      [...databases].map((each) => ({ pool: each === database ? 'write' : 'read', ...each.counts() })),

    close: async () => {
      await listener.close();
      await Promise.all([...databases].map(async (each) => each.close()));
    },
  };
  try {
    await store.ping();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}
