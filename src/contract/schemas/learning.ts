import { formats } from '#contract/formats.ts';
import { metaschema } from './metaschema.ts';
import { metaschemaId } from './json-schema.ts';
import { publishedSchemas } from './published.ts';

/** The part of an Ajv (version 8) instance that has to be taught. */
interface Learner {
  addFormat(name: string, isValid: (text: string) => boolean): unknown;
  addMetaSchema(schema: object, key: string, validate: boolean): unknown;
  addSchema(schemas: object[]): unknown;
}

/**
 * How an Ajv for these schemas must be made: every violation is reported; nothing is coerced, stripped or filled in
 * (W44); keywords that are only there for people are no mistakes.
 */
export const ajvOptions = {
  strict: false,
  allErrors: true,
  useDefaults: false,
  coerceTypes: false,
  removeAdditional: false,
} as const;

/**
 * Teaches an Ajv our formats, the metaschema and every published schema, in the order that it needs. Then
 * `getSchema(schemaId(name))` gives the check for a schema.
 */
export function learnSchemas(ajv: Learner): void {
  for (const [name, isValid] of Object.entries(formats)) ajv.addFormat(name, isValid);
  // The metaschema is its own schema, which a validator does not know before it has learnt it.
  ajv.addMetaSchema(metaschema, metaschemaId, false);
  ajv.addSchema(Object.values(publishedSchemas));
}
