import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import type { Sighting } from '#core/provider.ts';
import { sightingWithout } from './machine.ts';
import { recordFrom } from './machine-record.ts';
import type { MachineRecord } from './machine-record.ts';
import { objectAt } from './members.ts';
import { allOf, listAll } from './pages.ts';
import type { AzureParts } from './parts.ts';
import { readResourceId } from './paths.ts';
import { diskIds } from './resources/disk.ts';
import { nic } from './resources/nic.ts';
import { publicIp } from './resources/public-ip.ts';
import { find } from './resources/resource.ts';
import { isOurs, orderTag, tagOf, workerTag } from './tags.ts';

/**
 * Interfaces, addresses and disks of ours, by the worker that they were made for: three lists of the whole subscription.
 * @param isWanted whose; of a fleet that is well nearly all is not, and is not kept in memory.
 */
export async function partsByWorker(
  parts: AzureParts,
  isWanted: (workerId: string) => boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly JsonObject[]>> {
  const workerOf = (resource: JsonObject): string => tagOf(resource, workerTag) ?? '';
  const isKept = (resource: JsonObject): boolean => isOurs(resource, parts.providerId) && isWanted(workerOf(resource));
  const lists = await Promise.all(
    (['nic', 'ip', 'disk'] as const).map((kind) => allOf(listAll(parts, kind, signal), isKept)),
  );
  return Map.groupBy(lists.flat(), workerOf);
}

/** Does a machine hold it? Then the machine is there, whatever else is said. */
export function isHeld(resource: JsonObject): boolean {
  return (
    stringMember(objectAt(resource, 'properties', 'virtualMachine'), 'id') !== null ||
    stringMember(resource, 'managedBy') !== null
  );
}

/** What is there of a machine that was made by resources: asked for by name. */
export async function partsByName(
  parts: AzureParts,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<JsonObject[]> {
  const ids = [nic.idOf(record), ...(record.hasPublicIp ? [publicIp.idOf(record)] : []), ...diskIds(record)];
  const found = await Promise.all(ids.map((id) => find(parts, id, signal)));
  return found.filter((resource) => resource !== null);
}

/** A worker of which only parts are left: it will never work, and they cost money until they are deleted. */
export function leftoverSighting(record: MachineRecord, left: readonly JsonObject[]): Sighting {
  const names = left.map((resource) => stringMember(resource, 'name') ?? '').join(', ');
  const orderId = left.map((resource) => tagOf(resource, orderTag)).find((tag) => tag !== null) ?? null;
  return sightingWithout(record, {
    presence: 'failed',
    cloudState: `left: ${names}`,
    orderId,
    why: `vm not found; left: ${names}`,
  });
}

/** The sighting of a worker by its parts alone. */
export function sightingByParts(workerId: string, left: readonly JsonObject[]): Sighting {
  const [first = {}] = left;
  const group = readResourceId(stringMember(first, 'id') ?? '')?.group ?? '';
  const record = recordFrom(first, workerId, group);
  const dataDisks = left.filter((resource) => /-\d+$/.test(stringMember(resource, 'name') ?? '')).length;
  return leftoverSighting({ ...record, dataDisks }, left);
}
