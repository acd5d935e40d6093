import { benchPool, googleFleet, spreadFleet } from '#bench/fleet.ts';
import type { BenchFleet } from '#bench/fleet.ts';
import { amount } from '#bench/report.ts';
import type { Measurement, Quantity } from '#bench/report.ts';
import { Rig, admin } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';

/** What the launch of so many machines may take. */
const limits: Readonly<Record<number, { seconds: number; calls: number }>> = { 10_000: { seconds: 2, calls: 25 } };
const repeats = 3;
const workerPoolId = 'bench/cold';
const givenUpAfterMs = 120_000;

/** From the creation of one pool through the API until all its machines are known as requested. */
export const coldStart: Scenario = {
  name: 'cold-start',
  summary: '0 to 10,000 requested, one pool, everything in one process',

  async *run({ sizes, nodeOptions }) {
    for (const size of sizes.length > 0 ? sizes : [10_000])
      yield await measure(size, spreadFleet, 'on AWS', nodeOptions);
    const [size = 1_000] = sizes;
    yield await measure(size, googleFleet(), 'on Google, by bulkInsert', nodeOptions);
    yield await measure(size, googleFleet(false), 'on Google, one by one', nodeOptions);
  },
};

type Run = Awaited<ReturnType<typeof start>>;

async function measure(
  size: number,
  fleet: BenchFleet,
  where: string,
  nodeOptions: readonly string[],
): Promise<Measurement> {
  const runs: Run[] = [];
  for (let run = 0; run < repeats; run += 1) runs.push(await start(size, fleet, nodeOptions));
  return measurement(
    `0 to ${amount(size, '')} requested machines ${where}`,
    fleet === spreadFleet ? limits[size] : undefined,
    runs,
  );
}

/** A fresh world each time: a pool starts cold only once. */
async function start(size: number, fleet: BenchFleet, nodeOptions: readonly string[]) {
  await using rig = await Rig.start({ fleet, nodeOptions });
  const { service, url } = await rig.service(['server', 'provisioner', 'scanner']);
  const { workerPoolId: _, ...body } = benchPool(workerPoolId, fleet, { min: size, max: size });
  const path = `${new URL(url).pathname}/worker-pool/${encodeURIComponent(workerPoolId)}`;
  await rig.load.call('prepare', 'create', url, [{ method: 'PUT', path, body, credentials: admin }]);
  return await rig.measured(service, async () => {
    const startedAt = performance.now();
    const { failures } = await rig.load.call('once', 'create', 1);
    if (Object.keys(failures).length > 0) throw new Error(`the pool was not created: ${JSON.stringify(failures)}`);
    const known = `select sum(workers) >= $1 as done from worker_count where state = 'requested'`;
    await rig.until(known, [size], givenUpAfterMs);
    return performance.now() - startedAt;
  });
}

function measurement(subject: string, limit: (typeof limits)[number] | undefined, runs: readonly Run[]): Measurement {
  const [best] = runs.toSorted((one, other) => one.result - other.result);
  if (best === undefined) throw new Error('nothing was measured');
  const time: Quantity = { what: `time, best of ${repeats}`, value: best.result / 1000, unit: 's' };
  // Those of the queue are no calls to a cloud.
  const calls = Object.entries(best.costs.cloudCalls).filter(([action]) => !action.startsWith('queue.'));
  const made: Quantity = { what: 'cloud calls', value: calls.reduce((sum, [, count]) => sum + count, 0), unit: '' };
  return {
    scenario: 'cold-start',
    subject,
    quantities: [
      limit === undefined ? time : { ...time, target: { kind: 'at most', value: limit.seconds } },
      limit === undefined ? made : { ...made, target: { kind: 'at most', value: limit.calls } },
    ],
    costs: best.costs,
    notes: [`all ${repeats}: ${runs.map(({ result }) => amount(result / 1000, 's')).join(', ')}`],
  };
}
