// spec: provisioning 9.3
import { SettingsReader } from '#providers/settings-reader.ts';
import { providerConformance } from '#test/conformance/provider.ts';
import type { FleetWorld } from '#test/conformance/provider/world.ts';
import { someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { TestingCloud } from './cloud.ts';
import { testingProvider } from './index.ts';

async function aTestingWorld(): Promise<FleetWorld> {
  const surroundings = someSurroundings();
  const cloud = new TestingCloud(surroundings.clock);
  const setUp = testingProvider(cloud).configure(new SettingsReader({}));
  const { fleet, identity } = await setUp('testing-1', surroundings, surroundings.signal);
  return {
    fleet: fleet!,
    identity,
    providerId: 'testing-1',
    configuration: {},
    unknownId: 'm-unknown',
    now: () => surroundings.clock.now(),
    machines: () =>
      [...cloud.machines.values()].map(({ workerId, orderId, presence }) => ({
        workerId,
        orderId,
        isAlive: presence === 'alive',
      })),
    addStranger: async () => cloud.start('somebody', null, 1)[0]!.workerId,
    end: (workerId) => cloud.end([workerId]),
    limitStock: (available) => void (cloud.stock = available),
    refuse(call, refusalClass) {
      cloud.faults.set(call, { kind: 'refuse', class: refusalClass });
      return true;
    },
    disturb: (call, kind, when) => void cloud.faults.set(call, { kind, when }),
    calm() {
      cloud.faults.clear();
      cloud.stock = Infinity;
    },
    proofOf: async (workerId) => ({ token: cloud.machines.get(workerId)!.token }),
    forgeries: async () => ({ guessed: { token: crypto.randomUUID() } }),
    close: async () => undefined,
  };
}

providerConformance('the testing provider', aTestingWorld);
