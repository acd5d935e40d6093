/** The kinds of resource that are made for workers, with the version of the interface by which each is asked for. */
export const resourceTypes = {
  vm: { type: 'Microsoft.Compute/virtualMachines', version: '2024-07-01' },
  disk: { type: 'Microsoft.Compute/disks', version: '2024-03-02' },
  nic: { type: 'Microsoft.Network/networkInterfaces', version: '2024-05-01' },
  ip: { type: 'Microsoft.Network/publicIPAddresses', version: '2024-05-01' },
  deployment: { type: 'Microsoft.Resources/deployments', version: '2024-03-01' },
} as const;
export type ResourceKind = keyof typeof resourceTypes;

/** One resource, as far as its id says. */
export interface ResourceId {
  kind: ResourceKind;
  group: string;
  name: string;
}

/** The path of a resource. */
export function resourcePath(subscriptionId: string, { kind, group, name }: ResourceId): string {
  return `${groupPath(subscriptionId, group)}/providers/${resourceTypes[kind].type}/${encodeURIComponent(name)}`;
}

export function groupPath(subscriptionId: string, group: string): string {
  return `${subscriptionPath(subscriptionId)}/resourceGroups/${encodeURIComponent(group)}`;
}

export function subscriptionPath(subscriptionId: string): string {
  return `/subscriptions/${encodeURIComponent(subscriptionId)}`;
}

/** Puts the version of the interface, and whatever else, behind a path. */
export function withQuery(path: string, kind: ResourceKind, query: Readonly<Record<string, string>> = {}): string {
  return `${path}?${new URLSearchParams({ 'api-version': resourceTypes[kind].version, ...query }).toString()}`;
}

/** Reads a resource id; null for types that are not made for workers. Azure writes ids in any case. */
export function readResourceId(id: string): ResourceId | null {
  const parts = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\/providers\/([^/]+\/[^/]+)\/([^/]+)$/i.exec(id);
  const [, group, type, name] = parts ?? [];
  if (group === undefined || type === undefined || name === undefined) return null;
  const kinds = Object.keys(resourceTypes) as ResourceKind[];
  const kind = kinds.find((one) => resourceTypes[one].type.toLowerCase() === type.toLowerCase());
  return kind === undefined ? null : { kind, group, name };
}

/** Do both name one resource? Azure's names have no case. */
export function resourceKey({ kind, group, name }: ResourceId): string {
  return `${kind}/${group}/${name}`.toLowerCase();
}
