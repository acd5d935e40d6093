import type { IncomingHttpHeaders } from 'node:http';
import { isRecord, member, textMember } from '#simulators/worker/json.ts';
import { macOf, privateIpOf, publicIpOf } from './addresses.ts';
import type { Plan } from './attested-facts.ts';
import { isSpotVm, sizeNameOf } from './capacity.ts';
import type { Cloud } from './cloud.ts';
import { addressOf, configurationsOf } from './ip-configurations.ts';
import type { Json, Nic, Vm } from './state.ts';
import { exists, isUp } from './vm-life.ts';

/** What the metadata service answers. */
export interface MetadataAnswer {
  status: number;
  body: string;
  contentType: string;
}

const newestVersions = ['2025-04-07', '2024-07-17', '2024-03-15'];
const oldestVersion = '2017-03-01';
/** How long an attested document is good: six hours in the real ones. */
const attestedMs = 6 * 3_600_000;

/**
 * The instance metadata service: what a program on a machine finds at `http://169.254.169.254/metadata`
 * (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service): `instance` with its parts,
 * `attested/document`, `scheduledevents` and `versions`.
 */
export class MetadataService {
  readonly #cloud: Cloud;
  /** Machines that asked before: there are thousands, and each asks often. */
  readonly #found = new Map<string, WeakRef<Vm>>();

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
  }

  /**
   * @param machine id or name of a virtual machine.
   * @param url as on the machine, e.g. `/metadata/instance?api-version=2025-04-07`.
   */
  async answer(machine: string, method: string, url: string, headers: IncomingHttpHeaders): Promise<MetadataAnswer> {
    this.#cloud.settle();
    const vm = this.#find(machine);
    if (vm === undefined || !isUp(vm)) {
      return problem(404, 'the machine is not up');
    }
    const { pathname, searchParams } = new URL(url, 'http://machine');
    const refusal = refusalOf(method, pathname, searchParams, headers);
    if (refusal !== undefined) {
      return refusal;
    }
    const [, , category, ...parts] = pathname.split('/').map(decodeURIComponent);
    switch (category) {
      case 'versions':
        return json({ apiVersions: newestVersions.toReversed() });
      case 'instance':
        return part(instanceOf(vm, this.#cloud), parts, searchParams.get('format') ?? 'json');
      case 'scheduledevents':
        return json(eventsOf(vm));
      case 'attested':
        return parts[0] === 'document' ? this.#attest(vm, searchParams.get('nonce') ?? '') : notFound;
      default:
        return notFound;
    }
  }

  #find(machine: string): Vm | undefined {
    const wanted = machine.toLowerCase();
    const isWanted = ({ vmId, name }: Vm): boolean => vmId === wanted || name.toLowerCase() === wanted;
    const known = this.#found.get(wanted)?.deref();
    if (known !== undefined && isWanted(known) && exists(known, this.#cloud)) {
      return known;
    }
    const found = this.#cloud.subscription.virtualMachines.values().find(isWanted);
    if (found !== undefined) {
      this.#found.set(wanted, new WeakRef(found));
    }
    return found;
  }

  async #attest(vm: Vm, nonce: string): Promise<MetadataAnswer> {
    const { attest, subscriptionId, nowMs } = this.#cloud;
    if (attest === undefined) {
      return problem(503, 'no one signs attested documents here');
    }
    if (nonce.length > 32) {
      return problem(400, 'Bad request. Invalid nonce');
    }
    const expiresOn = new Date(nowMs + attestedMs);
    const signature = await attest({
      vmId: vm.vmId,
      subscriptionId,
      nonce: nonce === '' ? stampOf(expiresOn) : nonce,
      sku: textMember(imageOf(vm), 'sku') ?? '',
      plan: planOf(vm),
      licenseType: textMember(vm.properties, 'licenseType') ?? '',
      createdOn: new Date(nowMs),
      expiresOn,
    });
    return json({ encoding: 'pkcs7', signature });
  }
}

const notFound = problem(404, 'Not found');

/** What the service refuses before it looks at the path: "Must contain the header `Metadata: true`" and so on. */
function refusalOf(
  method: string,
  path: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): MetadataAnswer | undefined {
  if (String(headers['metadata']).toLowerCase() !== 'true') {
    return problem(400, 'Bad request. Required metadata header not specified');
  }
  if (headers['x-forwarded-for'] !== undefined) {
    return problem(400, 'Bad request. Request contains X-Forwarded-For header');
  }
  if (method !== 'GET') {
    return problem(405, 'Method not allowed');
  }
  const version = query.get('api-version') ?? '';
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(version);
  if (path !== '/metadata/versions' && !(isDate && version >= oldestVersion && version <= (newestVersions[0] ?? ''))) {
    const error =
      'Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds';
    return { ...json({ error, 'newest-versions': newestVersions }), status: 400 };
  }
  return undefined;
}

/** "In json responses, all primitives will be of type string", and what does not apply is there, and empty. */
function instanceOf(vm: Vm, cloud: Cloud): Json {
  return { compute: computeOf(vm, cloud), network: { interface: interfacesOf(vm, cloud) } };
}

