import { recordFrom } from './machine-record.ts';
import type { MachineRecord } from './machine-record.ts';
import { stringMember } from '#core/provider.ts';
import { namesOf } from './names.ts';
import { allOf, pages } from './pages.ts';
import type { AzureParts } from './parts.ts';
import { subscriptionPath } from './paths.ts';
import { find } from './resources/resource.ts';
import { isOurs, ownerMark, ownershipTag } from './tags.ts';

const version = '2024-03-01';

/** The resource groups in which machines of this provider may be: its own, those seen in use, and those that it made. */
export async function groupsInUse(parts: AzureParts, signal: AbortSignal): Promise<string[]> {
  const filter = `tagName eq '${ownershipTag}' and tagValue eq '${ownerMark(parts.providerId)}'`;
  const query = new URLSearchParams({ 'api-version': version, $filter: filter });
  const url = `${subscriptionPath(parts.subscriptionId)}/resourcegroups?${query.toString()}`;
  const made = (await allOf(pages(parts, url, 'resourceGroups.list', signal)))
    .filter((group) => isOurs(group, parts.providerId))
    .flatMap((group) => stringMember(group, 'name')?.toLowerCase() ?? []);
  return [...new Set([parts.resourceGroupName.toLowerCase(), ...parts.knownGroups, ...made])];
}

/** Looks for a worker's machine by its name, and for the deployment that is to make it; null when there is neither. */
export async function findMachine(
  parts: AzureParts,
  workerId: string,
  groups: readonly string[],
  signal: AbortSignal,
): Promise<MachineRecord | null> {
  const { vm, deployment } = namesOf(workerId);
  for (const group of groups) {
    const found =
      (await find(parts, { kind: 'vm', group, name: vm }, signal)) ??
      (await find(parts, { kind: 'deployment', group, name: deployment }, signal));
    if (found !== null) return recordFrom(found, workerId, group);
  }
  return null;
}
