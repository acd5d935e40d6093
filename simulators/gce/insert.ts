import type { JsonObject } from '#lib/json.ts';
import { beginInsert } from './birth.ts';
import { quotaShortage, stockShortage, takeStock, type Shortage } from './capacity.ts';
import type { Call, Route } from './call.ts';
import { draftOf, type Draft } from './draft.ts';
import { pathOf } from './instance.ts';
import { instanceShape } from './instance-shape.ts';
import { intern } from './intern.ts';
import { objectAt, textAt } from './json.ts';
import type { Operation } from './operation.ts';
import { alreadyExists, invalidValue, missingField, notFound, Refusal } from './refusal.ts';
import { once } from './request-id.ts';
import { checkShape } from './shape.ts';

/** Of instances, and of most other resources (RFC 1035). */
export const nameForm = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * `instances.insert` (https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert): accepts what is well
 * formed and answers with an operation. Quotas and stocks are looked at after that, so that their want shows in the
 * operation.
 */
export const insertInstance: Route = {
  action: 'instances.insert',
  method: 'POST',
  path: /^zones\/(?<zone>[^/]+)\/instances$/,
  limit: 'default_per_region',
  parameters: ['requestId', 'sourceInstanceTemplate', 'sourceMachineImage'],

  run: (call) => once(call, 'insert', (requestId) => beginOne(call, requestId)),
};

function beginOne(call: Call, requestId: string | undefined): Operation {
  const { cloud, zone, nowMs, user } = call;
  refuseTemplates(call);
  const given = bodyOf(call);
  const name = nameOf(given);
  const draft = readDraft(given, call, 'resource');
  if (zone.existing(name, nowMs) !== undefined) {
    throw alreadyExists(pathOf(cloud.project, { zone: zone.name, name }));
  }
  const shortage = shortageOf(draft, 1, call);
  if (shortage?.at === 'request' && shortage.error.code === 'QUOTA_EXCEEDED') {
    throw quotaExceeded(shortage);
  }
  if (shortage === undefined) {
    takeStock(draft, 1, zone, cloud.faults);
  }
  const order = {
    name,
    hostname: textAt(given, 'hostname'),
    draft,
    error: shortage?.error ?? null,
    user,
    requestId,
    groupId: undefined,
  };
  const operation = beginInsert(cloud, zone, order, nowMs);
  call.note([operation.targetId ?? '']);
  return operation;
}

/** What leaves the least room for so many instances of a draft: a quota, or a stock that holds even fewer. */
export function shortageOf(draft: Draft, count: number, { cloud, zone, nowMs }: Call): Shortage | undefined {
  const quota = quotaShortage(draft, count, zone, cloud.zones.values(), cloud.faults, nowMs);
  const stock = stockShortage(draft, count, zone, cloud.faults, cloud.project);
  return stock !== undefined && stock.room < (quota?.room ?? Infinity) ? stock : quota;
}

export function quotaExceeded({ error }: Shortage): Refusal {
  return new Refusal(403, 'quotaExceeded', error.message, { domain: 'usageLimits' });
}

/** Reads the properties, each of which is kept once for all instances that have it. */
export function readDraft(
  given: JsonObject,
  { cloud, zone }: Call,
  field: 'resource' | 'resource.instanceProperties',
): Draft {
  const draft = draftOf(given, { field, zone: zone.name, accounts: cloud.accounts.map(({ email }) => email) });
  const { name: _name, hostname: _hostname, ...shared } = given;
  return {
    ...draft,
    given: Object.fromEntries(Object.entries(shared).map(([member, value]) => [member, intern(value)])),
    labels: intern(draft.labels),
    metadata: intern(draft.metadata),
  };
}

function bodyOf({ body }: Call): JsonObject {
  if (body === undefined) {
    throw missingField('resource');
  }
  checkShape(body, instanceShape);
  return objectAt(body);
}

function nameOf(given: JsonObject): string {
  const name = textAt(given, 'name');
  if (name === undefined) {
    throw missingField('resource.name');
  }
  if (!nameForm.test(name)) {
    throw invalidValue('resource.name', name, "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'");
  }
  return name;
}

/** There are no templates and machine images here, so that any that is named does not exist. */
function refuseTemplates({ query }: Call): void {
  const source = query.get('sourceInstanceTemplate') ?? query.get('sourceMachineImage');
  if (source !== null) {
    throw notFound(source);
  }
}