function computeOf(vm: Vm, cloud: Cloud): Json {
  const tags = Object.entries(vm.tags).map(([name, value]) => ({ name, value }));
  const image = imageOf(vm);
  const isSpot = isSpotVm(vm);
  const zones: unknown = vm.top['zones'];
  return {
    azEnvironment: 'AzurePublicCloud',
    customData: '',
    evictionPolicy: isSpot ? textOr(vm.properties, 'evictionPolicy', 'Deallocate') : '',
    licenseType: textOr(vm.properties, 'licenseType'),
    location: vm.location,
    name: vm.name,
    offer: textOr(image, 'offer'),
    osProfile: {
      adminUsername: textOr(vm.properties['osProfile'], 'adminUsername'),
      computerName: vm.computerName,
      disablePasswordAuthentication: '',
    },
    osType: vm.isWindows ? 'Windows' : 'Linux',
    placementGroupId: '',
    plan: planOf(vm),
    platformFaultDomain: '0',
    platformUpdateDomain: '0',
    priority: isSpot ? 'Spot' : 'Regular',
    provider: 'Microsoft.Compute',
    publisher: textOr(image, 'publisher'),
    resourceGroupName: vm.group,
    resourceId: vm.id,
    sku: textOr(image, 'sku'),
    storageProfile: { imageReference: { id: textOr(image, 'id') }, osDisk: { name: vm.disks[0]?.name ?? '' } },
    subscriptionId: cloud.subscriptionId,
    tags: tags.map(({ name, value }) => `${name}:${value}`).join(';'),
    tagsList: tags,
    userData: textOr(vm.properties, 'userData'),
    version: textOr(image, 'version'),
    vmId: vm.vmId,
    vmScaleSetName: '',
    vmSize: sizeNameOf(vm),
    zone: Array.isArray(zones) ? String(zones[0]) : '',
  };
}

function textOr(value: unknown, name: string, otherwise = ''): string {
  return textMember(value, name) ?? otherwise;
}

function interfacesOf(vm: Vm, cloud: Cloud): Json[] {
  return vm.nics
    .map(({ key }) => cloud.subscription.networkInterfaces.get(key))
    .filter((nic) => nic !== undefined)
    .map((nic) => ({
      ipv4: {
        ipAddress: configurationsOf(nic.properties).map((configuration) => ipAddressOf(nic, configuration, cloud)),
        subnet: [{ address: '10.0.0.0', prefix: '8' }],
      },
      ipv6: { ipAddress: [] },
      macAddress: macOf(nic),
    }));
}

function ipAddressOf(nic: Nic, configuration: Json, cloud: Cloud): Json {
  const address = addressOf(configuration, cloud);
  return {
    privateIpAddress: privateIpOf(nic),
    publicIpAddress: address === undefined ? '' : publicIpOf(address),
  };
}

/** https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events */
function eventsOf({ eviction, name }: Vm): Json {
  const event =
    eviction === null
      ? []
      : [
          {
            EventId: eviction.eventId,
            EventStatus: 'Scheduled',
            EventType: 'Preempt',
            ResourceType: 'VirtualMachine',
            Resources: [name],
            NotBefore: new Date(eviction.notBeforeMs).toUTCString(),
            Description: '',
            EventSource: 'Platform',
            DurationInSeconds: -1,
          },
        ];
  return { DocumentIncarnation: eviction === null ? 1 : 2, Events: event };
}

function imageOf(vm: Vm): unknown {
  return member(vm.properties['storageProfile'], 'imageReference');
}

function planOf(vm: Vm): Plan {
  const plan = vm.top['plan'];
  const [name = '', product = '', publisher = ''] = ['name', 'product', 'publisher'].map((one) =>
    textMember(plan, one),
  );
  return { name, product, publisher };
}

/** A time as the service writes it where no nonce was given, e.g. `20260728-192400`. */
function stampOf(time: Date): string {
  return time
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '-');
}

/** The part of a value that a path names; leaves are given as text only. */
function part(value: unknown, names: readonly string[], format: string): MetadataAnswer {
  let found = value;
  for (const name of names.filter((one) => one !== '')) {
    found = Array.isArray(found) ? (found[Number(name)] as unknown) : member(found, name);
  }
  if (found === undefined) {
    return notFound;
  }
  if (typeof found === 'string') {
    return format === 'text'
      ? { status: 200, body: found, contentType: 'text/plain; charset=utf-8' }
      : problem(400, 'Bad request. json format is not supported for leaf nodes');
  }
  if (format === 'text') {
    const children = Object.entries(found as Json).map(([name, inner]) => name + (isRecord(inner) ? '/' : ''));
    return { status: 200, body: children.join('\n'), contentType: 'text/plain; charset=utf-8' };
  }
  return json(found);
}

function json(value: unknown): MetadataAnswer {
  return { status: 200, body: JSON.stringify(value), contentType: 'application/json; charset=utf-8' };
}

function problem(status: number, error: string): MetadataAnswer {
  return { ...json({ error }), status };
}
