import { runningFleet, spreadFleet } from '#bench/fleet.ts';
import { amount } from '#bench/report.ts';
import type { Measurement } from '#bench/report.ts';
import { Rig } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';
import { systemClock } from '#lib/clock.ts';

/** MiB that the process may take, by the number of workers. */
const limits: Readonly<Record<number, number>> = { 10_000: 300, 100_000: 600 };
/** Long enough for every loop to have turned several times. */
const livesMs = 75_000;

/** The memory of one process that does everything. */
export const memory: Scenario = {
  name: 'memory',
  summary: 'resident memory of all in one process, after several turns of every loop',

  async *run({ sizes, nodeOptions }) {
    for (const size of sizes.length > 0 ? sizes : [10_000, 100_000]) yield await measure(size, nodeOptions);
  },
};

async function measure(size: number, nodeOptions: readonly string[]): Promise<Measurement> {
  await using rig = await Rig.start({ fleet: spreadFleet, nodeOptions });
  await runningFleet(rig, size, spreadFleet);
  const { service } = await rig.service(['server', 'provisioner', 'scanner']);
  const { rssMiB: atStart } = await service.call('usage');
  const { costs } = await rig.measured(service, () => systemClock.sleep(livesMs));
  const limit = limits[size];
  return {
    scenario: 'memory',
    subject: `${amount(size, '')} workers`,
    quantities: [
      { what: 'right after the start', value: atStart, unit: 'MiB' },
      {
        what: 'at most',
        value: costs.peakRssMiB,
        unit: 'MiB',
        ...(limit === undefined ? {} : { target: { kind: 'at most', value: limit } }),
      },
    ],
    costs,
  };
}
