import type { Handler } from './call.ts';
import { deploymentHandlers } from './deployments.ts';
import { diskHandlers } from './disks.ts';
import type { Claim } from './limits.ts';
import { nicHandlers } from './network-interfaces.ts';
import { showOperation, showResult } from './operation-links.ts';
import { publicIpHandlers } from './public-ips.ts';
import { groupHandlers } from './resource-groups.ts';
import { resourceHandlers } from './resources.ts';
import { vmHandlers } from './virtual-machines.ts';
import { networkHandlers } from './virtual-networks.ts';

/** What a path leads to. */
export interface Match {
  action: string;
  handler: Handler;
  subscriptionId: string;
  group: string;
  names: readonly string[];
}

interface Route {
  method: string;
  path: RegExp;
  action: string;
  handler: Handler;
}

const subscription = '/subscriptions/{subscription}';
const group = `${subscription}/resourceGroups/{group}`;
const compute = 'providers/Microsoft.Compute';
const network = 'providers/Microsoft.Network';
const deployment = `${group}/providers/Microsoft.Resources/deployments/{}`;
const vm = `${group}/${compute}/virtualMachines/{}`;

/** The routes of a kind of resource: in its group, and in the subscription. */
function resourceRoutes(
  collection: string,
  service: string,
  handlers: Record<'put' | 'get' | 'list' | 'delete', Handler>,
): Route[] {
  const one = `${group}/${service}/${collection}/{}`;
  return [
    route('PUT', one, `${collection}.put`, handlers.put),
    route('GET', one, `${collection}.get`, handlers.get),
    route('DELETE', one, `${collection}.delete`, handlers.delete),
    route('GET', `${group}/${service}/${collection}`, `${collection}.list`, handlers.list),
    route('GET', `${subscription}/${service}/${collection}`, `${collection}.listAll`, handlers.list),
  ];
}

function route(method: string, pattern: string, action: string, handler: Handler): Route {
  const path = pattern
    .replaceAll('.', '\\.')
    .replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')
    .replaceAll('{}', '([^/]+)');
  return { method, path: new RegExp(`^${path}/?$`, 'i'), action, handler };
}

const routes: readonly Route[] = [
  ...resourceRoutes('virtualMachines', compute, vmHandlers),
  route(
    'GET',
    `${subscription}/${compute}/locations/{}/virtualMachines`,
    'virtualMachines.listByLocation',
    vmHandlers.listByLocation,
  ),
  route('GET', `${vm}/instanceView`, 'virtualMachines.instanceView', vmHandlers.instanceView),
  route('POST', `${vm}/deallocate`, 'virtualMachines.deallocate', vmHandlers.deallocate),
  route('POST', `${vm}/powerOff`, 'virtualMachines.powerOff', vmHandlers.powerOff),
  route('POST', `${vm}/start`, 'virtualMachines.start', vmHandlers.start),
  route('POST', `${vm}/simulateEviction`, 'virtualMachines.simulateEviction', vmHandlers.simulateEviction),
  ...resourceRoutes('networkInterfaces', network, nicHandlers),
  ...resourceRoutes('publicIPAddresses', network, publicIpHandlers),
  ...resourceRoutes('disks', compute, diskHandlers),
  route('GET', `${group}/${network}/virtualNetworks/{}`, 'virtualNetworks.get', networkHandlers.get),
  route('GET', `${group}/${network}/virtualNetworks/{}/subnets/{}`, 'subnets.get', networkHandlers.getSubnet),
  route('GET', `${subscription}/${compute}/locations/{}/operations/{}`, 'operations.get', showOperation),
  route('GET', `${subscription}/${network}/locations/{}/operations/{}`, 'operations.get', showOperation),
  route('GET', `${subscription}/${network}/locations/{}/operationResults/{}`, 'operations.result', showResult),
  route('GET', `${subscription}/operationresults/{}`, 'operations.result', showResult),
  route('PUT', deployment, 'deployments.put', deploymentHandlers.put),
  route('GET', deployment, 'deployments.get', deploymentHandlers.get),
  route('HEAD', deployment, 'deployments.head', deploymentHandlers.head),
  route('DELETE', deployment, 'deployments.delete', deploymentHandlers.delete),
  route('POST', `${deployment}/cancel`, 'deployments.cancel', deploymentHandlers.cancel),
  route('POST', `${deployment}/validate`, 'deployments.validate', deploymentHandlers.validate),
  route('GET', `${deployment}/operationStatuses/{}`, 'operations.get', showOperation),
  route('GET', `${deployment}/operations`, 'deploymentOperations.list', deploymentHandlers.operations),
  route('GET', `${deployment}/operations/{}`, 'deploymentOperations.get', deploymentHandlers.operation),
  // Older than the providers: the SDKs still ask here.
  route('GET', `${group}/deployments/{}/operations`, 'deploymentOperations.list', deploymentHandlers.operations),
  route('GET', `${group}/deployments/{}/operations/{}`, 'deploymentOperations.get', deploymentHandlers.operation),
  route('GET', `${group}/providers/Microsoft.Resources/deployments`, 'deployments.list', deploymentHandlers.list),
  route('PUT', group, 'resourceGroups.put', groupHandlers.put),
  route('GET', group, 'resourceGroups.get', groupHandlers.get),
  route('HEAD', group, 'resourceGroups.head', groupHandlers.head),
  route('DELETE', group, 'resourceGroups.delete', groupHandlers.delete),
  route('GET', `${group}/resources`, 'resources.list', resourceHandlers.list),
  route('GET', `${subscription}/resources`, 'resources.listAll', resourceHandlers.list),
  route('GET', `${subscription}/resourceGroups`, 'resourceGroups.list', groupHandlers.list),
];

