import { isRecord } from '#simulators/worker/json.ts';
import { Refusal } from './refusal.ts';

/** Which members an object may have: `any` stands for a value that is not looked into. */
export type Shape = 'any' | readonly [Shape] | { readonly [member: string]: Shape };

/**
 * Refuses members that the compute provider does not know, as its deserializer does.
 *
 * @param path of the value in the request, for texts.
 * @throws Refusal `BadRequest`.
 */
export function checkShape(value: unknown, shape: Shape, path: string): void {
  if (shape === 'any' || value === null || value === undefined) {
    return;
  }
  if (isList(shape)) {
    if (!Array.isArray(value)) {
      throw misfit(path, 'an array');
    }
    value.forEach((item, index) => checkShape(item, shape[0], `${path}[${index}]`));
    return;
  }
  if (!isRecord(value)) {
    throw misfit(path, 'an object');
  }
  for (const [name, inner] of Object.entries(value)) {
    const known = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (known === undefined) {
      throw new Refusal(
        'BadRequest',
        `Could not find member '${name}' on object of type '${typeNameOf(path)}'. Path '${path}.${name}', line 1, position 1.`,
        400,
        { target: `${path}.${name}` },
      );
    }
    checkShape(inner, known, `${path}.${name}`);
  }
}

function isList(shape: Exclude<Shape, 'any'>): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function misfit(path: string, wanted: string): Refusal {
  return new Refusal('BadRequest', `Error converting value to ${wanted}. Path '${path}', line 1, position 1.`, 400, {
    target: path,
  });
}

function typeNameOf(path: string): string {
  const name = (path.split('.').at(-1) ?? '').replace(/\[\d+\]$/, '');
  return name.charAt(0).toUpperCase() + name.slice(1);
}
