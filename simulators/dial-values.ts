import { isAmount, isRange } from './range.ts';

/**
 * The dials in a JSON value, to be laid over others.
 *
 * @param calm all dials there are, with values that show what each takes: a number for chances and times, a
 *   boolean, a range, or a table of something.
 * @param isTable whether a value is a table of what this cloud's tables hold.
 * @throws TypeError that names the dial that does not exist, or whose value does not fit.
 */
export function readDials<Dials extends object>(
  json: unknown,
  calm: Dials,
  isTable: (value: unknown) => boolean,
): Partial<Dials> {
  if (typeof json !== 'object' || json === null) {
    throw new TypeError('dials must be an object');
  }
  const examples = new Map<string, unknown>(Object.entries(calm));
  for (const [name, value] of Object.entries(json)) {
    if (!examples.has(name)) {
      throw new TypeError(`there is no dial ${name}; there are ${[...examples.keys()].join(', ')}`);
    }
    if (!isLike(examples.get(name), value, isTable)) {
      throw new TypeError(`dial ${name} does not take ${JSON.stringify(value)}`);
    }
  }
  return json;
}

function isLike(example: unknown, value: unknown, isTable: (value: unknown) => boolean): boolean {
  if (typeof example === 'number') {
    return isAmount(value);
  }
  if (typeof example === 'boolean') {
    return typeof value === 'boolean';
  }
  return Array.isArray(example) ? isRange(value) : isTable(value);
}
