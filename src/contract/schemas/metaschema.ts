import type { JsonValue } from '#core/json.ts';
import { metaschemaId } from './json-schema.ts';

const schema = { $ref: '#' };
const schemas = { type: 'array', minItems: 1, items: schema };
const schemasByName = { type: 'object', additionalProperties: schema };
const size = { type: 'integer', minimum: 0 };
const number = { type: 'number' };
const text = { type: 'string' };
const flag = { type: 'boolean' };
const anything = {};
const names = { type: 'array', items: text, uniqueItems: true };
const typeName = {
  enum: ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'],
};

/**
 * The schema of our schemas: JSON Schema draft-06 (http://json-schema.org/draft-06/schema) and, at the top of a
 * document, `metadata`, by which generators of clients know what kind of document they have. Unlike draft-06 it is
 * closed, so that a misspelt keyword is an error. It refers to no other document, so a validator needs nothing else
 * to read it.
 */
export const metaschema = {
  $schema: metaschemaId,
  $id: metaschemaId,
  title: 'Metaschema',
  description:
    'JSON Schema, draft-06, without unknown keywords; documents that describe references may also carry `metadata`.',
  type: ['object', 'boolean'],
  properties: {
    $id: text,
    $schema: text,
    $ref: text,
    metadata: {
      type: 'object',
      description: 'The kind of document that the schema describes.',
      properties: { name: text, version: size },
      required: ['name', 'version'],
      additionalProperties: false,
    },
    title: text,
    description: text,
    default: anything,
    examples: { type: 'array' },
    definitions: schemasByName,
    type: {
      anyOf: [typeName, { type: 'array', items: typeName, minItems: 1, uniqueItems: true }],
    },
    enum: { type: 'array', minItems: 1, uniqueItems: true },
    const: anything,
    multipleOf: { type: 'number', exclusiveMinimum: 0 },
    maximum: number,
    exclusiveMaximum: number,
    minimum: number,
    exclusiveMinimum: number,
    maxLength: size,
    minLength: size,
    pattern: text,
    format: text,
    items: { anyOf: [schema, schemas] },
    additionalItems: schema,
    maxItems: size,
    minItems: size,
    uniqueItems: flag,
    contains: schema,
    maxProperties: size,
    minProperties: size,
    required: names,
    properties: schemasByName,
    patternProperties: schemasByName,
    additionalProperties: schema,
    dependencies: { type: 'object', additionalProperties: { anyOf: [schema, names] } },
    propertyNames: schema,
    allOf: schemas,
    anyOf: schemas,
    oneOf: schemas,
    not: schema,
  },
  additionalProperties: false,
} satisfies JsonValue;
