import { ProofUncheckable } from '#core/error.ts';
import { stringMember } from '#core/provider.ts';
import type { FleetWorker } from '#core/provider.ts';
import { classOf } from './errors.ts';
import { recordOf } from './machine-record.ts';
import { asObject } from './members.ts';
import type { AzureParts } from './parts.ts';
import { find } from './resources/resource.ts';
import { vm } from './resources/vm.ts';

/**
 * Azure's own id of a worker's machine, which a proof must name: asked of Azure, by the machine's name. Null when there is no such machine.
 * @throws ProofUncheckable when Azure does not say.
 */
export async function vmIdOf(parts: AzureParts, worker: FleetWorker, signal: AbortSignal): Promise<string | null> {
  const id = vm.idOf(recordOf(worker, parts.resourceGroupName));
  const machine = await find(parts, id, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    // Throws what is a defect.
    const why = classOf(error);
    throw new ProofUncheckable(`Azure does not say which machine ${id.name} is (${why}): ${(error as Error).message}`, {
      cause: error,
    });
  });
  return machine === null ? null : stringMember(asObject(machine['properties']), 'vmId');
}
