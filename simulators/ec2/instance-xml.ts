import {
  attachmentIdOf,
  macOf,
  networkInterfaceIdOf,
  privateIpOf,
  privateNameOf,
  publicIpOf,
  publicNameOf,
  spotRequestIdOf,
  volumeIdOf,
} from './addresses.ts';
import type { Tag } from './form.ts';
import { causeAt, stateAt, stateCodes, type InstanceState } from './life.ts';
import { zoneIdOf } from './region.ts';
import { tagsOf, type Blueprint, type Instance } from './state.ts';
import { element, escapeXml, set, timestamp } from './wire.ts';

/** What differs between the instances of one blueprint, each a hole in its template. */
const holes = [
  ...(['id', 'state', 'privateName', 'privateIp', 'publicName', 'publicIp', 'reason', 'stateReason', 'index'] as const),
  ...(['launchTime', 'clientToken', 'tags', 'spotRequest', 'networkInterface', 'attachment', 'mac'] as const),
];

/** The volumes follow the others, one for each device. */
type Hole = (typeof holes)[number] | `volume ${number}`;

/** A blueprint's XML, cut where its instances differ: text, hole, text, hole, …, text. */
interface Template {
  texts: string[];
  /** For each hole its place among the values. */
  holes: number[];
}

/** What fills the holes for an instance, in their order: worked out once, though some are filled several times. */
function valuesOf(instance: Instance, nowMs: number): string[] {
  const { launch } = instance;
  const state = stateAt(instance, nowMs);
  const values = [
    instance.id,
    stateXml(state),
    privateNameOf(instance),
    privateIpOf(instance),
    publicNameOf(instance),
    publicIpOf(instance),
    reasonXml(instance, nowMs),
    state === 'running' ? '' : stateReasonXml(instance, nowMs),
    String(instance.index),
    timestampOf(launch.atMs),
    escapeXml(launch.clientToken),
    tagSetXml(tagsOf(instance, nowMs)),
    spotRequestIdOf(instance),
    networkInterfaceIdOf(instance),
    attachmentIdOf(instance),
    macOf(instance),
  ];
  for (let device = 0; device < launch.blueprint.devices.length; device++) {
    values.push(volumeIdOf(instance, device));
  }
  return values;
}

/** The forms in which an instance is shown: not yet attached to its volumes, in life, and without its resources. */
type Phase = 'pending' | 'alive' | 'ended';

/** A template is some kilobytes long, and each launch may have a blueprint of its own: only the recent ones are kept. */
const mostTemplates = 500;
const templates = new Map<Blueprint, Partial<Record<Phase, Template>>>();

/** No text that goes into a template can contain it: `escapeXml` leaves it out. */
const mark = '\u0001';

/** The content of an instance's `<item>`, as DescribeInstances and RunInstances show it at that moment. */
export function instanceXml(instance: Instance, nowMs: number): string {
  const template = templateOf(instance.launch.blueprint, phaseOf(stateAt(instance, nowMs)));
  const values = valuesOf(instance, nowMs);
  let xml = template.texts[0] ?? '';
  for (let place = 0; place < template.holes.length; place++) {
    xml += (values[template.holes[place] ?? 0] ?? '') + (template.texts[place + 1] ?? '');
  }
  return xml;
}

/** `<code>` and `<name>` of a state. */
export function stateXml(state: InstanceState): string {
  return `<code>${stateCodes[state]}</code><name>${state}</name>`;
}

/** The tags as a `tagSet`. */
function tagSetXml(tags: readonly Tag[]): string {
  let xml = tagSets.get(tags);
  if (xml === undefined) {
    xml = set(
      'tagSet',
      tags.map(({ key, value }) => element('key', key) + element('value', value)),
    );
    tagSets.set(tags, xml);
  }
  return xml;
}

const tagSets = new WeakMap<readonly Tag[], string>();

function phaseOf(state: InstanceState): Phase {
  return state === 'pending' ? 'pending' : state === 'terminated' ? 'ended' : 'alive';
}

function templateOf(blueprint: Blueprint, phase: Phase): Template {
  const known = templates.get(blueprint) ?? {};
  const template = known[phase] ?? cut(templateText(blueprint, phase));
  known[phase] = template;
  if (templates.size >= mostTemplates && !templates.has(blueprint)) {
    templates.clear();
  }
  templates.set(blueprint, known);
  return template;
}

function cut(text: string): Template {
  const parts = text.split(mark);
  return {
    texts: parts.filter((_part, place) => place % 2 === 0),
    holes: parts.filter((_part, place) => place % 2 === 1).map(placeOf),
  };
}

