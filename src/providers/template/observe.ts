import type { Presence, Sighting } from '#core/provider.ts';
import type { WorkerKey } from '#core/worker.ts';
import type { Cloud, CloudMachine } from './cloud.ts';
import { launchedWorker } from './launch.ts';

const presences: Readonly<Record<string, Presence>> = {
  booting: 'alive',
  up: 'alive',
  broken: 'failed',
  ending: 'ending',
  ended: 'gone',
};

/** Everything in the scope that carries our mark, a page at a time: cost grows with pages, not with machines. */
export async function* observe(
  cloud: Cloud,
  providerId: string,
  signal: AbortSignal,
): AsyncGenerator<readonly Sighting[]> {
  let page: string | null = null;
  do {
    const query = { owner: `taskcluster-wm-${providerId}`, ...(page === null ? {} : { page }) };
    const { machines, next } = await cloud.list(query, signal);
    yield machines.map(sightingOf);
    page = next;
  } while (page !== null);
}

/** The second kind of question, by id: it confirms what a list did not show. */
export async function inspect(
  cloud: Cloud,
  workers: readonly WorkerKey[],
  signal: AbortSignal,
): Promise<readonly Sighting[]> {
  const ids = workers.map((worker) => worker.workerId);
  return ids.length === 0 ? [] : (await cloud.get(ids, signal)).map(sightingOf);
}

function sightingOf(machine: CloudMachine): Sighting {
  return {
    ...launchedWorker(machine),
    // A state that is new to us exists: its time limits still hold.
    presence: presences[machine.state] ?? 'suspended',
    cloudState: machine.state,
    orderId: machine.orderId,
    launchedAt: machine.startedAt,
  };
}
