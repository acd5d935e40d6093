import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import type { ValidateFunction } from 'ajv';
import { matchRoute } from '#api/routing.ts';
import { apiPrefix } from '#contract/endpoint.ts';
import { errorStatus } from '#contract/error-codes.ts';
import { formats } from '#contract/formats.ts';
import { openApiDocument } from '#contract/openapi.ts';
import type { EndpointName, OperationName } from '#contract/routes.ts';
import { operationOf } from '#contract/routes.ts';
import type { FuzzRequest } from './fuzz-requests.ts';
import type { RawAnswer } from './raw-connections.ts';

/** What the document that users read says of an operation. */
interface Operation {
  operationId: OperationName;
  responses: Readonly<Record<string, { description: string; content: { 'application/json': { schema: object } } }>>;
}
interface OpenApi {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: object;
}

const document = openApiDocument() as OpenApi;
const operations = new Map(
  Object.values(document.paths)
    .flatMap((path) => Object.values(path))
    .map((operation) => [operation.operationId, operation]),
);
// The checks of the service are not used: what they overlook, this must find.
const ajv = new Ajv({ strict: false, validateSchema: false, formats: { ...formats } });
const checks = new Map<string, ValidateFunction>();

function schemaCheck(operation: Operation, status: string): ValidateFunction | undefined {
  const name = `${operation.operationId} ${status}`;
  const known = checks.get(name);
  if (known !== undefined) return known;
  const schema = operation.responses[status]?.content['application/json'].schema;
  if (schema === undefined) return undefined;
  const check = ajv.compile({ ...schema, components: document.components });
  checks.set(name, check);
  return check;
}

/** What a body that cannot be read does to any endpoint, whether it takes one or not. */
const unreadable = new Set(['MalformedPayload', 'InputTooLarge']);

interface Envelope {
  code: keyof typeof errorStatus;
  message: string;
  requestInfo: { method: EndpointName };
}

/**
 * Holds an answer to what is published: the status is one that the endpoint has, and the body is what is said of it. An answer of a status above 499
 * is none of ours, but for 503 where it is published.
 */
export function checkAnswer(request: FuzzRequest, answer: RawAnswer): void {
  const { status, headers, text } = answer;
  assert.notEqual(status, 0, 'the connection was closed without an answer');
  if (headers['x-for-request-id'] === undefined) {
    // Bytes that are no HTTP: nobody knows what was asked.
    assert.deepEqual([status, headers['content-length']], [400, '65']);
    assert.ok(text === '' || text === '{"error":"Bad Request","message":"Client Error","statusCode":400}');
    return;
  }
  assert.equal(headers['access-control-allow-origin'], '*');
  const { method, target } = request;
  const [path = ''] = target.split('?', 1);
  const match = matchRoute(method, path.slice(apiPrefix.length));
  if (method === 'OPTIONS' && status === 200) assert.equal(text, headers['allow']);
  else if (match === undefined) checkNothing(request, answer);
  else if (method === 'HEAD' || status === 304) checkBodyless(request, answer);
  else {
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    checkBody(match.name, status, text);
  }
}

function checkNothing({ method }: FuzzRequest, { status, text }: RawAnswer): void {
  assert.equal(status, 404);
  assert.equal(text, method === 'HEAD' ? '' : '{\n  "error": "Not found"\n}');
}

function checkBodyless({ headers }: FuzzRequest, { status, text }: RawAnswer): void {
  assert.equal(text, '');
  assert.ok(status < 500 || status === 503, 'a defect');
  if (status === 304) assert.ok(headers.some(([name]) => name === 'if-none-match'));
}

function checkBody(name: EndpointName, status: number, text: string): void {
  const body: unknown = JSON.parse(text);
  const operation = operations.get(operationOf(name));
  assert.ok(operation !== undefined);
  if (status === 200) {
    const check = schemaCheck(operation, '200');
    assert.ok(check?.(body), `not as published: ${JSON.stringify(check?.errors)}`);
    return;
  }
  const check = schemaCheck(operation, '400');
  assert.ok(check?.(body), `not the error envelope: ${JSON.stringify(check?.errors)}`);
  const { code, message, requestInfo } = body as Envelope;
  assert.equal(errorStatus[code], status);
  assert.ok(status < 500 || status === 503, 'a defect');
  const published = operation.responses[String(status)]?.description ?? '';
  assert.ok(published.includes(`\`${code}\``) || unreadable.has(code), `${code} is not published for ${name}`);
  assert.equal(requestInfo.method, name);
  assert.ok(message.includes(`\n\n---\n\n* method:     ${name}\n* errorCode:  ${code}\n* statusCode: ${status}\n`));
  assert.doesNotMatch(message, /\bat \S+ \(|node_modules|node:internal|\.ts:\d/, 'shows where the program is');
}

/** Holds an answer to a request outside the API to what is published: a document, a text, a 404; and never a defect. */
export function checkAnswerOutside({ method }: FuzzRequest, { status, headers, text }: RawAnswer): void {
  assert.ok([200, 304, 400, 404].includes(status), 'a status that nothing outside the API has');
  assert.equal(headers['access-control-allow-origin'], undefined);
  if (text === '' || headers['content-type']?.startsWith('text/plain') === true) {
    assert.ok(text !== '' || method === 'HEAD' || status === 304);
    return;
  }
  const body: unknown = JSON.parse(text);
  if (status === 404) assert.deepEqual(body, { error: 'Not found' });
}

/** What may be seen nowhere: known secrets, and what was issued while nobody but its owner looked. */
export class Secrets {
  readonly #known: RegExp;
  readonly #issued = new Set<string>();

  /** @param known parts of secrets, as expressions */
  constructor(known: readonly string[]) {
    this.#known = new RegExp(known.join('|'));
  }

  /** @throws when a text shows a secret. */
  refuseIn(text: string): void {
    const found = this.#known.exec(text);
    assert.ok(
      found === null,
      `shows a secret: …${text.slice(Math.max(0, (found?.index ?? 0) - 100), (found?.index ?? 0) + 50)}…`,
    );
    for (const [token] of text.matchAll(/[\w-]{43,}/g)) {
      assert.ok(!this.#issued.has(token), `shows what was issued to somebody else: ${token}`);
    }
  }

  /** Keeps what a registration gave out: from now on nobody may see it again. */
  keep(answer: RawAnswer): void {
    if (answer.status !== 200 || !answer.text.includes('"accessToken"')) return;
    const { secret, credentials } = JSON.parse(answer.text) as { secret: string; credentials: { accessToken: string } };
    this.#issued.add(secret).add(credentials.accessToken);
  }

  get issued(): number {
    return this.#issued.size;
  }
}
