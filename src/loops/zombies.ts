import { queueWorkers } from '#core/demand.ts';
import type { QueueWorker } from '#core/demand.ts';
import type { MoveRequest } from '#core/worker-store.ts';
import type { FleetMember } from '#core/worker.ts';
import { zombie } from '#core/zombie.ts';
import type { QueueAnswer } from '#core/zombie.ts';
import { mapConcurrently } from '#lib/concurrency.ts';
import type { LoopParts } from './parts.ts';
import { nameOf } from './scope.ts';

/** Up to so many suspects of one pool are asked about one by one; for more the pool's listing (1,000 a page) is cheaper. */
const fewSuspects = 20;
const parallelQuestions = 8;

/**
 * Asks the queue about workers that look idle, remembers what it says, and asks for the removal of those that are zombies by its own fresh word. A
 * queue that does not answer speaks for every one of them.
 */
export async function askQueue(
  parts: LoopParts,
  suspects: readonly FleetMember[],
  signal: AbortSignal,
): Promise<readonly MoveRequest[]> {
  const byPool = Map.groupBy(suspects, (member) => member.workerPoolId);
  const answers = await mapConcurrently(byPool, parallelQuestions, ([workerPoolId, members]) =>
    askAboutPool(parts, workerPoolId, members, signal),
  );
  for (const answer of answers) {
    if (answer.status === 'rejected') {
      signal.throwIfAborted();
      parts.log.write('queue-silent', 'warning', { error: answer.reason as unknown });
    }
  }
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

async function askAboutPool(
  parts: LoopParts,
  workerPoolId: string,
  members: readonly FleetMember[],
  signal: AbortSignal,
): Promise<MoveRequest[]> {
  const { store, clock } = parts;
  const at = clock.now();
  const known =
    members.length <= fewSuspects
      ? await askEach(parts, members, signal)
      : await askAll(parts, workerPoolId, members, signal);
  await store.saveQueueActivity(
    members.map((worker) => {
      const seen = known.get(nameOf(worker));
      return { worker, firstClaim: seen?.firstClaim ?? null, lastDateActive: seen?.lastDateActive ?? null };
    }),
    at,
  );
  return members.flatMap((member) => {
    const answer: QueueAnswer = { worker: known.get(nameOf(member)) ?? null, at };
    const verdict = zombie(member, answer, clock.now());
    if (!verdict.isZombie) return [];
    return [{ worker: member, move: 'remove', reason: verdict.reason, ...verdict.guards } satisfies MoveRequest];
  });
}

async function askEach(
  { demand }: LoopParts,
  members: readonly FleetMember[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, QueueWorker>> {
  const answers = await Promise.all(members.map((member) => demand.worker(member, signal)));
  return new Map(answers.filter((worker) => worker !== null).map((worker) => [nameOf(worker), worker]));
}

async function askAll(
  { demand }: LoopParts,
  workerPoolId: string,
  members: readonly FleetMember[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, QueueWorker>> {
  const wanted = new Set(members.map(nameOf));
  const known = new Map<string, QueueWorker>();
  for await (const worker of queueWorkers(demand, workerPoolId, {}, signal)) {
    if (wanted.has(nameOf(worker))) known.set(nameOf(worker), worker);
  }
  return known;
}
