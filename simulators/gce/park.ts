import type { MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import { parkOf } from '#simulators/park.ts';
import type { Cloud } from './cloud.ts';
import { bootedAtMs, isUp, type Instance } from './instance.ts';
import { statusAt } from './life.ts';

/**
 * The instances of a cloud as machines for simulated workers to run on; those that are gone are left out.
 *
 * @param url base address of the simulator, without a slash at the end.
 */
export function gcePark(cloud: Cloud, url: string): MachinePark {
  return parkOf(
    () => {
      const { nowMs } = cloud;
      return cloud.zones
        .values()
        .flatMap(({ instances }) => instances)
        .filter(({ life }) => !['GONE', 'TERMINATED'].includes(statusAt(life, nowMs)));
    },
    (instance) => machineOf(instance, cloud, url),
  );
}

function machineOf(instance: Instance, cloud: Cloud, url: string): SimulatedMachine {
  return {
    cloud: 'google',
    id: instance.id,
    metadataUrl: `${url}/_sim/metadata/${instance.id}`,
    get isUp() {
      return isUp(instance, cloud.nowMs);
    },
    /** Before the first boot: when it was created. */
    get bootedAt() {
      return new Date(bootedAtMs(instance, cloud.nowMs) ?? instance.createdMs);
    },
    get fate() {
      return instance.fate;
    },
    powerOff: () => cloud.powerOff(instance),
  };
}
