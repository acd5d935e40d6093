/** The parts of a resource's id that mean something here. */
export interface ResourceName {
  subscriptionId: string;
  group: string;
  /** Namespace and type, e.g. `Microsoft.Network/virtualNetworks/subnets`. */
  type: string;
  /** One name for each part of the type behind the namespace. */
  names: readonly string[];
}

const idForm = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+)\/(.+)$/i;

/** The parts of an id below a resource group; undefined for any other text. */
export function parseResourceId(id: string): ResourceName | undefined {
  const [, subscriptionId = '', group = '', namespace = '', rest = ''] = idForm.exec(id) ?? [];
  const parts = rest.split('/');
  if (subscriptionId === '' || parts.length % 2 !== 0 || parts.includes('')) {
    return undefined;
  }
  const types = parts.filter((_part, index) => index % 2 === 0);
  const names = parts.filter((_part, index) => index % 2 === 1);
  return { subscriptionId, group, type: [namespace, ...types].join('/'), names };
}

/** `/subscriptions/…/resourceGroups/…/providers/<namespace>/<type>/<name>…` */
export function resourceId({ subscriptionId, group, type, names }: ResourceName): string {
  const [namespace = '', ...types] = type.split('/');
  const path = types.map((part, index) => `${part}/${names[index] ?? ''}`).join('/');
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/${namespace}/${path}`;
}

/** Ids mean the same however they are capitalized ("Naming rules and restrictions for Azure resources"). */
export function keyOf(id: string): string {
  return id.toLowerCase();
}
