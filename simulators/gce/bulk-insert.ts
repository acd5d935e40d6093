import type { JsonObject } from '#lib/json.ts';
import { draw } from '#simulators/range.ts';
import { beginInsert } from './birth.ts';
import { takeStock, type Shortage } from './capacity.ts';
import type { Call, Route } from './call.ts';
import { nameForm, quotaExceeded, readDraft, shortageOf } from './insert.ts';
import { pathOf } from './instance.ts';
import { bulkInsertShape } from './instance-shape.ts';
import { integerAt, objectAt, textAt } from './json.ts';
import { statusAt } from './life.ts';
import { operationStatus, type BulkProgress, type Operation, type OperationError } from './operation.ts';
import { alreadyExists, invalidValue, missingField, notFound, Refusal } from './refusal.ts';
import { once } from './request-id.ts';
import { checkShape } from './shape.ts';

/** More bulk operations at a time are refused (https://cloud.google.com/compute/docs/troubleshooting/troubleshooting-bulk-vm-creation). */
const mostAtOnce = 10;

/**
 * `instances.bulkInsert` in one zone (https://cloud.google.com/compute/docs/instances/using-bulk-api): as many of
 * `count` instances as there is room for, if these are at least `minCount`; else none, and those that were created
 * already are deleted again. Quotas are looked at before it is accepted. Each instance has an insert operation of its
 * own; the group's id is in all.
 */
export const bulkInsertInstances: Route = {
  action: 'instances.bulkInsert',
  method: 'POST',
  path: /^zones\/(?<zone>[^/]+)\/instances\/bulkInsert$/,
  limit: 'default_per_region',
  parameters: ['requestId'],

  run: (call) => once(call, 'bulkInsert', (requestId) => beginAll(call, requestId)),
};

function beginAll(call: Call, requestId: string | undefined): Operation {
  const { cloud, zone, user, nowMs } = call;
  const body = bodyOf(call);
  const names = namesIn(body, call);
  const least = integerAt(body, 'minCount') ?? names.length;
  const draft = readDraft(objectAt(body, 'instanceProperties'), call, 'resource.instanceProperties');
  refuseCrowd(call);
  const shortage = shortageOf(draft, names.length, call);
  refuseAtOnce(shortage, least);
  const room = shortage?.room ?? names.length;
  takeStock(draft, Math.min(room, names.length), zone, cloud.faults);
  const groupId = cloud.uuid();
  const inserts = names.map(({ name, hostname }, index) => {
    const error = index < room ? null : (shortage?.error ?? null);
    return beginInsert(cloud, zone, { name, hostname, draft, error, user, requestId: undefined, groupId }, nowMs);
  });
  call.note(inserts.map(({ targetId }) => targetId ?? ''));
  return conclude(call, inserts, least, { requestId, groupId });
}

/** The operation of the whole, which ends with its last insert, or with the deletion of what was created in vain. */
function conclude(
  { cloud, zone, nowMs, user }: Call,
  inserts: readonly Operation[],
  least: number,
  ids: { requestId: string | undefined; groupId: string },
): Operation {
  const isReached = inserts.filter(({ error }) => error === null).length >= least;
  const insertedMs = Math.max(nowMs, ...inserts.map(({ endMs }) => endMs));
  const endMs = isReached ? insertedMs : insertedMs + draw(cloud.faults.dials.deleteMs, cloud.random);
  if (!isReached) {
    rollBack({ cloud, zone }, inserts, insertedMs, endMs);
  }
  return cloud.begin({
    type: 'bulkInsert',
    zone: zone.name,
    target: `projects/${cloud.project}/zones/${zone.name}`,
    targetId: undefined,
    user,
    insertMs: nowMs,
    // "create requests return HTTP 200 OK with a status of RUNNING" (the page on troubleshooting).
    startMs: nowMs,
    endMs,
    error: isReached ? null : tooFew(least),
    bulkProgress: (atMs) => progressOf(inserts, atMs, !isReached && atMs >= endMs),
    ...ids,
  });
}

/** Plans the end of the instances that could be created. */
function rollBack(
  { cloud, zone }: Pick<Call, 'cloud' | 'zone'>,
  inserts: readonly Operation[],
  fromMs: number,
  goneMs: number,
): void {
  for (const { targetId, error } of inserts) {
    const instance = error === null ? zone.find(targetId ?? '') : undefined;
    if (instance !== undefined) {
      const steps = [
        { atMs: fromMs, status: 'STOPPING' as const },
        { atMs: goneMs, status: 'GONE' as const },
      ];
      cloud.redirect(instance, steps, fromMs);
    }
  }
}

