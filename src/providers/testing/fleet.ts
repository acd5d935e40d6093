import type { LaunchOutcome, LaunchedWorker, Refusal } from '#core/launch.ts';
import type { Fleet, Sighting } from '#core/provider.ts';
import { accountScope } from '#providers/unavailable-provider.ts';
import { TestingBreak, TestingRefusal } from './cloud.ts';
import type { TestingCloud, TestingMachine } from './cloud.ts';

/** The only place of the testing cloud: scope and worker group. */
const testingScope = 'testing';
/** Machines per page of a list. */
const pageSize = 10;

/** The fleet of a provider in a testing cloud. */
export function testingFleet(cloud: TestingCloud, providerId: string): Fleet {
  const outcomeOf = async (machines: Promise<TestingMachine[]>): Promise<LaunchOutcome> => {
    try {
      return settled(await machines, null);
    } catch (error) {
      if (error instanceof TestingBreak) {
        return { kind: 'unknown', launched: [], refusal: refusalOf(error) };
      }
      return settled([], refusalOf(error));
    }
  };
  return {
    maxPerOrder: 100,
    confirmsLater: false,
    scopes: () => [testingScope],
    place: () => ({ workerGroup: testingScope, scope: testingScope, backOffScopes: [accountScope, testingScope] }),

    async launch({ order }, signal) {
      const start = (): TestingMachine[] => cloud.start(providerId, order.orderId, order.count);
      const outcome = await outcomeOf(cloud.call('launch', signal, start));
      const isShort = outcome.kind === 'settled' && outcome.refusal === null && outcome.launched.length < order.count;
      return isShort ? { ...outcome, refusal: refusalOf(new TestingRefusal('capacity')) } : outcome;
    },

    async recover(order, signal) {
      const outcome = await outcomeOf(cloud.call('list', signal, () => cloud.ofOrder(order.orderId)));
      return outcome.refusal === null ? outcome : { kind: 'unknown', launched: [], refusal: outcome.refusal };
    },

    async *observe(_scope, signal) {
      const ours = [...cloud.machines.values()].filter((machine) => machine.owner === providerId);
      for (let start = 0; start === 0 || start < ours.length; start += pageSize) {
        const page = await cloud.call('list', signal, () => ours.slice(start, start + pageSize));
        yield page.map(sightingOf);
      }
    },

    inspect: (_scope, workers, signal) =>
      cloud.call('get', signal, () =>
        workers.flatMap(({ workerId }) => cloud.machines.get(workerId) ?? []).map(sightingOf),
      ),

    async terminate(_scope, workers, signal) {
      try {
        await cloud.call('terminate', signal, () => cloud.end(workers.map((worker) => worker.workerId)));
        return workers.map((worker) => ({ worker, accepted: true, refusal: null }));
      } catch (error) {
        const refusal = refusalOf(error);
        return workers.map((worker) => ({ worker, accepted: false, refusal }));
      }
    },
  };
}

function settled(machines: readonly TestingMachine[], refusal: Refusal | null): LaunchOutcome {
  return { kind: 'settled', launched: machines.map(launchedWorker), refusal };
}

function launchedWorker(machine: TestingMachine): LaunchedWorker {
  return { workerGroup: testingScope, workerId: machine.workerId, providerData: { owner: machine.owner } };
}

function sightingOf(machine: TestingMachine): Sighting {
  const { presence, orderId, launchedAt, trouble } = machine;
  const sighting = { ...launchedWorker(machine), presence, cloudState: presence, orderId, launchedAt };
  return trouble === undefined ? sighting : { ...sighting, trouble };
}

/** @throws what the cloud did not say: the end of an aborted call, defects. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof TestingRefusal || error instanceof TestingBreak)) {
    throw error;
  }
  return {
    class: error instanceof TestingRefusal ? error.class : 'transient',
    code: error instanceof TestingRefusal ? `Testing-${error.class}` : 'ECONNRESET',
    message: error.message,
    scope: testingScope,
    retryAfterMs: null,
    requestId: null,
  };
}
