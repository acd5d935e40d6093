import type { MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import { parkOf } from '#simulators/park.ts';
import type { Cloud } from './cloud.ts';
import { isUp, stateAt } from './life.ts';
import type { Instance } from './state.ts';

/**
 * The instances of a cloud as machines for simulated workers to run on; those that ended are left out.
 *
 * @param url base address of the simulator, without a slash at the end.
 */
export function ec2Park(cloud: Cloud, url: string): MachinePark {
  return parkOf(
    () => {
      const { nowMs } = cloud;
      return cloud.regions
        .values()
        .flatMap(({ instances }) => instances)
        .filter((instance) => stateAt(instance, nowMs) !== 'terminated');
    },
    (instance) => machineOf(instance, cloud, url),
  );
}

function machineOf(instance: Instance, cloud: Cloud, url: string): SimulatedMachine {
  return {
    cloud: 'aws',
    id: instance.id,
    metadataUrl: `${url}/_sim/imds/${instance.id}`,
    get isUp() {
      return isUp(instance, cloud.nowMs);
    },
    get bootedAt() {
      return new Date(instance.runningFromMs);
    },
    get fate() {
      return instance.fate;
    },
    powerOff: () => cloud.powerOff(instance),
  };
}
