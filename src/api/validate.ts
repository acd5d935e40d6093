import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { formats } from '#contract/formats.ts';
import { publishedSchemas } from '#contract/schemas/published.ts';
import type { SchemaName } from '#contract/schemas/published.ts';
import { jsonbText } from '#core/launch-config-id.ts';
import type { JsonValue } from '#core/json.ts';
import { ApiError } from './errors.ts';
import { flawOf } from './payload.ts';

/** Longer lists help nobody; whoever sends so much nonsense does not read them. */
const mostViolations = 100;

/**
 * Nothing is coerced, stripped or defaulted. Formats are ours. `uniqueItems` is ours as well: Ajv compares every item with every other, which a
 * hostile list turns into hours.
 */
function validator(allErrors: boolean): Ajv {
  const ajv = new Ajv({
    strict: false,
    allErrors,
    validateSchema: false,
    formats: { ...formats },
    schemas: Object.values(publishedSchemas),
  });
  ajv.removeKeyword('uniqueItems');
  ajv.addKeyword({ keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: areUnique });
  return ajv;
}

/** Stops at the first violation. */
const quick = validator(false);
/** Collects all violations, each an object of its own: of a hostile body of 10 MiB more than memory holds. */
const thorough = validator(true);
/** Values in a body of which all violations are collected: several times as many as the largest real pool has. */
const mostValues = 10_000;

interface UniqueItems {
  (isWanted: boolean, items: readonly JsonValue[]): boolean;
  errors?: Partial<ErrorObject>[];
}

function areUnique(isWanted: boolean, items: readonly JsonValue[]): boolean {
  if (!isWanted) return true;
  const places = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const text = jsonbText(item);
    const earlier = places.get(text);
    if (earlier !== undefined) {
      const message = `must NOT have duplicate items (items ## ${earlier} and ${index} are identical)`;
      (areUnique as UniqueItems).errors = [{ keyword: 'uniqueItems', message, params: {} }];
      return false;
    }
    places.set(text, index);
  }
  return true;
}

/** The compiled check of a published schema. */
function checkOf(ajv: Ajv, name: SchemaName): ValidateFunction {
  const check = ajv.getSchema(publishedSchemas[name].$id);
  if (check === undefined) throw new Error(`there is no schema "${name}"`);
  return check;
}

/**
 * What a JSON value violates of a published schema, one line each, beginning with the place; empty: nothing. Of one that is very large only the
 * first violation is named. Reports of workers may hold any text: the store mends it, since the rest may be what explains a loss.
 */
export function violationsOf(name: SchemaName, value: unknown): readonly string[] {
  const flaw = flawOf(value, name === 'report-worker-error-request');
  if (flaw !== undefined) return [`${['data', ...flaw.path].join('/')} ${flaw.rule}`];
  const first = checkOf(quick, name);
  if (first(value)) return [];
  if (valuesLeft(value, mostValues) < 0) {
    return [...(first.errors ?? []).map(describe), 'data is too much to be searched for all that may be wrong with it'];
  }
  const all = checkOf(thorough, name);
  all(value);
  return (all.errors ?? []).map(describe);
}

/** What is left of a number of values when those of a JSON value are taken from it; negative, as soon as that is known, when there are more. */
function valuesLeft(value: unknown, most: number): number {
  let left = most - 1;
  if (typeof value !== 'object' || value === null) return left;
  const names = Object.keys(value);
  if (names.length > left) return -1;
  for (const name of names) {
    left = valuesLeft(Reflect.get(value, name), left);
    if (left < 0) return left;
  }
  return left;
}

function describe({ instancePath, keyword, message, params }: ErrorObject): string {
  const extra = params as { additionalProperty?: string; allowedValues?: readonly unknown[] };
  const details = [
    ...(extra.additionalProperty === undefined ? [] : [`: ${JSON.stringify(extra.additionalProperty)}`]),
    ...(extra.allowedValues === undefined ? [] : [`: ${JSON.stringify(extra.allowedValues)}`]),
  ];
  const rule = keyword === 'not' ? 'must NOT be there' : (message ?? 'is not valid');
  return `data${instancePath} ${rule}${details.join('')}`;
}

/** @throws {ApiError} InputValidationError that lists what the value violates of a schema (spec/api.md 2.5). */
export function refuseViolations(name: SchemaName, violations: readonly string[], rootUrl: string): void {
  if (violations.length === 0) return;
  const rest = violations.length - mostViolations;
  const lines = [
    '',
    'Schema validation failed.',
    `Schema: ${rootUrl}${publishedSchemas[name].$id}`,
    ...violations.slice(0, mostViolations).map((violation) => `  * ${violation}`),
    ...(rest > 0 ? [`  * and ${rest} more`] : []),
  ];
  throw new ApiError('InputValidationError', lines.join('\n'));
}