function progressOf(inserts: readonly Operation[], atMs: number, isRolledBack: boolean): BulkProgress {
  const done = inserts.filter((insert) => operationStatus(insert, atMs) === 'DONE');
  const failed = done.filter(({ error }) => error !== null).length;
  const created = done.length - failed;
  return { target: inserts.length, created, failed, deleted: isRolledBack ? created : 0 };
}

function tooFew(least: number): OperationError {
  return {
    code: 'VM_MIN_COUNT_NOT_REACHED',
    message: `Requested minimum count of ${least} VMs could not be created.`,
    httpStatus: 503,
  };
}

/** @throws Refusal for a shortage that is told before the call is accepted. */
function refuseAtOnce(shortage: Shortage | undefined, least: number): void {
  if (shortage === undefined || shortage.room >= least) {
    return;
  }
  const { error, at } = shortage;
  if (error.code === 'QUOTA_EXCEEDED' && at !== 'operation') {
    throw quotaExceeded(shortage);
  }
  if (error.code !== 'QUOTA_EXCEEDED' && at === 'request') {
    throw new Refusal(503, 'insufficientCapacity', error.message);
  }
}

function refuseCrowd({ cloud, nowMs }: Call): void {
  const running = cloud.zones
    .values()
    .flatMap(({ operations }) => operations.sorted)
    .filter((operation) => operation.type === 'bulkInsert' && operationStatus(operation, nowMs) !== 'DONE')
    .toArray().length;
  if (running >= mostAtOnce) {
    const message = `Exceeded the limit of ${mostAtOnce} concurrent bulk insert operations.`;
    throw new Refusal(403, 'rateLimitExceeded', message, { domain: 'usageLimits' });
  }
}

function bodyOf({ body }: Call): JsonObject {
  if (body === undefined) {
    throw missingField('resource');
  }
  checkShape(body, bulkInsertShape);
  const json = objectAt(body);
  const template = textAt(json, 'sourceInstanceTemplate');
  if (template !== undefined) {
    throw notFound(template);
  }
  if (json['instanceProperties'] === undefined) {
    throw missingField('resource.instanceProperties');
  }
  return json;
}

interface Name {
  name: string;
  hostname: string | undefined;
}

/** @throws Refusal for names that are none, that exist, or that are not as many as asked for. */
function namesIn(body: JsonObject, { cloud, zone, nowMs }: Call): Name[] {
  const given = objectAt(body, 'perInstanceProperties');
  const own = Object.keys(given);
  const count = countIn(body, own.length);
  if (own.length > 0 && own.length !== count) {
    const why = `The number of instances must be equal to count ${count}.`;
    throw invalidValue('resource.perInstanceProperties', '', why);
  }
  const existing = zone.instances.filter(({ life }) => statusAt(life, nowMs) !== 'GONE');
  const names = own.length > 0 ? own : numberedNames(textAt(body, 'namePattern'), count, existing);
  for (const name of names) {
    if (!nameForm.test(name)) {
      const why = "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'";
      throw invalidValue('resource.perInstanceProperties.key', name, why);
    }
    if (zone.existing(name, nowMs) !== undefined) {
      throw alreadyExists(pathOf(cloud.project, { zone: zone.name, name }));
    }
  }
  return names.map((name) => ({ name, hostname: textAt(given, name, 'hostname') }));
}

function countIn(body: JsonObject, named: number): number {
  const count = integerAt(body, 'count') ?? named;
  const least = integerAt(body, 'minCount') ?? count;
  if (count < 1) {
    throw invalidValue('resource.count', String(count), 'Must be greater than or equal to 1.');
  }
  if (least < 1 || least > count) {
    throw invalidValue('resource.minCount', String(least), 'Must be between 1 and count.');
  }
  return count;
}

/** Names after a pattern such as `worker-####`, from the number after the biggest that exists. */
function numberedNames(pattern: string | undefined, count: number, existing: readonly { name: string }[]): string[] {
  if (pattern === undefined) {
    throw missingField('resource.namePattern');
  }
  const [, before, hashes, after] = /^([^#]*)(#{1,18})([^#]*)$/.exec(pattern) ?? [];
  if (before === undefined || hashes === undefined || after === undefined) {
    throw invalidValue('resource.namePattern', pattern, "Must be a match of regex '[^#]*#{1,18}[^#]*'");
  }
  const numbers = existing
    .filter(({ name }) => name.length === pattern.length && name.startsWith(before) && name.endsWith(after))
    .map(({ name }) => name.slice(before.length, before.length + hashes.length))
    .filter((digits) => /^\d+$/.test(digits))
    .map(Number);
  const first = numbers.reduce((most, number) => Math.max(most, number), 0) + 1;
  return Array.from(
    { length: count },
    (_unused, index) => before + String(first + index).padStart(hashes.length, '0') + after,
  );
}
