import type { MachinePark, SimulatedMachine } from '#simulators/machine.ts';
import { parkOf } from '#simulators/park.ts';
import type { Cloud } from './cloud.ts';
import type { Vm } from './state.ts';
import { isUp, powerOff } from './vm-life.ts';

/**
 * The virtual machines of a cloud as machines for simulated workers to run on: all that have a host.
 *
 * @param url base address of the simulator, without a slash at the end.
 */
export function azurePark(cloud: Cloud, url: string): MachinePark {
  return parkOf(
    () => {
      cloud.settle();
      return cloud.subscription.virtualMachines
        .values()
        .filter(({ power }) => power !== null && power !== 'deallocated');
    },
    (vm) => machineOf(vm, cloud, url),
  );
}

function machineOf(vm: Vm, cloud: Cloud, url: string): SimulatedMachine {
  return {
    cloud: 'azure',
    /** Its name: what the programs on it go by. */
    id: vm.name,
    metadataUrl: `${url}/_sim/imds/${vm.vmId}`,
    get isUp() {
      cloud.settle();
      return isUp(vm);
    },
    get bootedAt() {
      return new Date(vm.bootedMs ?? 0);
    },
    get fate() {
      return vm.fate;
    },
    powerOff: () => {
      cloud.settle();
      powerOff(vm, cloud);
    },
  };
}