function placeOf(name: string): number {
  const [, device] = /^volume (\d+)$/.exec(name) ?? [];
  return device === undefined ? holes.findIndex((candidate) => candidate === name) : holes.length + Number(device);
}

function hole(name: Hole): string {
  return mark + name + mark;
}

/** The elements in AWS's own order (DescribeInstances in the API reference, and answers of the real service). */
function templateText(blueprint: Blueprint, phase: Phase): string {
  return [
    `<instanceId>${hole('id')}</instanceId>`,
    element('imageId', blueprint.imageId),
    `<instanceState>${hole('state')}</instanceState>`,
    namesXml(blueprint, phase),
    `<reason>${hole('reason')}</reason>`,
    blueprint.keyName === undefined ? '' : element('keyName', blueprint.keyName),
    `<amiLaunchIndex>${hole('index')}</amiLaunchIndex>`,
    '<productCodes/>',
    element('instanceType', blueprint.instanceType.name),
    `<launchTime>${hole('launchTime')}</launchTime>`,
    placementXml(blueprint),
    `<monitoring><state>${blueprint.isMonitored ? 'enabled' : 'disabled'}</state></monitoring>`,
    addressesXml(blueprint, phase),
    hole('stateReason'),
    element('architecture', blueprint.instanceType.architecture),
    '<rootDeviceType>ebs</rootDeviceType>',
    element('rootDeviceName', blueprint.devices[0]?.name ?? ''),
    phase === 'alive' ? devicesXml(blueprint) : '<blockDeviceMapping/>',
    lifecycleXml(blueprint),
    '<virtualizationType>hvm</virtualizationType>',
    `<clientToken>${hole('clientToken')}</clientToken>`,
    hole('tags'),
    '<hypervisor>xen</hypervisor>',
    phase === 'ended' ? '<networkInterfaceSet/>' : networkXml(blueprint, phase),
    profileXml(blueprint),
    optionsXml(blueprint),
  ].join('');
}

function namesXml(blueprint: Blueprint, phase: Phase): string {
  const privateName = phase === 'ended' ? '' : hole('privateName');
  const publicName = isReachable(blueprint, phase) ? hole('publicName') : '';
  return `<privateDnsName>${privateName}</privateDnsName><dnsName>${publicName}</dnsName>`;
}

/** Whether the instance has its public address: not before it runs. */
function isReachable(blueprint: Blueprint, phase: Phase): boolean {
  return phase === 'alive' && blueprint.hasPublicAddress;
}

function lifecycleXml({ market }: Blueprint): string {
  return market === 'spot'
    ? `<instanceLifecycle>spot</instanceLifecycle><spotInstanceRequestId>${hole('spotRequest')}</spotInstanceRequestId>`
    : '';
}

function placementXml({ zone, tenancy }: Blueprint): string {
  return `<placement>${element('availabilityZone', zone)}${element('availabilityZoneId', zoneIdOf(zone))}<groupName/>${element('tenancy', tenancy)}</placement>`;
}

function addressesXml(blueprint: Blueprint, phase: Phase): string {
  if (phase === 'ended') {
    return '<groupSet/>';
  }
  return [
    element('subnetId', blueprint.subnetId),
    element('vpcId', blueprint.vpcId),
    `<privateIpAddress>${hole('privateIp')}</privateIpAddress>`,
    isReachable(blueprint, phase) ? `<ipAddress>${hole('publicIp')}</ipAddress>` : '',
    '<sourceDestCheck>true</sourceDestCheck>',
    groupSetXml(blueprint),
  ].join('');
}

function groupSetXml({ securityGroups }: Blueprint): string {
  return set(
    'groupSet',
    securityGroups.map(({ id, name }) => element('groupId', id) + element('groupName', name)),
  );
}

function devicesXml({ devices }: Blueprint): string {
  const items = devices.map(({ name, deleteOnTermination }, place) => {
    const ebs = `<volumeId>${hole(`volume ${place}`)}</volumeId><status>attached</status><attachTime>${hole('launchTime')}</attachTime>${element('deleteOnTermination', deleteOnTermination)}`;
    return `${element('deviceName', name)}<ebs>${ebs}</ebs>`;
  });
  return set('blockDeviceMapping', items);
}

