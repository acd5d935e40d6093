import { azureFleet, azureTemplateFleet, benchPool } from '#bench/fleet.ts';
import type { BenchFleet } from '#bench/fleet.ts';
import type { LoadRequest } from '#bench/processes/load.ts';
import { amount } from '#bench/report.ts';
import type { Measurement } from '#bench/report.ts';
import { Rig, admin } from '#bench/rig.ts';
import type { Costs } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';

const workerPoolId = 'bench/azure';
const givenUpAfterMs = 900_000;
const connections = 20;

/** The way up and the way down of many machines, while Azure's operations take their time and its limits are as they are. */
export const azure: Scenario = {
  name: 'azure',
  summary: '500 machines at Azure made and ended, with real limits and times, everything in one process',

  async *run({ sizes, nodeOptions }) {
    for (const size of sizes.length > 0 ? sizes : [500]) {
      yield* measure(size, azureFleet, 'part by part', nodeOptions);
      yield* measure(size, azureTemplateFleet, 'by template', nodeOptions);
    }
  },
};

async function* measure(
  size: number,
  fleet: BenchFleet,
  how: string,
  nodeOptions: readonly string[],
): AsyncGenerator<Measurement> {
  await using rig = await Rig.start({ fleet, isReal: true, nodeOptions });
  const { service, url } = await rig.service(['server', 'provisioner', 'scanner']);
  const prefix = new URL(url).pathname;
  const pool = (min: number) => {
    const { workerPoolId: _, ...body } = benchPool(workerPoolId, fleet, { min, max: size });
    return { path: `${prefix}/worker-pool/${encodeURIComponent(workerPoolId)}`, body, credentials: admin };
  };
  const made = await rig.measured(service, async () => {
    await send(rig, url, [{ method: 'PUT', ...pool(size) }]);
    await rig.until(
      `select sum(workers) >= $1 as done from worker_count where state = 'requested'`,
      [size],
      givenUpAfterMs,
    );
  });
  yield measurement(`${amount(size, '')} machines accepted, ${how}`, made.costs, size);

  // Nothing takes their place.
  await send(rig, url, [{ method: 'POST', ...pool(0) }]);
  const workers = await rig.sql<{ group: string; id: string }>(
    `select worker_group as "group", worker_id as id from worker`,
  );
  const removals = workers.map(({ group, id }): LoadRequest => ({
    method: 'DELETE',
    path: `${prefix}/workers/${encodeURIComponent(workerPoolId)}/${group}/${id}`,
    credentials: admin,
  }));
  const ended = await rig.measured(service, async () => {
    await send(rig, url, removals);
    await rig.until(
      `select coalesce(sum(workers), 0) = 0 as done from worker_count where state <> 'stopped'`,
      [],
      givenUpAfterMs,
    );
  });
  yield measurement(`${amount(size, '')} machines removed and gone with all their parts, ${how}`, ended.costs, size);
}

async function send(rig: Rig, url: string, requests: readonly LoadRequest[]): Promise<void> {
  await rig.load.call('prepare', 'azure', url, requests);
  const { failures } = await rig.load.call('once', 'azure', connections);
  if (Object.keys(failures).length > 0) throw new Error(`refused: ${JSON.stringify(failures)}`);
}

function measurement(subject: string, costs: Costs, size: number): Measurement {
  const calls = Object.entries(costs.cloudCalls).filter(([action]) => !action.startsWith('queue.'));
  const sum = calls.reduce((total, [, count]) => total + count, 0);
  return {
    scenario: 'azure',
    subject,
    quantities: [
      { what: 'time', value: costs.wallMs / 1000, unit: 's' },
      { what: 'cloud calls per machine', value: sum / size, unit: '' },
    ],
    costs,
  };
}
