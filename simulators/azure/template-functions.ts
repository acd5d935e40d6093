import { createHash } from 'node:crypto';
import { isRecord } from '#simulators/worker/json.ts';
import { TemplateProblem } from './template-problem.ts';

type Values = readonly unknown[];

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') {
    throw new TemplateProblem(`The template language function '${name}' expects a string.`);
  }
  return value;
}

function integer(value: unknown, name: string): number {
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) {
    throw new TemplateProblem(`The template language function '${name}' expects an integer.`);
  }
  return number;
}

function flag(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') {
    throw new TemplateProblem(`The template language function '${name}' expects a boolean.`);
  }
  return value;
}

function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) {
    throw new TemplateProblem(`The template language function '${name}' expects an array.`);
  }
  return value;
}

/** As the language turns values into text. */
function written(value: unknown): string {
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function concat(values: Values): unknown {
  return values.length > 0 && values.every(Array.isArray) ? values.flat() : values.map(written).join('');
}

/** `{0}` and the like, as in .NET; doubled braces stand for one. */
function format([pattern, ...values]: Values): string {
  return text(pattern, 'format').replaceAll(/\{\{|\}\}|\{(\d+)(?::[^}]*)?\}/g, (found: string, index?: string) => {
    if (index === undefined) {
      return found.charAt(0);
    }
    if (Number(index) >= values.length) {
      throw new TemplateProblem(`The template language function 'format' has no argument ${index}.`);
    }
    return written(values[Number(index)]);
  });
}

function sizeOf([value]: Values): number {
  if (isRecord(value)) {
    return Object.keys(value).length;
  }
  return typeof value === 'string' ? value.length : list(value, 'length').length;
}

