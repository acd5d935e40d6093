import type { JsonValue } from '#core/json.ts';

type JsonType = 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string';

/** The part of JSON Schema draft-06 that our documents use; a keyword that is not here is a misspelt one. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: JsonType;
  readonly default?: JsonValue;
  readonly enum?: readonly JsonValue[];
  readonly format?: 'date-time' | 'email';
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
}

/** A schema as it is published: at `<rootUrl>/schemas/worker-manager/v1/<name>.json`. */
export interface SchemaDocument extends JsonSchema {
  readonly $schema: string;
  readonly $id: string;
  readonly title: string;
  readonly description: string;
}

/** The `$schema` of every document here. */
export const metaschemaId = '/schemas/common/metaschema.json#';

/** The `$id` of one of our published schemas, which is also its path under the root URL (with `#` at its end). */
export function schemaId(name: string): string {
  return `/schemas/worker-manager/v1/${name}.json#`;
}

/**
 * A reference to another of our documents, relative as clients' generators want it; `pointer` leads inside, e.g.
 * `/properties/state`.
 */
export function reference(name: string, pointer = ''): JsonSchema {
  return { $ref: `${name}.json#${pointer}` };
}

/** Makes a published document of a schema. */
export function document(
  name: string,
  schema: JsonSchema & { readonly title: string; readonly description: string },
): SchemaDocument {
  return { $schema: metaschemaId, $id: schemaId(name), ...schema };
}

type Properties = Readonly<Record<string, JsonSchema>>;
type Described = Pick<JsonSchema, 'title' | 'description'>;

/** An object with these members and no others; all of them are required but the `optional` ones. */
export function closed<P extends Properties>(
  properties: P,
  rest: Described & { readonly optional?: readonly (keyof P & string)[] } = {},
): JsonSchema {
  return { ...open(properties, rest), additionalProperties: false };
}

/** An object with these members and any others; all of these are required but the `optional` ones. */
export function open<P extends Properties>(
  properties: P,
  rest: Described & { readonly optional?: readonly (keyof P & string)[] } = {},
): JsonSchema {
  const { optional = [], ...described } = rest;
  const isOptional = new Set<string>(optional);
  const required = Object.keys(properties).filter((name) => !isOptional.has(name));
  return {
    type: 'object',
    ...described,
    properties,
    ...(required.length === 0 ? {} : { required }),
  };
}

/** An object with any members. */
export function freeForm(description: string): JsonSchema {
  return { type: 'object', description, additionalProperties: true };
}

/** A list of equal things. */
export function listOf(items: JsonSchema, description: string): JsonSchema {
  return { type: 'array', description, items };
}
