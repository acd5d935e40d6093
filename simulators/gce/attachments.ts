import type { JsonObject, JsonValue } from '#lib/json.ts';
import { at, integerAt, isTrueAt, listAt, textAt, textsAt } from './json.ts';
import { checkLabels } from './labels.ts';
import { invalidValue } from './refusal.ts';

/** The first disk must be the one that the instance boots from. @throws Refusal */
export function checkDisks(given: JsonObject, field: string): void {
  const disks = listAt(given, 'disks');
  if (disks.length === 0) {
    throw invalidValue(`${field}.disks`, '', 'No disks are specified.');
  }
  if (!isTrueAt(disks[0], 'boot')) {
    throw invalidValue(`${field}.disks[0]`, '', 'Boot disk must be the first disk attached to the instance.');
  }
  disks.forEach((disk, index) => checkDisk(disk, index, field));
}

function checkDisk(disk: JsonValue, index: number, field: string): void {
  const place = `${field}.disks[${index}]`;
  const type = textAt(disk, 'type') ?? 'PERSISTENT';
  if (!['PERSISTENT', 'SCRATCH'].includes(type)) {
    throw invalidValue(`${place}.type`, type, 'Must be one of PERSISTENT, SCRATCH.');
  }
  const source = textAt(disk, 'source');
  if (source !== undefined && at(disk, 'initializeParams') !== undefined) {
    throw invalidValue(place, '', 'Cannot specify both source and initializeParams.');
  }
  if (source !== undefined && field !== 'resource') {
    throw invalidValue(`${place}.source`, source, 'Existing disks cannot be attached in bulk.');
  }
  const image = textAt(disk, 'initializeParams', 'sourceImage') ?? textAt(disk, 'initializeParams', 'sourceSnapshot');
  if (index === 0 && source === undefined && image === undefined) {
    throw invalidValue(place, '', 'Boot disk must have a source specified');
  }
  checkNewDisk(at(disk, 'initializeParams'), image, `${place}.initializeParams`);
}

function checkNewDisk(parameters: JsonValue | undefined, image: string | undefined, place: string): void {
  if (image !== undefined && !/(?:^|\/)(?:global|projects)\/.+/.test(image)) {
    throw invalidValue(`${place}.sourceImage`, image, 'The URL is malformed.');
  }
  const sizeGb = integerAt(parameters, 'diskSizeGb') ?? 1;
  if (sizeGb < 1) {
    throw invalidValue(`${place}.diskSizeGb`, String(sizeGb), 'Must be greater than 0.');
  }
  checkLabels(textsAt(parameters, 'labels'), `${place}.labels`);
}

/** There must be at least one, each with one public address at most. @throws Refusal */
export function checkNetworkInterfaces(given: JsonObject, field: string): void {
  const interfaces = listAt(given, 'networkInterfaces');
  if (interfaces.length === 0) {
    throw invalidValue(`${field}.networkInterfaces`, '', 'At least one network interface is required.');
  }
  interfaces.forEach((nic, index) => {
    const configs = listAt(nic, 'accessConfigs');
    const place = `${field}.networkInterfaces[${index}].accessConfigs`;
    if (configs.length > 1) {
      throw invalidValue(place, '', 'At most one access config currently supported.');
    }
    const type = textAt(configs[0], 'type') ?? 'ONE_TO_ONE_NAT';
    if (type !== 'ONE_TO_ONE_NAT') {
      throw invalidValue(`${place}[0].type`, type, 'Only ONE_TO_ONE_NAT is supported.');
    }
  });
}
