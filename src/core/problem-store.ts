import type { JsonObject } from './json.ts';
import type { Page, PageRequest } from './pool-store.ts';
import type { NewestFirstKey } from './worker-store.ts';

/** A worker-pool error as stored (spec/api.md 7.4). */
export interface Problem {
  /** A slugid. */
  errorId: string;
  workerPoolId: string;
  reported: Date;
  kind: string;
  title: string;
  description: string;
  extra: JsonObject;
  launchConfigId: string | null;
}

/** A problem to store; `workerGroup` and `workerId` go into the event. */
export interface ProblemReport {
  errorId: string;
  workerPoolId: string;
  kind: string;
  title: string;
  description: string;
  extra: JsonObject;
  launchConfigId: string | null;
  workerGroup?: string;
  workerId?: string;
  /** The failed launches that it tells of are in the launch record already. */
  isCounted?: boolean;
}

/** Spec/api.md 1.13, one window (the retained errors) for every breakdown but `daily` and `hourly`. */
export interface ProblemStats {
  daily: readonly { start: Date; count: number }[];
  hourly: readonly { start: Date; count: number }[];
  title: Readonly<Record<string, number>>;
  code: Readonly<Record<string, number>>;
  workerPool: Readonly<Record<string, number>>;
  launchConfig: Readonly<Record<string, number>>;
}

/** Remembers worker-pool errors. */
export interface ProblemStore {
  /** Stores a problem, its worker-pool-error event, its incident if its pool wants mail, and, when it names a launch config and is not counted yet, its mark in the launch record, in one transaction. */
  recordProblem(report: ProblemReport, now: Date): Promise<Problem>;
  problemsPage(
    filter: { workerPoolId: string; launchConfigId?: string; errorId?: string },
    page: PageRequest<NewestFirstKey>,
  ): Promise<Page<Problem, NewestFirstKey>>;
  /** Null: all pools. Days and hours are UTC. */
  problemStats(workerPoolId: string | null, now: Date): Promise<ProblemStats>;
  /** Deletes problems reported before. @returns how many. */
  expireProblems(before: Date): Promise<number>;
}

/** An incident (pool, kind, title) that its owner has to be told about. */
export interface Notice {
  /** The error that opened it. */
  problem: Problem;
  owner: string;
}

/** Remembers which incidents are still to be told by mail. `recordProblem` opens them, once per window (`core/mail.ts`). */
export interface NoticeStore {
  /** Incidents whose mail is not sent, oldest first, with the error that opened each. */
  waitingNotices(limit: number): Promise<readonly Notice[]>;
  /** Their mails are on the way, or will never be taken. By the ids of the errors that opened them. */
  confirmNotices(errorIds: readonly string[], now: Date): Promise<void>;
}
