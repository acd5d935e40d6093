import { isJsonObject } from '#lib/json.ts';
import { Refusal } from './refusal.ts';

/** What JSON of a resource may look like. Integers may be texts of digits, as 64-bit ones are in Google's JSON. */
export type Shape =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'any'
  | { list: Shape }
  | { map: Shape }
  | { members: Readonly<Record<string, Shape>> };

/**
 * Checks what a call sends: Google's front end refuses members that a resource does not have, and values of a wrong
 * type, before Compute Engine sees them. Null counts as absent.
 *
 * @param path of the value, e.g. `resource.disks[0]`; empty for the body itself.
 * @throws Refusal 400 `invalid`
 */
export function checkShape(value: unknown, shape: Shape, path = ''): void {
  if (value === null || shape === 'any') {
    return;
  }
  if (typeof shape === 'string') {
    if (!isOfType(value, shape)) {
      throw malformed(`Invalid value at '${path}' (TYPE_${typeNames[shape]}), ${JSON.stringify(value)}`);
    }
  } else if ('list' in shape) {
    if (!Array.isArray(value)) {
      throw malformed(`Invalid value at '${path}' (type.googleapis.com/list), ${JSON.stringify(value)}`);
    }
    value.forEach((item, index) => checkShape(item, shape.list, `${path}[${index}]`));
  } else {
    checkMembers(value, shape, path);
  }
}

/** Whether a path of names, `*` for all, leads to something in the shape. Lists are passed through. */
export function isInShape(path: readonly string[], shape: Shape): boolean {
  const [name, ...rest] = path;
  if (name === undefined || shape === 'any') {
    return true;
  }
  if (typeof shape === 'string') {
    return false;
  }
  if ('list' in shape) {
    return isInShape(path, shape.list);
  }
  if ('map' in shape) {
    return isInShape(rest, shape.map);
  }
  if (name === '*') {
    return Object.values(shape.members).some((member) => isInShape(rest, member));
  }
  const member = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
  return member !== undefined && isInShape(rest, member);
}

const typeNames = { string: 'STRING', boolean: 'BOOL', integer: 'INT64' } as const;

function isOfType(value: unknown, type: keyof typeof typeNames): boolean {
  if (type === 'integer') {
    return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
  }
  return typeof value === type;
}

function checkMembers(
  value: unknown,
  shape: { map: Shape } | { members: Readonly<Record<string, Shape>> },
  path: string,
): void {
  if (!isJsonObject(value)) {
    throw malformed(`Invalid value at '${path}' (type.googleapis.com/object), ${JSON.stringify(value)}`);
  }
  for (const [name, member] of Object.entries(value)) {
    const memberShape = 'map' in shape ? shape.map : own(shape.members, name);
    if (memberShape === undefined) {
      const place = path === '' ? '' : ` at '${path}'`;
      throw malformed(`Invalid JSON payload received. Unknown name "${name}"${place}: Cannot find field.`);
    }
    checkShape(member, memberShape, path === '' ? name : `${path}.${name}`);
  }
}

function own(members: Readonly<Record<string, Shape>>, name: string): Shape | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function malformed(message: string): Refusal {
  return new Refusal(400, 'invalid', message, { statusName: 'INVALID_ARGUMENT' });
}
