// spec: provisioning 10.1
import { describe } from 'node:test';
import type { TestContext } from 'node:test';
import { abortTests, terminationTests } from './provider/ending.ts';
import { identityTests } from './provider/identifying.ts';
import { crashTests, launchTests } from './provider/launching.ts';
import { observationTests } from './provider/observing.ts';
import type { FleetWorld } from './provider/world.ts';

/**
 * What every provider that starts machines promises (core/provider.ts), tried on a cloud that answers, refuses, breaks off and
 * hangs. Each test gets a world of its own.
 */
export function providerConformance(name: string, makeWorld: () => Promise<FleetWorld>): void {
  const world = async (t: TestContext): Promise<FleetWorld> => {
    const made = await makeWorld();
    t.after(() => made.close());
    return made;
  };
  describe(`${name} keeps the promises of a fleet`, () => {
    launchTests(world);
    crashTests(world);
    observationTests(world);
    terminationTests(world);
    abortTests(world);
  });
  describe(`${name} keeps the promises of an identity`, () => identityTests(world));
}
