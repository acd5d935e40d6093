import type { Endpoint } from '#contract/endpoint.ts';
import type { OperationName } from '#contract/routes.ts';
import type { SchemaName } from '#contract/schemas/published.ts';
import type { Shapes } from '#contract/shapes.ts';
import { examples, unpublishedExamples } from './examples.ts';
import { parameters } from './parameters.ts';
import { refusals } from './refusals.ts';
import { schemaPointer, unpublishedAnswers } from './schemas.ts';

/** Callers sign their requests, or the address of one; without a signature they have what is given to everybody. */
const signedOrAnonymous = [{ hawk: [] }, {}];
const signedOrSignedUrlOrAnonymous = [{ hawk: [] }, { bewit: [] }, {}];

function body(name: SchemaName): object {
  return {
    'application/json': { schema: schemaPointer(name), examples: namedExamples(examples[name as keyof Shapes]) },
  };
}

function namedExamples(values: Readonly<Record<string, object>>): Record<string, object> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

function answer(name: OperationName, { output, title }: Endpoint): object {
  if (output !== undefined) return { description: title, content: body(output) };
  const own = name as keyof typeof unpublishedAnswers;
  const content = { schema: unpublishedAnswers[own], example: unpublishedExamples[own] };
  return { description: title, content: { 'application/json': content } };
}

/** One endpoint as an OpenAPI operation. The scopes that it needs are in `x-scopes`, in the form of Taskcluster's references. */
export function operation(name: OperationName, endpoint: Endpoint): object {
  const { method, input, scopes, title, description, category, stability } = endpoint;
  const signed = method === 'get' ? signedOrSignedUrlOrAnonymous : signedOrAnonymous;
  const given = parameters(endpoint);
  return {
    operationId: name,
    summary: title,
    description,
    tags: [category],
    ...(given.length === 0 ? {} : { parameters: given }),
    ...(input === undefined ? {} : { requestBody: { required: true, content: body(input) } }),
    responses: { '200': answer(name, endpoint), ...refusals(name, endpoint) },
    security: scopes === undefined ? [] : signed,
    ...(scopes === undefined ? {} : { 'x-scopes': scopes }),
    'x-stability': stability,
  };
}
