import { randomBytes } from 'node:crypto';
import type { Clock } from '#lib/clock.ts';
import type { Faults } from './faults.ts';
import type { Claim } from './runs.ts';
import type { QueueState, TaskCounts } from './state.ts';
import { statusOf } from './task.ts';
import { issueTemporaryCredentials } from './temporary-credentials.ts';
import type { QueueClient } from './authentication.ts';

/** The id under which the queue itself signs credentials. */
export const queueClientId = 'static/taskcluster/queue';

const clockDriftMs = 15 * 60_000;

/** Where calls are answered: the state, and what the queue adds to it on the wire. */
export class Desk {
  readonly state: QueueState;
  readonly clock: Clock;
  /** The queue's own client, who signs the credentials of claims. */
  readonly client: QueueClient = { accessToken: randomBytes(33).toString('base64url'), scopes: ['*'] };
  readonly #faults: Faults;
  /** What the counts were when they went stale; undefined while they are fresh. */
  #staleCounts: Map<string, TaskCounts> | undefined;

  constructor(state: QueueState, clock: Clock, faults: Faults) {
    this.state = state;
    this.clock = clock;
    this.#faults = faults;
  }

  /** To be called after the dials were turned: keeps the counts of this moment, or forgets them. */
  noteStaleness(): void {
    if (!this.#faults.dials.areCountsStale) {
      this.#staleCounts = undefined;
      return;
    }
    this.#staleCounts ??= new Map(
      this.state.queues().map(({ taskQueueId }) => [taskQueueId, this.state.counts(taskQueueId)]),
    );
  }

  /** The counts as the API tells them: those of the past while the dial is turned. */
  counts(taskQueueId: string): TaskCounts {
    return this.#staleCounts === undefined
      ? this.state.counts(taskQueueId)
      : (this.#staleCounts.get(taskQueueId) ?? { pendingTasks: 0, claimedTasks: 0 });
  }

  /** What reclaimTask answers: the claim with credentials that let the worker renew and resolve it. */
  showRenewal({ task, run, takenUntil }: Claim): Record<string, unknown> {
    const { taskId, definition } = task;
    const { runId, workerGroup = '', workerId = '' } = run;
    const untilSeconds = Math.floor(takenUntil.getTime() / 1000);
    const credentials = issueTemporaryCredentials({
      clientId: `task-client/${taskId}/${runId}/on/${workerGroup}/${workerId}/until/${untilSeconds}`,
      scopes: [
        `queue:reclaim-task:${taskId}/${runId}`,
        `queue:resolve-task:${taskId}/${runId}`,
        `queue:create-artifact:${taskId}/${runId}`,
        ...definition.scopes,
      ],
      start: new Date(this.clock.now().getTime() - clockDriftMs),
      expiry: new Date(takenUntil.getTime() + clockDriftMs),
      issuer: { clientId: queueClientId, accessToken: this.client.accessToken },
    });
    return { status: statusOf(task), runId, workerGroup, workerId, takenUntil: takenUntil.toISOString(), credentials };
  }

  /** What claimWork and claimTask answer: the same with the task's definition. */
  showClaim(claim: Claim): Record<string, unknown> {
    return { ...this.showRenewal(claim), task: claim.task.definition };
  }
}
