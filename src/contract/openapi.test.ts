import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import type { Endpoint } from './endpoint.ts';
import { errorStatus } from './error-codes.ts';
import { openApiDocument } from './openapi.ts';
import { examplePools } from './openapi/example-pools.ts';
import { examples } from './openapi/examples.ts';
import { endpoints } from './routes.ts';
import { schemaId } from './schemas/json-schema.ts';
import { ajvOptions, learnSchemas } from './schemas/learning.ts';
import { configSchemas, publishedSchemas } from './schemas/published.ts';

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: { 'application/json': { schema: { $ref: string } } } };
  responses: Record<string, { description: string; content: { 'application/json': Record<string, unknown> } }>;
  security: Record<string, []>[];
  'x-scopes'?: unknown;
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; examples: Record<string, { value: { code: string } }> };
}

const api = openApiDocument() as OpenApi;
const operations = new Map(
  Object.entries(api.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => [operation.operationId, { path, verb, ...operation }] as const),
  ),
);
const ajv = new Ajv(ajvOptions);
learnSchemas(ajv);

const redocly = fileURLToPath(import.meta.resolve('@redocly/cli/bin/cli.js'));

/** What the linter says of a document; empty: nothing. */
async function lint(content: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
  try {
    const file = join(folder, 'openapi.json');
    await writeFile(file, JSON.stringify(content));
    const args = [redocly, 'lint', file, '--config', resolve('redocly.yaml'), '--format', 'json'];
    const { promise, resolve: done } = Promise.withResolvers<string>();
    execFile(process.execPath, args, (error, stdout) => {
      const { totals, problems } = JSON.parse(stdout) as {
        totals: object;
        problems: { ruleId: string; message: string }[];
      };
      const texts = problems.map(({ ruleId, message }) => `${ruleId}: ${message}`);
      if (error !== null && texts.length === 0) texts.push(JSON.stringify(totals));
      done(texts.join('\n'));
    });
    return await promise;
  } finally {
    await rm(folder, { recursive: true });
  }
}

// spec: api 2.8
test('the OpenAPI document lints clean, and one with a mistake in it does not', async () => {
  assert.equal(await lint(api), '');
  const wrong = JSON.parse(JSON.stringify(api).replace('"terminate":false', '"terminate":"no"')) as object;
  assert.match(await lint(wrong), /no-invalid-media-type-examples: .*terminate/);
});

test('it describes every published endpoint, with its parameters, body, answer and scopes', () => {
  const published = Object.entries<Endpoint>(endpoints).filter(([, { twinOf }]) => twinOf === undefined);
  assert.deepEqual([...operations.keys()].toSorted(), published.map(([name]) => name).toSorted());
  for (const [name, endpoint] of published) {
    const operation = operations.get(name);
    assert.ok(operation);
    assert.equal(operation.path, endpoint.route.replaceAll('<', '{').replaceAll('>', '}'));
    assert.equal(operation.verb, endpoint.method);
    const given = (operation.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`);
    const wanted = [
      ...Object.keys(endpoint.params).map((key) => `path ${key}`),
      ...Object.keys(endpoint.query).map((key) => `query ${key}`),
    ];
    assert.deepEqual(given, wanted, name);
    const bodies = [operation.requestBody, operation.responses['200']].map(
      (one) => (one?.content['application/json'].schema as { $ref?: string } | undefined)?.$ref,
    );
    const schemas = [endpoint.input, endpoint.output].map((schema) =>
      schema === undefined ? undefined : `#/components/schemas/${schema}`,
    );
    assert.deepEqual(bodies, schemas, name);
    assert.deepEqual(operation['x-scopes'], endpoint.scopes, name);
  }
});

test('it has every published schema, and nothing in it refers to another document', () => {
  assert.deepEqual(
    Object.keys(api.components.schemas).toSorted(),
    [...Object.keys(publishedSchemas), 'error'].toSorted(),
  );
  for (const [, reference = ''] of JSON.stringify(api).matchAll(/"\$ref":"([^"]*)"/g)) {
    assert.match(reference, /^#\/components\//);
  }
  assert.doesNotMatch(JSON.stringify(api), /\$id|"\$schema"/);
});

test('every endpoint says with which statuses it refuses', () => {
  const statuses = (name: string): string[] => Object.keys(operations.get(name)?.responses ?? {});
  assert.deepEqual(statuses('ping'), ['200', '400', '500']);
  assert.deepEqual(statuses('workerPool'), ['200', '400', '401', '403', '404', '500', '503']);
  assert.deepEqual(statuses('createWorkerPool'), ['200', '400', '401', '403', '409', '413', '500', '503']);
  assert.deepEqual(statuses('registerWorker'), ['200', '400', '404', '413', '500', '503']);
  for (const { operationId, responses } of operations.values()) {
    for (const [status, { content }] of Object.entries(responses)) {
      if (status === '200') continue;
      const { schema, examples: codes } = content['application/json'];
      assert.deepEqual(schema, { $ref: '#/components/schemas/error' });
      for (const code of Object.keys(codes as object)) {
        assert.equal(errorStatus[code as keyof typeof errorStatus], Number(status), operationId);
        assert.equal(api.components.examples[code]?.value.code, code);
      }
    }
  }
});

test('signed addresses are for GET, public endpoints for everybody', () => {
  const schemes = (name: string): string[] => (operations.get(name)?.security ?? []).flatMap(Object.keys);
  assert.deepEqual(schemes('workerPool'), ['hawk', 'bewit']);
  assert.deepEqual(schemes('deleteWorkerPool'), ['hawk']);
  assert.deepEqual(schemes('registerWorker'), []);
});

test('parameters take what the service takes', () => {
  const schemaOf = (operation: string, name: string): object | undefined =>
    operations.get(operation)?.parameters?.find((parameter) => parameter.name === name)?.schema;
  assert.deepEqual(schemaOf('listWorkers', 'limit'), { type: 'integer', minimum: 0 });
  assert.deepEqual(schemaOf('listWorkers', 'continuationToken'), { type: 'string', minLength: 1 });
  assert.deepEqual(schemaOf('listWorkers', 'quarantined'), { type: 'boolean' });
  assert.deepEqual(schemaOf('listWorkers', 'workerState'), {
    type: 'string',
    enum: ['requested', 'running', 'stopping', 'stopped'],
  });
  assert.deepEqual(schemaOf('worker', 'workerId'), { type: 'string', pattern: endpoints.worker.params.workerId });
});

test('every example is what its schema takes, and every config what its type of provider takes', () => {
  const check = (schema: string, value: unknown): void => {
    const validate = ajv.getSchema(schemaId(schema));
    assert.ok(validate, schema);
    assert.ok(validate(value), `${schema}: ${ajv.errorsText(validate.errors)}`);
  };
  for (const [schema, values] of Object.entries(examples)) {
    for (const value of Object.values(values)) check(schema, value);
  }
  for (const [type, { config }] of Object.entries(examplePools)) {
    check(configSchemas[type as keyof typeof configSchemas], config);
  }
});
