import { benchPool, spreadFleet } from '#bench/fleet.ts';
import { total } from '#bench/report.ts';
import { Rig } from '#bench/rig.ts';
import type { Scenario } from '#bench/scenario.ts';
import { systemClock } from '#lib/clock.ts';

const pools = 300;
const settlesMs = 30_000;
const minuteMs = 60_000;

/** What a service costs that has nothing to do. */
export const idle: Scenario = {
  name: 'idle',
  summary: `a minute of ${pools} pools without workers and without tasks, everything in one process`,

  async *run({ nodeOptions }) {
    await using rig = await Rig.start({ fleet: spreadFleet, nodeOptions });
    const { service } = await rig.service(['server', 'provisioner', 'scanner']);
    const idlePools = Array.from({ length: pools }, (_, index) =>
      benchPool(`bench/idle-${index + 1}`, spreadFleet, { min: 0, max: 100 }),
    );
    await service.call('createPools', idlePools);
    // The tasks of pools that come by other ways than the API are found with the next look for them.
    await systemClock.sleep(settlesMs);
    const { costs } = await rig.measured(service, () => systemClock.sleep(minuteMs));
    const calls = Object.entries(costs.cloudCalls);
    const callsTo = (isQueue: boolean): number =>
      calls.reduce((sum, [action, count]) => sum + (action.startsWith('queue.') === isQueue ? count : 0), 0);
    yield {
      scenario: 'idle',
      subject: `${pools} idle pools, a minute`,
      quantities: [
        { what: 'SQL statements', value: total(costs.statements), unit: '' },
        { what: 'cloud calls', value: callsTo(false), unit: '' },
        { what: 'queue calls', value: callsTo(true), unit: '' },
        { what: 'CPU', value: costs.cpuMs / 1000, unit: 's' },
      ],
      costs,
    };
  },
};
