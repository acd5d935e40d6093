import { isRecord } from '#simulators/worker/json.ts';
import type { Cloud } from './cloud.ts';
import { normalLocation } from './locations.ts';
import { Refusal } from './refusal.ts';
import { keyOf } from './resource-id.ts';
import type { Group, Json, Tags } from './state.ts';
import { readTags } from './tags.ts';

/** What a request to create a resource holds around its properties. */
export interface Envelope {
  location: string;
  tags: Tags;
  properties: Json;
  /** Everything else at the top: `sku`, `zones`, `plan` … */
  top: Json;
}

/** The members that Azure Resource Manager knows at the top of a resource; it refuses all others. */
const members = new Set([
  'etag',
  'extendedLocation',
  'id',
  'identity',
  'kind',
  'location',
  'managedBy',
  'managedByExtended',
  'name',
  'placement',
  'plan',
  'properties',
  'resources',
  'scale',
  'sku',
  'systemData',
  'tags',
  'type',
  'zones',
]);

const readOnly = new Set(['etag', 'id', 'location', 'name', 'properties', 'systemData', 'tags', 'type']);

/** The JSON object of a request. @throws Refusal `InvalidRequestContent` for any other body. */
export function readObject(body: unknown): Json {
  if (!isRecord(body)) {
    throw invalidContent('Unexpected character encountered while parsing value.');
  }
  return body;
}

/**
 * Reads a resource as Azure Resource Manager checks it before it asks the resource provider.
 *
 * @throws Refusal for unknown members, tags that do not fit, and a location that is missing or not to be had.
 */
export function readEnvelope(body: unknown, type: string, cloud: Cloud): Envelope {
  const content = readObject(body);
  const unknown = Object.keys(content).find((name) => !members.has(name));
  if (unknown !== undefined) {
    throw invalidContent(
      `Could not find member '${unknown}' on object of type 'ResourceDefinition'. Path '${unknown}', line 1, position ${JSON.stringify(content).indexOf(`"${unknown}"`) + unknown.length + 3}.`,
    );
  }
  const tags = readTags(content['tags']);
  const { properties } = content;
  if (properties !== undefined && !isRecord(properties)) {
    throw invalidContent("Error converting value to type 'JObject'. Path 'properties'.");
  }
  return {
    location: readLocation(content['location'], type, cloud),
    tags,
    properties: withoutNulls(properties ?? {}) as Json,
    top: withoutNulls(Object.fromEntries(Object.entries(content).filter(([name]) => !readOnly.has(name)))) as Json,
  };
}

/** Members that are null count as left out. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutNulls);
  }
  if (!isRecord(value)) {
    return value;
  }
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([name, inner]) => [name, withoutNulls(inner)]));
}

/** A location that the subscription may use. @throws Refusal */
export function readLocation(value: unknown, type: string, cloud: Cloud): string {
  if (typeof value !== 'string' || value === '') {
    throw new Refusal('LocationRequired', 'The location property is required for this definition.');
  }
  const location = normalLocation(value);
  if (!cloud.locations.has(location)) {
    throw new Refusal(
      'LocationNotAvailableForResourceType',
      `The provided location '${value}' is not available for resource type '${type}'. List of available regions for the resource type is '${[...cloud.locations].join(',')}'.`,
    );
  }
  return location;
}

/** @throws Refusal `ResourceGroupNotFound`, or `ResourceGroupBeingDeleted` where something is to be made in it. */
export function groupNamed(name: string, cloud: Cloud, purpose: 'look' | 'make'): Group {
  const group = cloud.subscription.groups.get(keyOf(name));
  if (group === undefined) {
    throw new Refusal('ResourceGroupNotFound', `Resource group '${name}' could not be found.`, 404);
  }
  if (purpose === 'make' && group.provisioningState === 'Deleting') {
    throw new Refusal(
      'ResourceGroupBeingDeleted',
      `The resource group '${name}' is in deprovisioning state and cannot perform this operation.`,
      409,
    );
  }
  return group;
}

/** @throws Refusal where a resource of that name is elsewhere. */
export function refuseMove(known: { name: string; location: string; group: string }, location: string): void {
  if (known.location !== location) {
    throw new Refusal(
      'InvalidResourceLocation',
      `The resource '${known.name}' already exists in location '${known.location}' in resource group '${known.group}'. A resource with the same name cannot be created in location '${location}'. Please select a new resource name.`,
      409,
    );
  }
}

function invalidContent(why: string): Refusal {
  return new Refusal(
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: '${why}'.`,
  );
}
