import { privateIpOf, privateNameOf, publicIpOf, publicNameOf, spotRequestIdOf } from './addresses.ts';
import type { Filter, Tag } from './form.ts';
import { causeAt, stateAt, stateCodes } from './life.ts';
import { invalidValue, type Refusal } from './refusal.ts';
import { zoneIdOf } from './region.ts';
import { tagsOf, type Instance, type Launch } from './state.ts';
import { timestamp } from './wire.ts';

/** What a filter looks at; undefined matches no value. */
type Field<T> = (item: T) => string | undefined;

/** Whether a text matches any of a filter's values, in which `*` stands for any text and `?` for one character. */
export function matcherOf(values: readonly string[]): (text: string | undefined) => boolean {
  if (!values.some((value) => /[*?\\]/.test(value))) {
    const exact = new Set<string | undefined>(values);
    return (text) => exact.has(text);
  }
  const pattern = values.map((value) => value.replaceAll(/\\?[^]/g, wildcardAsExpression)).join('|');
  const expression = new RegExp(`^(?:${pattern})$`, 's');
  return (text) => text !== undefined && expression.test(text);
}

function wildcardAsExpression(character: string): string {
  if (character === '*') {
    return '.*';
  }
  return character === '?' ? '.' : character.slice(-1).replace(/[\\^$.*+?()[\]{}|]/, String.raw`\$&`);
}

/**
 * One test for all filters of a call: every filter must match, each with any of its values.
 *
 * @param fieldOf what the filter of that name looks at, or undefined where there is none.
 * @throws Refusal `InvalidParameterValue` for a filter that does not exist.
 */
export function filterBy<T>(
  filters: readonly Filter[],
  fieldOf: (name: string) => Field<T> | undefined,
): (item: T) => boolean {
  const tests = filters.map(({ name, values }) => {
    const field = fieldOf(name);
    if (field === undefined) {
      throw unknownFilter(name);
    }
    const matches = matcherOf(values);
    return (item: T): boolean => matches(field(item));
  });
  return (item) => tests.every((isMatching) => isMatching(item));
}

/** The key that a filter `tag:<key>` looks for, or undefined for another filter. */
export function tagKeyOf(filterName: string): string | undefined {
  return filterName.startsWith('tag:') ? filterName.slice('tag:'.length) : undefined;
}

/** Fields that are the same for all instances of a launch. */
const launchFields = new Map<string, Field<Launch>>([
  ['architecture', ({ blueprint }) => blueprint.instanceType.architecture],
  ['availability-zone', ({ blueprint }) => blueprint.zone],
  ['availability-zone-id', ({ blueprint }) => zoneIdOf(blueprint.zone)],
  ['client-token', ({ clientToken }) => clientToken],
  ['hypervisor', () => 'xen'],
  ['image-id', ({ blueprint }) => blueprint.imageId],
  ['instance-lifecycle', ({ blueprint }) => (blueprint.market === 'spot' ? 'spot' : undefined)],
  ['instance-type', ({ blueprint }) => blueprint.instanceType.name],
  ['key-name', ({ blueprint }) => blueprint.keyName],
  ['launch-time', ({ atMs }) => timestamp(atMs)],
  ['reservation-id', ({ reservationId }) => reservationId],
  ['root-device-name', ({ blueprint }) => blueprint.devices[0]?.name],
  ['root-device-type', () => 'ebs'],
  ['subnet-id', ({ blueprint }) => blueprint.subnetId],
  ['tenancy', ({ blueprint }) => blueprint.tenancy],
  ['virtualization-type', () => 'hvm'],
  ['vpc-id', ({ blueprint }) => blueprint.vpcId],
]);

const instanceFields = new Map<string, (instance: Instance, nowMs: number) => string | undefined>([
  ['dns-name', publicNameOf],
  ['instance-id', ({ id }) => id],
  ['instance-state-code', (instance, nowMs) => String(stateCodes[stateAt(instance, nowMs)])],
  ['instance-state-name', stateAt],
  ['ip-address', publicIpOf],
  ['launch-index', ({ index }) => String(index)],
  ['private-dns-name', privateNameOf],
  ['private-ip-address', privateIpOf],
  [
    'spot-instance-request-id',
    (instance) => (instance.launch.blueprint.market === 'spot' ? spotRequestIdOf(instance) : undefined),
  ],
  ['state-reason-code', (instance, nowMs) => causeAt(instance, nowMs)?.cause.code],
]);

/**
 * One test for all filters of a DescribeInstances call. What is the same for a whole launch, its tags included, is
 * tested once per launch, so that a page costs little beside 100,000 instances.
 *
 * @throws Refusal `InvalidParameterValue` for a filter that does not exist, or that the simulator does not have.
 */
export function instanceFilter(filters: readonly Filter[], nowMs: number): (instance: Instance) => boolean {
  const ofInstance = filters.filter(({ name }) => instanceFields.has(name));
  const isInstanceMatching = filterBy<Instance>(ofInstance, (name) => {
    const field = instanceFields.get(name);
    return field === undefined ? undefined : (instance) => field(instance, nowMs);
  });
  const ofTags = filters.filter(({ name }) => tagKeyOf(name) !== undefined || name === 'tag-key').map(tagTest);
  const isLaunchMatching = filterBy<Launch>(
    filters.filter(({ name }) => !instanceFields.has(name) && tagKeyOf(name) === undefined && name !== 'tag-key'),
    (name) => launchFields.get(name),
  );
  const isMatching = (instance: Instance): boolean =>
    isLaunchMatching(instance.launch) && ofTags.every((isTagged) => isTagged(tagsOf(instance, nowMs)));
  const known = new Map<Launch, boolean>();
  const isMatchingOnce = (instance: Instance): boolean => {
    const answer = known.get(instance.launch) ?? isMatching(instance);
    known.set(instance.launch, answer);
    return answer;
  };
  return (instance) =>
    (instance.ownTags === null ? isMatchingOnce(instance) : isMatching(instance)) && isInstanceMatching(instance);
}

function tagTest({ name, values }: Filter): (tags: readonly Tag[]) => boolean {
  const matches = matcherOf(values);
  const wanted = tagKeyOf(name);
  return wanted === undefined
    ? (tags) => tags.some(({ key }) => matches(key))
    : (tags) => tags.some(({ key, value }) => key === wanted && matches(value));
}

function unknownFilter(name: string): Refusal {
  return invalidValue(`The filter '${name}' is invalid`);
}
