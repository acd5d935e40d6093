import { stringMember } from '#core/provider.ts';
import type { FleetWorker } from '#core/provider.ts';
import { recordOf } from './machine-record.ts';
import { asObject } from './members.ts';
import type { AzureParts } from './parts.ts';
import { find } from './resources/resource.ts';
import { vm } from './resources/vm.ts';

/**
 * Azure's own id of a worker's machine, which a proof must name: asked of Azure, by the machine's name. Null when there is no such machine.
 * @throws ArmError when Azure does not answer.
 */
export async function vmIdOf(parts: AzureParts, worker: FleetWorker, signal: AbortSignal): Promise<string | null> {
  const machine = await find(parts, vm.idOf(recordOf(worker, parts.resourceGroupName)), signal);
  return machine === null ? null : stringMember(asObject(machine['properties']), 'vmId');
}
