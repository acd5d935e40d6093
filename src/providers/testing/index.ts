import { ProofRejected } from '#core/error.ts';
import { stringMember } from '#core/provider.ts';
import type { Identity } from '#core/provider.ts';
import type { ProviderModule } from '#providers/module.ts';
import { TestingCloud } from './cloud.ts';
import { testingFleet } from './fleet.ts';

/**
 * A provider for test suites (spec/provisioning.md 9.3): machines in memory, and a set-up that fails `setupFailure` times.
 * A suite that wants to steer the cloud hands in its own; otherwise each provider gets a fresh one.
 */
export function testingProvider(cloud?: TestingCloud): ProviderModule<'testing'> {
  return {
    providerType: 'testing',
    configSchemaName: 'config-testing',
    parts: ['fleet', 'identity'],
    configure(settings) {
      let failuresLeft = settings.count('setupFailure', 0);
      return async (providerId, { clock }) => {
        if (failuresLeft > 0) {
          failuresLeft -= 1;
          throw new Error('the set-up fails as configured');
        }
        const machines = cloud ?? new TestingCloud(clock);
        return { fleet: testingFleet(machines, providerId), identity: testingIdentity(machines), enrolment: null };
      };
    },
  };
}

/** The registered one. */
export const testingModule = testingProvider();

/** A machine proves who it is by the token that the cloud gave it. A worker with `failRegister` in its provider data is rejected. */
function testingIdentity(cloud: TestingCloud): Identity {
  return {
    async identify(proof, worker) {
      const failure = stringMember(worker.providerData, 'failRegister');
      if (failure !== null) {
        throw new ProofRejected(failure);
      }
      const token = cloud.machines.get(worker.workerId)?.token;
      if (token === undefined || stringMember(proof, 'token') !== token) {
        throw new ProofRejected('the token is not that of the machine');
      }
    },
  };
}