/** All actions that faults and the logbook know; `token` is the request for one. */
export const actions: readonly string[] = ['token', ...new Set(routes.map(({ action }) => action))];

/** The handler for a path; undefined where Azure has nothing, or nothing that is simulated. */
export function matchRoute(method: string, path: string): Match | undefined {
  for (const { method: wanted, path: form, action, handler } of routes) {
    const match = wanted === method ? form.exec(path) : null;
    if (match !== null) {
      const { subscription: subscriptionId = '', group: groupName = '' } = match.groups ?? {};
      const named = groupName === '' ? 2 : 3;
      const names = match.slice(named).map(decodeURIComponent);
      return { action, handler, subscriptionId, group: decodeURIComponent(groupName), names };
    }
  }
  return undefined;
}

const computePolicies: Readonly<Record<string, readonly [name: string, isPerResource: boolean]>> = {
  'virtualMachines.put': ['PutVM', true],
  'virtualMachines.delete': ['DeleteVM', true],
  'virtualMachines.deallocate': ['DeleteVM', true],
  'virtualMachines.simulateEviction': ['DeleteVM', true],
  'virtualMachines.powerOff': ['UpdateVM', true],
  'virtualMachines.start': ['UpdateVM', true],
  'virtualMachines.get': ['LowCostGet', true],
  'virtualMachines.instanceView': ['LowCostGet', true],
  'virtualMachines.list': ['HighCostGet', false],
  'virtualMachines.listAll': ['HighCostGet', false],
  'virtualMachines.listByLocation': ['HighCostGet', false],
};

/** The buckets that a call takes its tokens from: of Azure Resource Manager, and of the compute provider. */
export function claimsOf(method: string, { action, group: groupName, names }: Match, path: string): Claim[] {
  const reads = ['GET', 'HEAD'].includes(method);
  const arm: Claim = { bucket: reads ? 'reads' : method === 'DELETE' ? 'deletes' : 'writes', of: '' };
  const isComputeOperation = action === 'operations.get' && /microsoft\.compute/i.test(path);
  const policy = isComputeOperation ? (['GetOperation', true] as const) : computePolicies[action];
  if (policy === undefined) {
    return [arm];
  }
  const [name, isPerResource] = policy;
  const resource = `${groupName}/${names.at(-1) ?? ''}`.toLowerCase();
  const own = isPerResource ? [{ bucket: `${name}Resource`, of: resource }] : [];
  return [arm, { bucket: `${name}SubscriptionMaximum`, of: '' }, ...own];
}
