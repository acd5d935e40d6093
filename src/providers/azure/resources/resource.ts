import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import type { ArmAnswer } from '#providers/azure/arm.ts';
import { ArmError, classOf, isNotFound } from '#providers/azure/errors.ts';
import type { MachineRecord } from '#providers/azure/machine-record.ts';
import { asObject } from '#providers/azure/members.ts';
import { ended, operationOf, removing, removingMachine } from '#providers/azure/operation.ts';
import type { AzureParts } from '#providers/azure/parts.ts';
import { resourcePath, resourceTypes, withQuery } from '#providers/azure/paths.ts';
import type { ResourceId, ResourceKind } from '#providers/azure/paths.ts';

/** A machine to be made by its resources. */
export interface MachinePlan {
  record: MachineRecord;
  subscriptionId: string;
  /** The launch config's content. */
  configuration: JsonObject;
  tags: JsonObject;
  /** What the machine is told, in base64. */
  customData: string;
}

/** One thing that is made for a machine by a call of its own: made in the order of a list, undone in reverse. */
export interface ResourceHandler {
  kind: ResourceKind;
  /** The title of the error that people see when it is refused (spec/provisioning.md 8.11). */
  title: string;
  isWanted(plan: MachinePlan): boolean;
  idOf(record: MachineRecord): ResourceId;
  bodyOf(plan: MachinePlan): JsonObject;
}

/** E.g. `virtualMachines`, as measurements name it. */
function shortName(kind: ResourceKind): string {
  const { type } = resourceTypes[kind];
  return type.slice(type.indexOf('/') + 1);
}

/** Asks for a resource. @returns null when Azure does not know it. */
export async function find(
  parts: AzureParts,
  id: ResourceId,
  signal: AbortSignal,
  query: Readonly<Record<string, string>> = {},
): Promise<JsonObject | null> {
  const url = withQuery(resourcePath(parts.subscriptionId, id), id.kind, query);
  try {
    const request = { method: 'GET', url, kind: 'get', operation: `${shortName(id.kind)}.get` } as const;
    return (await parts.arm.send(request, signal)).body;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Begins to make a resource, or changes it to what it is to be. @param headers e.g. a condition. */
export function put(
  parts: AzureParts,
  id: ResourceId,
  body: JsonObject,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<ArmAnswer> {
  const url = withQuery(resourcePath(parts.subscriptionId, id), id.kind);
  const operation = `${shortName(id.kind)}.put`;
  return parts.arm.send({ method: 'PUT', url, kind: 'write', operation, body, headers }, signal);
}

/** What became of a request to delete: it is on its way, as far as the answer tells, or there was nothing. */
export type Removal = { kind: 'begun'; answer: ArmAnswer } | { kind: 'gone' };

/** Begins to delete a resource. One that is gone already is as deleted as can be. */
export async function beginRemoval(parts: AzureParts, id: ResourceId, signal: AbortSignal): Promise<Removal> {
  const url = withQuery(resourcePath(parts.subscriptionId, id), id.kind);
  try {
    const request = { method: 'DELETE', url, kind: 'delete', operation: `${shortName(id.kind)}.delete` } as const;
    const answer = await parts.arm.send(request, signal);
    // Nothing to delete, as Azure says of most types.
    return answer.status === 204 ? { kind: 'gone' } : { kind: 'begun', answer };
  } catch (error) {
    if (isNotFound(error)) return { kind: 'gone' };
    throw error;
  }
}

/** The longest that one resource may take to go; machines need minutes at times. */
const removalLimitMs = 15 * 60_000;
/** What holds a resource lets go within seconds of its own end, but for interfaces of machines that failed: Azure reserves them for 180 s. */
const heldRestMs = 1_000;
const heldTries = 30;

/**
 * Deletes a resource and waits for the end of it. As long as something else that is on its way out holds it (a conflict), it is asked for again.
 * @param begun what an earlier request came to. @returns whether there was anything.
 */
export async function remove(
  parts: AzureParts,
  id: ResourceId,
  signal: AbortSignal,
  begun?: Removal,
): Promise<boolean> {
  const { clock } = parts.surroundings;
  for (let tries = 1; ; tries++) {
    try {
      const removal = tries === 1 && begun !== undefined ? begun : await beginRemoval(parts, id, signal);
      if (removal.kind === 'gone') return tries > 1;
      if (await isOver(parts, id, removal.answer, signal)) return true;
    } catch (error) {
      signal.throwIfAborted();
      if (tries >= heldTries || !isWorthRepeating(error)) throw error;
    }
    await clock.sleep(heldRestMs * Math.min(tries, 10), signal);
  }
}

/** Waits for the end of a deletion. @returns false when the resource is there all the same. */
async function isOver(parts: AzureParts, id: ResourceId, begun: ArmAnswer, signal: AbortSignal): Promise<boolean> {
  const operation = operationOf(begun);
  if (operation === null) return true;
  const haste = id.kind === 'vm' ? removingMachine : removing;
  const ending = await ended(parts, operation, { what: `${id.kind}.delete`, haste, limitMs: removalLimitMs }, signal);
  return ending === 'succeeded' || (await find(parts, id, signal)) === null;
}

/** Conflicts pass when whatever causes them has passed; some come as 400, with what is in use. */
function isWorthRepeating(error: unknown): boolean {
  if (!(error instanceof ArmError)) return false;
  if (error.status === 409 || error.isOperation) return true;
  return (
    /InUse|InUsed|CannotBeDeleted|OperationNotAllowed|NicReservedForAnotherVm/.test(error.code) ||
    classOf(error) === 'transient'
  );
}

/** How far Azure got with a resource, in its own word; empty when it does not say. */
export function provisioningState(resource: JsonObject): string {
  return stringMember(asObject(resource['properties']), 'provisioningState') ?? '';
}
