import { createHash } from 'node:crypto';
import type { Form, Tag } from './form.ts';
import { instanceTypeOf, type InstanceType } from './instance-type.ts';
import { zonesOf } from './region.ts';
import { invalidValue, Refusal } from './refusal.ts';
import type { Blueprint, Device } from './state.ts';

/** All that a RunInstances call says of its instances, but for their number and the zone that EC2 may choose. */
export type Draft = Omit<Blueprint, 'fingerprint' | 'zone' | 'subnetId'> & {
  /** As the caller chose it, or undefined. */
  zone: string | undefined;
  subnetId: string | undefined;
  maxPrice: number | undefined;
};

const mostUserDataBytes = 16_384;

/**
 * Reads and checks what a RunInstances call asks for.
 *
 * @param subnetZones the zones of the subnets seen so far. A new subnet is put into the zone that the call names, or
 *   into one that follows from its id, and stays there.
 * @throws Refusal with AWS's code for what is wrong.
 */
export function draftOf(form: Form, region: string, accountId: string, subnetZones: Map<string, string>): Draft {
  refuseLaunchTemplate(form);
  const [networkInterface] = form.structures('NetworkInterface');
  if (networkInterface !== undefined && form.has('SubnetId')) {
    throw new Refusal(
      'InvalidParameterCombination',
      'Network interfaces and an instance-level subnet ID may not be specified on the same request',
    );
  }
  const subnetId = form.text('SubnetId') ?? networkInterface?.text('SubnetId');
  const market = readMarket(form);
  return {
    region,
    zone: readZone(form, region, subnetId, subnetZones),
    subnetId,
    vpcId: `vpc-0${hashDigits(region)}`,
    instanceType: readInstanceType(form),
    imageId: readImageId(form),
    securityGroups: readSecurityGroups(form, networkInterface, region),
    keyName: form.text('KeyName'),
    profileArn: readProfile(form, accountId),
    ...market,
    shutdownBehavior: readShutdownBehavior(form, market.market),
    isProtected: form.isTrue('DisableApiTermination'),
    isMonitored: form.isTrue('Monitoring.Enabled'),
    isEbsOptimized: form.isTrue('EbsOptimized'),
    hasPublicAddress: networkInterface?.isTrue('AssociatePublicIpAddress', true) ?? true,
    tenancy: form.choice('Placement.Tenancy', ['default', 'dedicated', 'host']) ?? 'default',
    userData: readUserData(form),
    devices: readDevices(form),
    ...readTags(form),
    metadata: readMetadataOptions(form),
  };
}

