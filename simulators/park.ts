import type { MachinePark, SimulatedMachine } from './machine.ts';

/**
 * The machines of a cloud for simulated workers to run on.
 *
 * @param found what the cloud has now that is a machine.
 * @param machineOf makes one of it; asked once for each, so that who drives a machine can hold on to it.
 */
export function parkOf<Instance extends object>(
  found: () => Iterable<Instance>,
  machineOf: (instance: Instance) => SimulatedMachine,
): MachinePark {
  const machines = new WeakMap<Instance, SimulatedMachine>();
  const known = (instance: Instance): SimulatedMachine => {
    const machine = machines.get(instance) ?? machineOf(instance);
    machines.set(instance, machine);
    return machine;
  };
  return { machines: () => Array.from(found(), known) };
}
