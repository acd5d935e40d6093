import { Backoff, isWorthRepeating } from './backoff.ts';
import { isRecord, member, numberMember, textMember, timeMember } from './json.ts';
import type { WorkerParts } from './program.ts';
import { signingCredentials } from './worker-api.ts';
import type { SigningCredentials, WorkerApi } from './worker-api.ts';

const minuteMs = 60_000;
/** generic-worker renews a claim this long before it ends. */
const reclaimAheadMs = 3 * minuteMs;

interface HeldRun {
  taskId: string;
  runId: number;
  credentials: SigningCredentials;
  outcome: 'completed' | 'failed' | 'malformed-payload';
  endsMs: number;
  /** When to renew or to report, or to try that again. */
  dueMs: number;
  backoff: Backoff | undefined;
}

/** The runs a worker has claimed and not yet reported: renewed in time, reported at their end. */
export class HeldRuns {
  readonly #api: WorkerApi;
  readonly #parts: WorkerParts;
  #runs: HeldRun[] = [];

  constructor(api: WorkerApi, parts: WorkerParts) {
    this.#api = api;
    this.#parts = parts;
  }

  /** How many tasks are being worked on. */
  get count(): number {
    return this.#runs.length;
  }

  /** When `step` has something to do; Infinity for never. */
  get dueMs(): number {
    return Math.min(...this.#runs.map(({ dueMs }) => dueMs));
  }

  /** Takes the tasks of an answer of claimWork; returns the longest duration among them, 0 if there are none. */
  take(answer: unknown, nowMs: number): number {
    const claims = member(answer, 'tasks');
    let longestMs = 0;
    for (const claim of Array.isArray(claims) ? claims.filter(isRecord) : []) {
      const run = heldRun(claim, nowMs);
      if (run !== undefined) {
        this.#runs.push(run);
        longestMs = Math.max(longestMs, run.endsMs - nowMs);
      }
    }
    return longestMs;
  }

  /** Renews and reports what is due. */
  async step(nowMs: number): Promise<void> {
    for (const run of this.#runs.filter(({ dueMs }) => dueMs <= nowMs)) {
      await (run.endsMs <= nowMs ? this.#report(run, nowMs) : this.#renew(run, nowMs));
    }
  }

  /** Gives all runs back as worker-shutdown; what cannot be told now is left to the claim time-out. */
  async giveBack(): Promise<void> {
    const runs = this.#runs;
    this.#runs = [];
    for (const run of runs) {
      const { status } = await this.#api.ofRun(run, 'exception', { reason: 'worker-shutdown' });
      this.#parts.counters[status === 200 ? 'tasksGivenBack' : 'tasksLost'] += 1;
    }
  }

  async #report(run: HeldRun, nowMs: number): Promise<void> {
    const { outcome } = run;
    const { status } =
      outcome === 'malformed-payload'
        ? await this.#api.ofRun(run, 'exception', { reason: outcome })
        : await this.#api.ofRun(run, outcome);
    if (status === 200) {
      this.#drop(run, 'tasksDone');
    } else {
      this.#afterFailure(run, status, nowMs);
    }
  }

  async #renew(run: HeldRun, nowMs: number): Promise<void> {
    const { status, body } = await this.#api.ofRun(run, 'reclaim');
    const takenUntilMs = timeMember(body, 'takenUntil');
    if (status !== 200 || takenUntilMs === undefined) {
      this.#afterFailure(run, status, nowMs);
      return;
    }
    run.credentials = signingCredentials(member(body, 'credentials')) ?? run.credentials;
    run.backoff = undefined;
    run.dueMs = Math.min(run.endsMs, takenUntilMs - reclaimAheadMs);
  }

  /** A refusal means that the run is not ours any more: cancelled, or the claim was lost. */
  #afterFailure(run: HeldRun, status: number, nowMs: number): void {
    run.backoff ??= new Backoff(nowMs);
    const againMs = isWorthRepeating(status) ? run.backoff.next(nowMs, this.#parts.random) : undefined;
    if (againMs === undefined) {
      this.#drop(run, 'tasksLost');
    } else {
      run.dueMs = againMs;
    }
  }

  #drop(run: HeldRun, counter: 'tasksDone' | 'tasksLost'): void {
    this.#runs = this.#runs.filter((other) => other !== run);
    this.#parts.counters[counter] += 1;
  }
}

/** The run of one claim; undefined if the answer is not a claim. A task without a duration is malformed and ends at once. */
function heldRun(claim: Record<string, unknown>, nowMs: number): HeldRun | undefined {
  const taskId = textMember(member(claim, 'status'), 'taskId');
  const runId = numberMember(claim, 'runId');
  const takenUntilMs = timeMember(claim, 'takenUntil');
  const credentials = signingCredentials(member(claim, 'credentials'));
  if (taskId === undefined || runId === undefined || takenUntilMs === undefined || credentials === undefined) {
    return undefined;
  }
  const payload = member(member(claim, 'task'), 'payload');
  const durationMs = numberMember(payload, 'durationMs');
  const endsMs = nowMs + (durationMs ?? 0);
  const wished = member(payload, 'outcome') === 'failed' ? 'failed' : 'completed';
  return {
    taskId,
    runId,
    credentials,
    outcome: durationMs === undefined ? 'malformed-payload' : wished,
    endsMs,
    dueMs: Math.min(endsMs, takenUntilMs - reclaimAheadMs),
    backoff: undefined,
  };
}
