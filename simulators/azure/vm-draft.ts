import { isRecord, member, textMember } from '#simulators/worker/json.ts';
import type { Order } from './call.ts';
import { isSpotPriority, type Wish } from './capacity.ts';
import type { Cloud } from './cloud.ts';
import { readEnvelope, type Envelope } from './envelope.ts';
import { checkReservation } from './network-interfaces.ts';
import { invalidReference, notProvisioned } from './network-names.ts';
import { checkOsProfile } from './os-profile.ts';
import { invalidParameter, missingParameter, Refusal } from './refusal.ts';
import { keyOf, parseResourceId } from './resource-id.ts';
import { checkShape } from './shape.ts';
import { typeOf, type Attachment, type Json, type Nic } from './state.ts';
import { vmShape } from './vm-shape.ts';
import { vmSizeOf } from './vm-size.ts';

/** A disk that a virtual machine asks for. */
export interface DiskWish {
  name: string | undefined;
  /** Of a disk that is there and only attached. */
  attachedId: string | undefined;
  isOs: boolean;
  isEphemeral: boolean;
  isDeletedWithVm: boolean;
  settings: Json;
}

/** A virtual machine that was asked for, checked as far as that goes without looking at the capacity. */
export interface VmDraft {
  envelope: Envelope;
  wish: Wish;
  isWindows: boolean;
  computerName: string;
  nics: readonly Attachment[];
  disks: readonly DiskWish[];
}

/**
 * Reads and checks the body of a request for a virtual machine.
 *
 * @param isNew whether it has to name an account: answers do not show passwords, so changes need not repeat them.
 * @throws Refusal with what does not fit.
 */
export function readVm(order: Order, id: string, isNew: boolean): VmDraft {
  const { cloud, name } = order;
  if (!/^[^_\W][\w.-]{0,63}$/.test(name) || /[-.]$/.test(name)) {
    throw invalidParameter(
      'vmName',
      `The entity name '${name}' is invalid according to its validation rule: ^[^_\\W][\\w-._]{0,63}(?<![-.])$.`,
    );
  }
  const envelope = readEnvelope(order.body, typeOf.virtualMachines, cloud);
  const { properties } = envelope;
  checkShape(properties, vmShape, 'properties');
  const isWindows = asksForWindows(properties);
  const computerName = textMember(properties['osProfile'], 'computerName') ?? name;
  const disks = readDisks(properties, cloud);
  if (isNew && disks.some(({ isOs, attachedId }) => isOs && attachedId === undefined)) {
    if (!isRecord(properties['osProfile'])) {
      throw missingParameter('osProfile');
    }
    checkOsProfile(properties['osProfile'], computerName, isWindows);
  }
  const wish = readWish(envelope);
  return { envelope, wish, isWindows, computerName, disks, nics: readNics(properties, id, cloud) };
}

function asksForWindows(properties: Json): boolean {
  const { osProfile, storageProfile } = properties;
  const osType = member(member(storageProfile, 'osDisk'), 'osType');
  if (typeof osType === 'string') {
    return osType.toLowerCase() === 'windows';
  }
  const isLinux = member(osProfile, 'linuxConfiguration') !== undefined;
  const isWindows = member(osProfile, 'windowsConfiguration') !== undefined;
  // What the image holds is not known here; its name tells often enough.
  return isWindows || (!isLinux && /win/i.test(JSON.stringify(member(storageProfile, 'imageReference') ?? '')));
}

/** What matters for the capacity. @throws Refusal */
export function readWish({ location, properties, top }: Envelope): Wish {
  const name = textMember(properties['hardwareProfile'], 'vmSize');
  if (name === undefined) {
    throw missingParameter('hardwareProfile.vmSize');
  }
  const size = vmSizeOf(name);
  if (size === undefined) {
    throw invalidParameter('vmSize', `The value ${name} provided for the VM size is not valid.`);
  }
  const isSpot = isSpotPriority(properties);
  const maxPrice = member(properties['billingProfile'], 'maxPrice');
  checkSpotSettings(properties, isSpot, maxPrice);
  const zones: unknown = top['zones'];
  const zone: unknown = Array.isArray(zones) ? zones[0] : undefined;
  return {
    location,
    zone: typeof zone === 'string' ? zone : undefined,
    size,
    isSpot,
    maxPrice: typeof maxPrice === 'number' && maxPrice >= 0 ? maxPrice : Infinity,
  };
}

