import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { TaskStatus } from '#core/task-store.ts';
import { systemClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import type { CallFault } from '#simulators/ec2/faults.ts';
import { aDeployment, aPool, createPool } from '#test/deployment.ts';
import type { Deployment } from '#test/deployment.ts';
import { eventually } from '#test/engines.ts';
import { seed } from '#test/seed.ts';

/** More tasks than places, and more places than tasks: both must be met exactly. */
const pools = [
  { workerPoolId: 'kill/full', maxCapacity: 12, tasks: 40, machines: 12 },
  { workerPoolId: 'kill/roomy', maxCapacity: 50, tasks: 7, machines: 7 },
] as const;
type PoolCase = (typeof pools)[number];
const [full] = pools;
const regions = ['us-west-2', 'us-east-1', 'eu-central-1'];

function alive({ ec2 }: Deployment, workerPoolId: string): string[] {
  return ec2
    .instances()
    .filter(({ tags, state }) => tags['WorkerPoolId'] === workerPoolId && ['pending', 'running'].includes(state))
    .map(({ id }) => id)
    .toSorted();
}

/** Looks at the cloud all the time, until the test ends. @returns the most machines seen so far, by pool. */
function watch(t: TestContext, deployment: Deployment): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  const ended = new AbortController();
  const looking = (async () => {
    while (!ended.signal.aborted) {
      for (const { workerPoolId } of pools) {
        most.set(workerPoolId, Math.max(most.get(workerPoolId) ?? 0, alive(deployment, workerPoolId).length));
      }
      await systemClock.sleep(5);
    }
  })();
  t.after(async () => {
    ended.abort();
    await looking;
  });
  return most;
}

async function hasOpenOrder({ store }: Deployment, { workerPoolId }: PoolCase): Promise<boolean> {
  const open = await Promise.all(regions.map((region) => store.hasOpenOrder(workerPoolId, 'aws-demo', region)));
  return open.includes(true);
}

/** Whether there are as many machines as there should be, every machine has its row, every row its machine, and no order is open. */
async function isWhole(deployment: Deployment, pool: PoolCase): Promise<boolean> {
  const { stopped: _stopped, ...live } = await deployment.states(pool.workerPoolId);
  const rows = Object.values(live).flatMap((workers) => workers.map(({ workerId }) => workerId));
  const machines = alive(deployment, pool.workerPoolId);
  const isMatched = machines.length === pool.machines && machines.join() === rows.toSorted().join();
  return isMatched && !(await hasOpenOrder(deployment, pool));
}

interface Scene {
  /** What the cloud does to launches. */
  fault?: CallFault;
  /** Whether the time has come. */
  isTime: (deployment: Deployment) => boolean | Promise<boolean>;
}

async function kill(t: TestContext, { fault, isTime }: Scene): Promise<void> {
  const deployment = await aDeployment(t, { regions });
  const { ec2, queue, store } = deployment;
  const [one, other] = await Promise.all([deployment.start(), deployment.start()]);
  for (const pool of pools) await createPool(one.client, pool.workerPoolId, aPool({ ...pool, regions }));
  const most = watch(t, deployment);
  if (fault !== undefined) ec2.faults.add(fault);
  for (const { workerPoolId, tasks } of pools) queue.createTasks(workerPoolId, { durationMs: 60_000, count: tasks });

  await eventually('it is time', () => isTime(deployment), 20_000, 2);
  const holder = await deployment.holderOf({ kind: 'provision', key: full.workerPoolId });
  const [victim, heir] = holder === one.pid ? [one, other] : [other, one];
  if (fault !== undefined) assert.equal(victim.pid, holder, 'the call is under way');
  victim.kill('SIGKILL');
  const killedAt = systemClock.now();
  ec2.faults.clear();

  for (const pool of pools) {
    await eventually(`${pool.workerPoolId} is whole`, () => isWhole(deployment, pool), 20_000, 50);
  }
  await eventually('the other has taken over', async () => {
    const statuses = await store.taskStatuses();
    const isTaken = (status: TaskStatus): boolean => (status.lastCompletedAt ?? killedAt) > killedAt;
    return statuses.filter(({ kind }) => kind === 'provision' || kind === 'settle').every(isTaken);
  });
  for (const { workerPoolId, machines } of pools) assert.equal(most.get(workerPoolId), machines, workerPoolId);
  const { doubled, launched, terminated } = ec2.counts;
  assert.deepEqual({ doubled, launched, terminated }, { doubled: 0, launched: 19, terminated: 0 });
  heir.kill('SIGTERM');
  assert.deepEqual(await heir.ended, { code: 0, signal: null });
}

// spec: P-31
describe(
  'of two replicas of everything one is killed in the middle of a launch: nothing leaks, nothing doubles',
  { concurrency: 2 },
  () => {
    const action = 'RunInstances';
    const scenes: Readonly<Record<string, Scene>> = {
      'after the order, before the call gets through': {
        fault: { kind: 'hang', action },
        isTime: async (deployment) =>
          (deployment.ec2.counts.outcomes['hang'] ?? 0) > 0 && (await hasOpenOrder(deployment, full)),
      },
      'with machines started and the answer on its way': {
        fault: { kind: 'delay', action, delayMs: 800 },
        isTime: (deployment) => alive(deployment, full.workerPoolId).length > 0,
      },
      'as soon as the order is stored': { isTime: (deployment) => hasOpenOrder(deployment, full) },
      'at any time': {
        isTime: async () => {
          await systemClock.sleep(Math.floor(seededRandom(seed)() * 400));
          return true;
        },
      },
    };
    for (const [name, scene] of Object.entries(scenes)) test(name, async (t) => kill(t, scene));
  },
);