/** Sixteen hexadecimal digits that follow from a text: for ids of things that are not kept. */
export function hashDigits(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** @throws Refusal for tags that EC2 would not take (tag restrictions in the user guide). */
export function checkTags(tags: readonly Tag[]): void {
  if (tags.length > 50) {
    throw new Refusal('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
  }
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalidValue("Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (key.length > 128) {
      throw invalidValue(`Tag key exceeds the maximum length of 128 characters`);
    }
    if (value.length > 256) {
      throw invalidValue(`Tag value exceeds the maximum length of 256 characters`);
    }
    if (keys.has(key)) {
      throw invalidValue(`Duplicate tag key '${key}' specified.`);
    }
    keys.add(key);
  }
}

/** There are no launch templates here, so that any that is named does not exist. */
function refuseLaunchTemplate(form: Form): void {
  const id = form.text('LaunchTemplate.LaunchTemplateId');
  if (id !== undefined) {
    throw new Refusal(
      'InvalidLaunchTemplateId.NotFound',
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  }
  const name = form.text('LaunchTemplate.LaunchTemplateName');
  if (name !== undefined) {
    throw new Refusal(
      'InvalidLaunchTemplateName.NotFoundException',
      `The specified launch template, with template name ${name}, does not exist.`,
    );
  }
}

function readInstanceType(form: Form): InstanceType {
  // The default that EC2 has kept since its first days.
  const name = form.text('InstanceType') ?? 'm1.small';
  const type = instanceTypeOf(name);
  if (type === undefined) {
    throw invalidValue(`Invalid value '${name}' for InstanceType.`);
  }
  return type;
}

function readImageId(form: Form): string {
  const imageId = form.required('ImageId');
  if (!/^ami-[0-9a-f]+$/.test(imageId)) {
    throw new Refusal('InvalidAMIID.Malformed', `Invalid id: "${imageId}" (expecting "ami-...")`);
  }
  return imageId;
}

function readMarket(form: Form): { market: 'on-demand' | 'spot'; maxPrice: number | undefined } {
  const type = form.choice('InstanceMarketOptions.MarketType', ['spot', 'capacity-block']);
  if (type === 'capacity-block') {
    throw new Refusal('Unsupported', 'The simulator has no capacity blocks.');
  }
  const price = form.text('InstanceMarketOptions.SpotOptions.MaxPrice');
  if (price !== undefined && !/^\d+(\.\d+)?$/.test(price)) {
    throw invalidValue(`Invalid value '${price}' for spotPrice.`);
  }
  return { market: type ?? 'on-demand', maxPrice: price === undefined ? undefined : Number(price) };
}

function readZone(
  form: Form,
  region: string,
  subnetId: string | undefined,
  subnetZones: Map<string, string>,
): string | undefined {
  const zones = zonesOf(region);
  const zone = form.text('Placement.AvailabilityZone');
  if (zone !== undefined && !zones.includes(zone)) {
    throw invalidValue(`Invalid availability zone: [${zone}]`);
  }
  if (subnetId === undefined) {
    return zone;
  }
  if (!subnetId.startsWith('subnet-')) {
    throw new Refusal('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`);
  }
  const derived = zones[Number.parseInt(hashDigits(subnetId).slice(0, 8), 16) % zones.length] ?? `${region}a`;
  const subnetZone = subnetZones.get(subnetId) ?? zone ?? derived;
  if (zone !== undefined && zone !== subnetZone) {
    throw invalidValue(
      `Value (${zone}) for parameter availabilityZone is invalid. Subnet '${subnetId}' is in the availability zone ${subnetZone}`,
    );
  }
  subnetZones.set(subnetId, subnetZone);
  return subnetZone;
}

function readSecurityGroups(
  form: Form,
  networkInterface: Form | undefined,
  region: string,
): { id: string; name: string }[] {
  const ids = [...form.list('SecurityGroupId'), ...(networkInterface?.list('SecurityGroupId') ?? [])];
  const malformed = ids.find((id) => !id.startsWith('sg-'));
  if (malformed !== undefined) {
    throw new Refusal('InvalidGroupId.Malformed', `Invalid id: "${malformed}" (expecting "sg-...")`);
  }
  const names = form.list('SecurityGroup');
  if (ids.length + names.length === 0) {
    names.push('default');
  }
  return [
    ...ids.map((id) => ({ id, name: `group-${id.slice(3)}` })),
    ...names.map((name) => ({ id: `sg-0${hashDigits(`${region} ${name}`)}`, name })),
  ];
}

function readProfile(form: Form, accountId: string): string | undefined {
  const name = form.text('IamInstanceProfile.Name');
  return (
    form.text('IamInstanceProfile.Arn') ??
    (name === undefined ? undefined : `arn:aws:iam::${accountId}:instance-profile/${name}`)
  );
}

function readUserData(form: Form): string {
  const userData = form.text('UserData') ?? '';
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData)) {
    throw new Refusal('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  }
  if (Buffer.byteLength(userData, 'base64') > mostUserDataBytes) {
    throw invalidValue(`User data is limited to ${mostUserDataBytes} bytes`);
  }
  return userData;
}

function readShutdownBehavior(form: Form, market: 'on-demand' | 'spot'): 'stop' | 'terminate' {
  const chosen = form.choice('InstanceInitiatedShutdownBehavior', ['stop', 'terminate']) ?? 'stop';
  return market === 'spot' ? 'terminate' : chosen;
}

function readMetadataOptions(form: Form): Draft['metadata'] {
  return {
    httpTokens: form.choice('MetadataOptions.HttpTokens', ['required', 'optional']) ?? 'required',
    hopLimit: form.integer('MetadataOptions.HttpPutResponseHopLimit') ?? 2,
    httpEndpoint: form.choice('MetadataOptions.HttpEndpoint', ['enabled', 'disabled']) ?? 'enabled',
    instanceTags: form.choice('MetadataOptions.InstanceMetadataTags', ['enabled', 'disabled']) ?? 'disabled',
  };
}

/** The root volume of the image, and those that the call adds; instance stores are not shown by EC2. */
function readDevices(form: Form): Device[] {
  const devices = form
    .structures('BlockDeviceMapping')
    .filter((mapping) => mapping.has('Ebs'))
    .map((mapping) => ({
      name: mapping.required('DeviceName'),
      deleteOnTermination: mapping.isTrue('Ebs.DeleteOnTermination', true),
    }));
  const isRoot = ({ name }: Device): boolean => name === '/dev/sda1' || name === '/dev/xvda';
  const root = devices.find(isRoot) ?? { name: '/dev/sda1', deleteOnTermination: true };
  return [root, ...devices.filter((device) => device !== root)];
}

const taggable = ['instance', 'volume', 'spot-instances-request', 'network-interface', 'elastic-gpu'] as const;

function readTags(form: Form): { tags: readonly Tag[]; volumeTags: readonly Tag[] } {
  const byType = new Map<string, Tag[]>();
  for (const specification of form.structures('TagSpecification')) {
    const type = specification.choice('ResourceType', taggable);
    if (type === undefined) {
      throw invalidValue('Tag specification resource type must have a value');
    }
    if (byType.has(type)) {
      throw invalidValue('The same resource type may not be specified more than once in tag specifications');
    }
    const tags = specification.tags('Tag');
    checkTags(tags);
    byType.set(type, tags);
  }
  return { tags: byType.get('instance') ?? [], volumeTags: byType.get('volume') ?? [] };
}
