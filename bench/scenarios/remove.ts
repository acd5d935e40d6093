import { runningFleet, spreadFleet } from '#bench/fleet.ts';
import { percentile } from '#bench/percentile.ts';
import { amount } from '#bench/report.ts';
import type { Measurement } from '#bench/report.ts';
import { Rig, admin } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';
import { systemClock } from '#lib/clock.ts';

const removals = 50;
/** One after the other, so that each is a request of its own; together they last longer than an observation interval. */
const pauseMs = 400;
const givenUpAfterMs = 30_000;
const limitSeconds = 1;

/** From the request to remove a worker to the cloud's delete call. */
export const remove: Scenario = {
  name: 'remove',
  summary: 'removeWorker to TerminateInstances, beside 10,000 idle workers, everything in one process',

  async *run({ sizes, nodeOptions }) {
    for (const size of sizes.length > 0 ? sizes : [10_000]) yield await measure(size, nodeOptions);
  },
};

async function measure(size: number, nodeOptions: readonly string[]): Promise<Measurement> {
  await using rig = await Rig.start({ fleet: spreadFleet, nodeOptions });
  await runningFleet(rig, size, spreadFleet);
  const { service, url } = await rig.service(['server', 'provisioner', 'scanner']);
  const workers = await rig.sql<WorkerName>(
    `select worker_pool_id as pool, worker_group as "group", worker_id as id from worker order by md5(worker_id) limit $1`,
    [removals],
  );
  await rig.until('select count(*) >= $1 as done from observation', [spreadFleet.regions.length], givenUpAfterMs);
  const { result: tookMs, costs } = await rig.measured(service, async () => {
    const took: number[] = [];
    for (const worker of workers) {
      took.push(await removeOne(rig, url, worker));
      await systemClock.sleep(pauseMs);
    }
    return took.toSorted((one, other) => one - other);
  });
  return {
    scenario: 'remove',
    subject: `${removals} removals beside ${amount(size, '')} idle workers`,
    quantities: [
      { what: 'p50', value: percentile(tookMs, 50) / 1000, unit: 's' },
      {
        what: 'p99 (the longest)',
        value: percentile(tookMs, 99) / 1000,
        unit: 's',
        target: { kind: 'at most', value: limitSeconds },
      },
    ],
    costs,
  };
}

interface WorkerName {
  pool: string;
  group: string;
  id: string;
}

/** @returns milliseconds from the request being sent to the delete call arriving at the cloud. */
async function removeOne(rig: Rig, url: string, { pool, group, id }: WorkerName): Promise<number> {
  const path = `${new URL(url).pathname}/workers/${encodeURIComponent(pool)}/${group}/${id}`;
  await rig.load.call('prepare', 'remove', url, [{ method: 'DELETE', path, credentials: admin }]);
  const askedAt = Date.now();
  const { failures } = await rig.load.call('once', 'remove', 1);
  if (Object.keys(failures).length > 0) throw new Error(`not removed: ${JSON.stringify(failures)}`);
  for (;;) {
    const at = (await rig.simulators.call('terminatedAt', [id])).get(id);
    if (at !== undefined) return at - askedAt;
    if (Date.now() - askedAt > givenUpAfterMs) throw new Error(`${id} was not terminated`);
    await systemClock.sleep(20);
  }
}