/** Codes of https://learn.microsoft.com/azure/virtual-machines/error-codes-spot. */
function checkSpotSettings({ evictionPolicy }: Json, isSpot: boolean, maxPrice: unknown): void {
  if (evictionPolicy !== undefined && !isSpot) {
    throw new Refusal(
      'EvictionPolicyCanBeSetOnlyOnAzureSpotVirtualMachines',
      'Eviction policy can be set only on Azure Spot Virtual Machines.',
      409,
    );
  }
  if (maxPrice !== undefined && !isSpot) {
    throw new Refusal(
      'MaxPriceIsSupportedOnlyForAzureSpotVirtualMachines',
      'Max price is supported only for Azure Spot Virtual Machines.',
      409,
    );
  }
  if (maxPrice !== undefined && !(typeof maxPrice === 'number' && (maxPrice > 0 || maxPrice === -1))) {
    throw new Refusal('MaxPriceValueInvalid', 'Max price must be -1 or greater than 0.', 409);
  }
}

function readNics(properties: Json, id: string, cloud: Cloud): Attachment[] {
  const { networkInterfaces: references } = isRecord(properties['networkProfile'])
    ? properties['networkProfile']
    : { networkInterfaces: undefined };
  if (!Array.isArray(references) || references.length === 0) {
    throw missingParameter('networkProfile');
  }
  if (
    references.length > 1 &&
    references.filter((one) => member(member(one, 'properties'), 'primary') === true).length !== 1
  ) {
    throw new Refusal(
      'VirtualMachineMustHaveOneNetworkInterfaceAsPrimary',
      `Virtual machine ${id} must have one network interface set as the primary.`,
    );
  }
  return references.map((reference: unknown) => {
    const nicId = textMember(reference, 'id') ?? '';
    const key = keyOf(nicId);
    checkNic(cloud.subscription.networkInterfaces.get(key), nicId, id, cloud);
    const isDeletedWithVm = member(member(reference, 'properties'), 'deleteOption') === 'Delete';
    return { key, id: nicId, isDeletedWithVm };
  });
}

/** @throws Refusal where it is not there, not ready, or another one's. */
function checkNic(nic: Nic | undefined, nicId: string, id: string, cloud: Cloud): void {
  if (nic === undefined || nic.provisioningState === 'Deleting') {
    throw invalidReference(nicId, id);
  }
  if (nic.provisioningState !== 'Succeeded') {
    throw notProvisioned(nicId, id, nic.provisioningState);
  }
  if (nic.usedBy !== null && nic.usedBy !== keyOf(id)) {
    const other = cloud.subscription.virtualMachines.get(nic.usedBy);
    throw new Refusal(
      'NicInUse',
      `Network Interface ${nicId} is used by existing resource ${other?.id ?? nic.usedBy}.`,
    );
  }
  checkReservation(nic, id, cloud);
}

function readDisks(properties: Json, cloud: Cloud): DiskWish[] {
  const { storageProfile } = properties;
  const osDisk = member(storageProfile, 'osDisk');
  if (!isRecord(storageProfile) || !isRecord(osDisk)) {
    throw missingParameter(isRecord(storageProfile) ? 'osDisk' : 'storageProfile');
  }
  const image = textMember(storageProfile['imageReference'], 'id');
  if (image !== undefined && cloud.missing.has(keyOf(image))) {
    throw new Refusal(
      'InvalidParameter',
      `The following list of images referenced from the deployment template are not found: ${image}.`,
      404,
      { target: 'imageReference' },
    );
  }
  const { dataDisks } = storageProfile;
  const wishes = [osDisk, ...(Array.isArray(dataDisks) ? dataDisks.filter(isRecord) : [])].map(readDisk);
  const names = wishes.flatMap(({ name }) => (name === undefined ? [] : [name]));
  if (new Set(names).size < names.length) {
    throw invalidParameter('dataDisks', 'The names of the disks of a virtual machine must differ.');
  }
  return wishes;
}

function readDisk(disk: Json, index: number): DiskWish {
  const path = index === 0 ? 'osDisk' : 'dataDisk';
  const { createOption, deleteOption = 'Detach' } = disk;
  checkOption(createOption, `${path}.createOption`, ['FromImage', 'Attach', 'Empty', 'Copy', 'Restore']);
  checkOption(deleteOption, `${path}.deleteOption`, ['Delete', 'Detach']);
  const attachedId = createOption === 'Attach' ? textMember(disk['managedDisk'], 'id') : undefined;
  if (createOption === 'Attach' && parseResourceId(attachedId ?? '') === undefined) {
    throw missingParameter(`${path}.managedDisk`);
  }
  return {
    name: textMember(disk, 'name'),
    attachedId,
    isOs: index === 0,
    isEphemeral: member(disk['diffDiskSettings'], 'option') === 'Local',
    isDeletedWithVm: deleteOption === 'Delete',
    settings: { diskSizeGB: disk['diskSizeGB'] ?? 127, creationData: { createOption } },
  };
}

function checkOption(value: unknown, target: string, allowed: readonly string[]): void {
  if (value === undefined) {
    throw missingParameter(target);
  }
  if (typeof value !== 'string' || !allowed.includes(value)) {
    throw invalidParameter(target, `The value '${JSON.stringify(value)}' of parameter '${target}' is not valid.`);
  }
}
