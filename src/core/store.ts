import type { LaunchStore } from './launch-store.ts';
import type { OutboxEntry } from './events.ts';
import type { PoolStore } from './pool-store.ts';
import type { NoticeStore, ProblemStore } from './problem-store.ts';
import type { TaskStore } from './task-store.ts';
import type { WorkerStore } from './worker-store.ts';

/** What waits to be told. */
export interface OutboxStore {
  /** The oldest waiting entries; entries of one order key come in order and never more than one taker works (the `deliver` task). */
  waitingEvents(limit: number): Promise<readonly OutboxEntry[]>;
  /** They have arrived: forget them. */
  confirmEvents(sequences: readonly bigint[]): Promise<void>;
  /** How many wait and since when. */
  backlog(): Promise<{ count: number; oldest: Date | null }>;
}

/** A pool's last provisioning decision, for people: what was decided and why. */
export interface ProvisionReport {
  workerPoolId: string;
  decidedAt: Date;
  pendingTasks: number;
  claimedTasks: number;
  want: number;
  toRequest: number;
  requested: number;
  reason: string;
}

/** Remembers why. */
export interface ReportStore {
  /** Keeps a pool's latest report. Of reports that differ only in their time one a minute is kept. */
  saveProvisionReport(report: ProvisionReport): Promise<void>;
  provisionReports(): Promise<readonly ProvisionReport[]>;
}

/** Connections to one database. */
export interface ConnectionCounts {
  /** Whether it is the one that is written to, or a replica that only listings read. */
  pool: 'write' | 'read';
  totalCount: number;
  /** Those that have nothing to do. */
  idleCount: number;
  /** Statements that wait for a connection. */
  waitingCount: number;
}

/** Everything that is remembered. */
export interface Store
  extends PoolStore, WorkerStore, LaunchStore, ProblemStore, NoticeStore, TaskStore, OutboxStore, ReportStore {
  /** Answers when the database does; rejects otherwise. */
  ping(): Promise<void>;
  /** How many connections there are now, one entry per database. */
  connectionCounts(): readonly ConnectionCounts[];
  /** Ends all connections. */
  close(): Promise<void>;
}