function contains([where, what]: Values): boolean {
  if (Array.isArray(where)) {
    return where.some((item) => isEqual(item, what));
  }
  return isRecord(where)
    ? Object.keys(where).some((name) => name.toLowerCase() === String(what).toLowerCase())
    : text(where, 'contains').includes(written(what));
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function isEmpty([value]: Values): boolean {
  return value === null || sizeOf([value]) === 0;
}

function union(values: Values): unknown {
  if (values.every(Array.isArray)) {
    return values.flat().filter((item, index, all) => all.findIndex((other) => isEqual(other, item)) === index);
  }
  return Object.assign({}, ...values.filter(isRecord)) as unknown;
}

function createObject(values: Values): Record<string, unknown> {
  const pairs = Array.from({ length: Math.floor(values.length / 2) }, (_unused, index) => index * 2);
  return Object.fromEntries(pairs.map((at) => [text(values[at], 'createObject'), values[at + 1]]));
}

function substring([value, start, length]: Values): string {
  const whole = text(value, 'substring');
  const from = integer(start, 'substring');
  const to = length === undefined ? whole.length : from + integer(length, 'substring');
  if (from < 0 || to > whole.length || to < from) {
    throw new TemplateProblem("The index and length parameters of 'substring' must refer to a location in the string.");
  }
  return whole.slice(from, to);
}

function slice(name: string, cut: (value: string | unknown[], count: number) => unknown) {
  return ([value, count]: Values): unknown =>
    cut(Array.isArray(value) ? value : text(value, name), integer(count, name));
}

/** Thirteen letters and digits that follow from the values; not Azure's own hash, which it does not publish. */
function uniqueString(values: Values): string {
  const digits = '0123456789abcdefghijklmnopqrstuv';
  const hash = createHash('sha256').update(values.map(written).join('-')).digest();
  return [...hash.subarray(0, 13)].map((byte) => digits.charAt(byte % 32)).join('');
}

/** A UUID that follows from the values. */
function guid(values: Values): string {
  const hash = createHash('sha1').update(values.map(written).join('-')).digest('hex');
  return hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5');
}

function parseJson([value]: Values): unknown {
  try {
    return JSON.parse(text(value, 'json')) as unknown;
  } catch {
    throw new TemplateProblem("The argument of 'json' is not valid JSON.");
  }
}

function compare(name: string, decide: (order: number) => boolean) {
  return ([a, b]: Values): boolean =>
    typeof a === 'string'
      ? decide(a < text(b, name) ? -1 : Number(a > text(b, name)))
      : decide(integer(a, name) - integer(b, name));
}

function arithmetic(name: string, calculate: (a: number, b: number) => number) {
  return ([a, b]: Values): number => {
    const result = calculate(integer(a, name), integer(b, name));
    if (!Number.isFinite(result)) {
      throw new TemplateProblem(`The template language function '${name}' cannot divide by zero.`);
    }
    return Math.trunc(result);
  };
}

/**
 * The functions of the template language that depend on their arguments alone, by name in lower case
 * (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions): those that templates of
 * virtual machines use.
 */
export const pureFunctions: ReadonlyMap<string, (values: Values) => unknown> = new Map<
  string,
  (values: Values) => unknown
>(
  Object.entries({
    add: arithmetic('add', (a, b) => a + b),
    and: (values: Values) => values.every((value) => flag(value, 'and')),
    array: ([value]: Values): unknown => (Array.isArray(value) ? value : [value]),
    base64: ([value]: Values) => Buffer.from(text(value, 'base64')).toString('base64'),
    base64tostring: ([value]: Values) => Buffer.from(text(value, 'base64ToString'), 'base64').toString(),
    bool: ([value]: Values) => value === true || value === 1 || String(value).toLowerCase() === 'true',
    coalesce: (values: Values) => values.find((value) => value !== null) ?? null,
    concat,
    contains,
    createarray: (values: Values) => values,
    createobject: createObject,
    div: arithmetic('div', (a, b) => a / b),
    empty: isEmpty,
    endswith: ([value, end]: Values) =>
      text(value, 'endsWith').toLowerCase().endsWith(text(end, 'endsWith').toLowerCase()),
    equals: ([a, b]: Values) => isEqual(a, b),
    false: () => false,
    first: ([value]: Values) => (typeof value === 'string' ? value.charAt(0) : (list(value, 'first')[0] ?? null)),
    format,
    greater: compare('greater', (order) => order > 0),
    greaterorequals: compare('greaterOrEquals', (order) => order >= 0),
    guid,
    indexof: ([value, part]: Values) =>
      text(value, 'indexOf').toLowerCase().indexOf(text(part, 'indexOf').toLowerCase()),
    int: ([value]: Values) => integer(value, 'int'),
    join: ([items, separator]: Values) => list(items, 'join').map(written).join(text(separator, 'join')),
    json: parseJson,
    last: ([value]: Values) => (typeof value === 'string' ? value.slice(-1) : (list(value, 'last').at(-1) ?? null)),
    length: sizeOf,
    less: compare('less', (order) => order < 0),
    lessorequals: compare('lessOrEquals', (order) => order <= 0),
    mod: arithmetic('mod', (a, b) => a % b),
    mul: arithmetic('mul', (a, b) => a * b),
    not: ([value]: Values) => !flag(value, 'not'),
    null: () => null,
    or: (values: Values) => values.some((value) => flag(value, 'or')),
    replace: ([value, old, by]: Values) =>
      text(value, 'replace').replaceAll(text(old, 'replace'), () => text(by, 'replace')),
    skip: slice('skip', (value, count) => value.slice(Math.max(0, count))),
    split: ([value, separator]: Values) => text(value, 'split').split(text(separator, 'split')),
    startswith: ([value, start]: Values) =>
      text(value, 'startsWith').toLowerCase().startsWith(text(start, 'startsWith').toLowerCase()),
    string: ([value]: Values) => written(value),
    sub: arithmetic('sub', (a, b) => a - b),
    substring,
    take: slice('take', (value, count) => value.slice(0, Math.max(0, count))),
    tolower: ([value]: Values) => text(value, 'toLower').toLowerCase(),
    toupper: ([value]: Values) => text(value, 'toUpper').toUpperCase(),
    trim: ([value]: Values) => text(value, 'trim').trim(),
    true: () => true,
    union,
    uniquestring: uniqueString,
  }),
);