function networkXml(blueprint: Blueprint, phase: Phase): string {
  const association = isReachable(blueprint, phase)
    ? `<association><publicIp>${hole('publicIp')}</publicIp><publicDnsName>${hole('publicName')}</publicDnsName><ipOwnerId>amazon</ipOwnerId></association>`
    : '';
  const item = [
    `<networkInterfaceId>${hole('networkInterface')}</networkInterfaceId>`,
    element('subnetId', blueprint.subnetId),
    element('vpcId', blueprint.vpcId),
    '<description/>',
    '<status>in-use</status>',
    `<macAddress>${hole('mac')}</macAddress>`,
    `<privateIpAddress>${hole('privateIp')}</privateIpAddress>`,
    `<privateDnsName>${hole('privateName')}</privateDnsName>`,
    '<sourceDestCheck>true</sourceDestCheck>',
    groupSetXml(blueprint),
    `<attachment><attachmentId>${hole('attachment')}</attachmentId><deviceIndex>0</deviceIndex><status>${phase === 'alive' ? 'attached' : 'attaching'}</status><attachTime>${hole('launchTime')}</attachTime><deleteOnTermination>true</deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment>`,
    association,
    `<privateIpAddressesSet><item><privateIpAddress>${hole('privateIp')}</privateIpAddress><privateDnsName>${hole('privateName')}</privateDnsName><primary>true</primary>${association}</item></privateIpAddressesSet>`,
    '<ipv6AddressesSet/>',
    '<interfaceType>interface</interfaceType>',
    '<operator><managed>false</managed></operator>',
  ];
  return `<networkInterfaceSet><item>${item.join('')}</item></networkInterfaceSet>`;
}

function profileXml({ profileArn }: Blueprint): string {
  return profileArn === undefined
    ? ''
    : `<iamInstanceProfile>${element('arn', profileArn)}<id>AIPASIMULATED00000000</id></iamInstanceProfile>`;
}

function optionsXml({ instanceType, isEbsOptimized, metadata, market }: Blueprint): string {
  return [
    element('ebsOptimized', isEbsOptimized),
    element('enaSupport', instanceType.hypervisor === 'nitro'),
    `<cpuOptions>${element('coreCount', instanceType.vcpus / instanceType.threadsPerCore)}${element('threadsPerCore', instanceType.threadsPerCore)}</cpuOptions>`,
    '<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference></capacityReservationSpecification>',
    '<hibernationOptions><configured>false</configured></hibernationOptions>',
    '<enclaveOptions><enabled>false</enabled></enclaveOptions>',
    `<metadataOptions><state>applied</state>${element('httpTokens', metadata.httpTokens)}${element('httpPutResponseHopLimit', metadata.hopLimit)}${element('httpEndpoint', metadata.httpEndpoint)}<httpProtocolIpv6>disabled</httpProtocolIpv6>${element('instanceMetadataTags', metadata.instanceTags)}</metadataOptions>`,
    '<bootMode>uefi-preferred</bootMode><currentInstanceBootMode>uefi</currentInstanceBootMode>',
    '<platformDetails>Linux/UNIX</platformDetails>',
    element('usageOperation', market === 'spot' ? 'RunInstances:SV' : 'RunInstances'),
    `<usageOperationUpdateTime>${hole('launchTime')}</usageOperationUpdateTime>`,
    '<privateDnsNameOptions><hostnameType>ip-name</hostnameType><enableResourceNameDnsARecord>false</enableResourceNameDnsARecord><enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>',
    '<maintenanceOptions><autoRecovery>default</autoRecovery><rebootMigration>default</rebootMigration></maintenanceOptions>',
    '<networkPerformanceOptions><bandwidthWeighting>default</bandwidthWeighting></networkPerformanceOptions>',
    '<operator><managed>false</managed></operator>',
  ].join('');
}

function reasonXml(instance: Instance, nowMs: number): string {
  const event = causeAt(instance, nowMs);
  return event === undefined
    ? ''
    : `${event.cause.transition} (${timestamp(event.atMs).slice(0, 19).replace('T', ' ')} GMT)`;
}

function stateReasonXml(instance: Instance, nowMs: number): string {
  const { code, message } = causeAt(instance, nowMs)?.cause ?? { code: 'pending', message: 'pending' };
  return `<stateReason>${element('code', code)}${element('message', message)}</stateReason>`;
}

let lastTimestamp = { ms: NaN, text: '' };

/** Instances of one launch follow each other, so that the last timestamp is mostly the next one. */
function timestampOf(ms: number): string {
  if (lastTimestamp.ms !== ms) {
    lastTimestamp = { ms, text: timestamp(ms) };
  }
  return lastTimestamp.text;
}
