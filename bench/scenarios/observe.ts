import { azureTemplateFleet, googleFleet, oneRegionFleet, runningFleet, spreadFleet } from '#bench/fleet.ts';
import type { BenchFleet } from '#bench/fleet.ts';
import { amount, total } from '#bench/report.ts';
import type { Measurement } from '#bench/report.ts';
import { Rig } from '#bench/rig.ts';
import type { Costs } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';

/** Seconds that one observation may take, by the number of machines. */
const limits: Readonly<Record<number, number>> = { 1_000: 0.5, 10_000: 2, 100_000: 20 };
const repeats = 3;
const workersPerStatement = 100;

/** One observation of running machines of which nothing has changed. */
export const observe: Scenario = {
  name: 'observe',
  summary: 'one observation of running machines, nothing changed',

  async *run({ sizes, nodeOptions }) {
    for (const size of sizes.length > 0 ? sizes : [1_000, 10_000, 100_000]) {
      yield await measure(size, spreadFleet, nodeOptions);
      if (size !== 10_000) continue;
      for (const fleet of [oneRegionFleet, googleFleet(), azureTemplateFleet])
        yield await measure(size, fleet, nodeOptions);
    }
  },
};

async function measure(size: number, fleet: BenchFleet, nodeOptions: readonly string[]): Promise<Measurement> {
  await using rig = await Rig.start({ fleet, nodeOptions });
  await runningFleet(rig, size, fleet);
  const { service } = await rig.service([]);
  const runs: { ms: number; costs: Costs }[] = [];
  for (let run = 0; run < repeats; run += 1) {
    const { result: ms, costs } = await rig.measured(service, () => service.call('observe'));
    runs.push({ ms, costs });
  }
  const machines = Object.values(await rig.simulators.call('machinesByPlace'));
  const pages = machines.reduce((sum, count) => sum + Math.ceil(count / fleet.machinesPerPage), 0);
  const [best] = runs.toSorted((one, other) => one.ms - other.ms);
  if (best === undefined) throw new Error('nothing was measured');
  // The small pages of Azure, one after the other, take longer than that by themselves.
  const seconds = fleet.cloud === 'azure' ? undefined : limits[size];
  return {
    scenario: 'observe',
    subject: `${amount(size, '')} machines ${fleet.where}`,
    quantities: [
      {
        what: `time, best of ${repeats}`,
        value: best.ms / 1000,
        unit: 's',
        ...(seconds === undefined ? {} : { target: { kind: 'at most', value: seconds } }),
      },
      {
        what: 'cloud calls (pages)',
        // At Azure deployments that have served their time are deleted meanwhile.
        value: best.costs.cloudCalls[fleet.listAction] ?? 0,
        unit: '',
        target: { kind: 'at most', value: pages },
      },
      {
        what: 'SQL statements',
        value: total(best.costs.statements),
        unit: '',
        target: { kind: 'at most', value: size / workersPerStatement },
      },
    ],
    costs: best.costs,
    notes: [`all ${repeats}: ${runs.map(({ ms }) => amount(ms / 1000, 's')).join(', ')}`],
  };
}
