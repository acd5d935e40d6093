import { errorStatus } from '#contract/error-codes.ts';
import { dateTime, text } from '#contract/schemas/fields.ts';
import { closed, open } from '#contract/schemas/json-schema.ts';
import type { JsonSchema } from '#contract/schemas/json-schema.ts';
import { configSchemas, publishedSchemas } from '#contract/schemas/published.ts';
import type { SchemaName } from '#contract/schemas/published.ts';

/** The body of every error answer (spec/api.md 2.3). */
const error: JsonSchema = closed(
  {
    code: {
      type: 'string',
      enum: Object.keys(errorStatus),
      description: 'What sort of error it is, for programs.',
    },
    message: text('What went wrong, for people, in Markdown. After a line the facts of the request follow.'),
    requestInfo: closed(
      {
        method: text('The endpoint.'),
        params: {
          type: 'object',
          description: 'The route parameters, decoded.',
          additionalProperties: { type: 'string' },
        },
        payload: { description: 'The body of the request without its secrets; absent when it was too large.' },
        time: dateTime('When it happened.'),
      },
      { optional: ['payload'], description: 'What was asked.' },
    ),
  },
  { title: 'Error', description: 'Why a request was refused or failed.' },
);

/** Schemas whose `config` may have the form of any type of provider. */
const withConfig: ReadonlySet<string> = new Set<SchemaName>([
  'create-worker-pool-request',
  'update-worker-pool-request',
  'worker-pool-full',
]);

/** Says of `config` which forms there are; which one it must have depends on the provider, so any will do here. */
function withConfigForms(schema: JsonSchema): JsonSchema {
  const forms = Object.values(configSchemas).map((name) => ({ $ref: `${name}.json#` }));
  const config = { ...schema.properties?.['config'], anyOf: forms };
  return { ...schema, properties: { ...schema.properties, config } };
}

/** Where a schema stands in the document. */
export function schemaPointer(name: SchemaName | 'error'): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** A draft-06 schema as one of OpenAPI 3.1: what we use of both means the same but for how they refer to each other. */
function converted(schema: object): object {
  const moved = JSON.stringify(schema, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string'
      ? value.replace(/^([a-z-]+)\.json#/, (_whole, name: string) => schemaPointer(name as SchemaName).$ref)
      : value,
  );
  const { $schema: _dialect, $id: _address, ...rest } = JSON.parse(moved) as Record<string, unknown>;
  return rest;
}

/** Every published schema, and that of errors, by name. */
export function openApiSchemas(): Readonly<Record<string, object>> {
  const published = Object.entries<JsonSchema>(publishedSchemas).map(([name, schema]) => [
    name,
    converted(withConfig.has(name) ? withConfigForms(schema) : schema),
  ]);
  return { ...(Object.fromEntries(published) as Record<string, object>), error };
}

const empty = open({}, { description: 'An empty object.' });

/** The bodies of answers that have no published schema (spec/api.md 1.4, 1.18). */
export const unpublishedAnswers = {
  ping: closed(
    {
      alive: { type: 'boolean', description: 'Always true.' },
      uptime: { type: 'number', description: 'Seconds since the start of the process.' },
    },
    { description: 'That the process answers.' },
  ),
  lbheartbeat: empty,
  heartbeat: empty,
  version: closed(
    {
      version: text('The version.'),
      commit: text('The commit it was built from; empty when not known.'),
      source: text('Where its source is; empty when not known.'),
      build: text('Where it was built; empty when not known.'),
    },
    { description: 'A Dockerflow version object.' },
  ),
  removeWorker: empty,
} as const satisfies Record<string, JsonSchema>;
