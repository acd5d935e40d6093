import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { metaschemaId, schemaId } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { ajvOptions, learnSchemas } from './learning.ts';
import { metaschema } from './metaschema.ts';
import { publishedSchemas } from './published.ts';

// The names of spec/api.md 2.8.
const names =
  `azure-arm-templates azure-deployment-resources config-aws config-azure config-google config-null config-static
config-testing create-worker-pool-request create-worker-request list-workers-response provider-list pulse-launch-config-message
pulse-worker-message pulse-worker-pool-error-message pulse-worker-pool-message pulse-worker-removed-message register-worker-request
register-worker-response report-worker-error-request reregister-worker-request reregister-worker-response
should-worker-terminate-response task task-run update-worker-pool-request worker-full worker-lifecycle worker-list worker-pool-error
worker-pool-error-list worker-pool-error-stats worker-pool-full worker-pool-launch-config-list worker-pool-list
worker-pool-list-stats worker-pool-stats worker-response`.split(/\s+/);

const draft06 = createRequire(import.meta.url)('ajv/dist/refs/json-schema-draft-06.json') as object;

function taught(): Ajv {
  const ajv = new Ajv(ajvOptions);
  learnSchemas(ajv);
  return ajv;
}

// spec: api 2.8
test('every schema that clients know of is published under its name', () => {
  assert.deepEqual(Object.keys(publishedSchemas).toSorted(), names.toSorted());
  for (const [name, document] of Object.entries(publishedSchemas)) {
    assert.equal(document.$id, `/schemas/worker-manager/v1/${name}.json#`);
    assert.equal(document.$schema, '/schemas/common/metaschema.json#');
  }
});

test('every schema compiles, with all that it refers to', () => {
  const ajv = taught();
  for (const name of names) {
    assert.equal(typeof ajv.getSchema(schemaId(name)), 'function', name);
  }
});

// spec: api 2.8
test('every schema is draft-06, and so is the metaschema, which describes itself', () => {
  const plain = new Ajv({ strict: false, formats: { uri: true, 'uri-reference': true, regex: true } });
  plain.addMetaSchema(draft06);
  const isDraft06 = plain.getSchema('http://json-schema.org/draft-06/schema#');
  const isOurs = taught().getSchema(metaschemaId);
  assert.ok(isDraft06 && isOurs);
  for (const document of [metaschema, ...Object.values(publishedSchemas)]) {
    assert.equal(isDraft06(document), true, document.$id);
    assert.equal(isOurs(document), true, document.$id);
  }
});

test('the metaschema refuses misspelt keywords and takes the metadata of references', () => {
  const isOurs = taught().getSchema(metaschemaId);
  assert.ok(isOurs);
  assert.equal(isOurs({ type: 'object', properties: { a: { minimun: 1 } } }), false);
  assert.equal(isOurs({ type: 'objekt' }), false);
  assert.equal(isOurs({ metadata: { name: 'api', version: 0 }, type: 'object' }), true);
});

/** All subschemas with their paths. */
function* subschemas(schema: JsonSchema, path: string): Generator<[string, JsonSchema]> {
  yield [path, schema];
  const inner: [string, JsonSchema | boolean | undefined][] = [
    ['items', schema.items],
    ['additionalProperties', schema.additionalProperties],
    ...Object.entries(schema.properties ?? {}),
    ...Object.entries(schema.oneOf ?? {}),
  ];
  for (const [name, sub] of inner) {
    if (typeof sub === 'object') yield* subschemas(sub, `${path}/${name}`);
  }
}

test('every member of every schema says what it is', () => {
  for (const [name, document] of Object.entries<JsonSchema>(publishedSchemas)) {
    for (const [path, schema] of subschemas(document, name)) {
      for (const [member, sub] of Object.entries(schema.properties ?? {})) {
        const words = sub.description ?? sub.$ref ?? '';
        assert.ok(words.length > 5, `${path}/${member} has no description`);
      }
    }
  }
});

// spec: api 2.8
test('references stay relative, so that a deployment can serve the schemas anywhere', () => {
  for (const [name, document] of Object.entries<JsonSchema>(publishedSchemas)) {
    for (const [path, schema] of subschemas(document, name)) {
      if (schema.$ref !== undefined) assert.match(schema.$ref, /^[a-z-]+\.json#/, path);
    }
  }
});
