import fc from 'fast-check';
import { apiPrefix } from '#contract/endpoint.ts';
import type { Endpoint } from '#contract/endpoint.ts';
import type { SchemaName } from '#contract/schemas/published.ts';
import { names, rawBodies } from './fuzz-bodies.ts';
import type { Inhabitants, RawBody } from './fuzz-bodies.ts';
import { mostly, oddText } from './fuzz-values.ts';

/** How a request is signed. */
export interface Signature {
  /** Whose credentials; null: it is not signed. */
  as: string | null;
  /** Base64 of what goes along; empty: only a certificate, if there is one. */
  ext: string;
  /** What is said of the body's hash. */
  hash: 'none' | 'right' | 'wrong' | 'odd';
  /** An Authorization header as it is, instead of or beside a good one. */
  raw: string | null;
  isInUrl: boolean;
}

/** A request as it was thought of; it is signed when it is sent. */
export interface FuzzRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: readonly (readonly [string, string])[];
  /** Null: there is no such header. */
  host: string | null;
  body: RawBody;
  signature: Signature;
}

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
const deep = `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`;

const signature: fc.Arbitrary<Signature> = fc.record({
  as: mostly(fc.constant('root'), fc.constantFrom(null, 'reader', 'worker', 'expired', 'unknown', 'wrong')),
  ext: mostly(
    fc.constant(''),
    fc.constantFrom(
      base64({}),
      base64(null),
      base64([]),
      base64({ authorizedScopes: ['*'] }),
      base64({ authorizedScopes: ['worker-manager:*', 'assume:*'] }),
      base64({ authorizedScopes: [] }),
      base64({ authorizedScopes: 'worker-manager:*' }),
      base64({ certificate: {} }),
      base64({ certificate: { version: 1, scopes: ['*'], start: 0, expiry: 1e15, seed: 'x', signature: '' } }),
      base64({ certificate: null, authorizedScopes: null }),
      Buffer.from('{"__proto__":{"certificate":1}}').toString('base64'),
      Buffer.from(deep).toString('base64'),
      '!!!',
    ),
    20,
  ),
  hash: mostly(fc.constant('none' as const), fc.constantFrom('right', 'wrong', 'odd'), 12),
  raw: mostly(
    fc.constant(null),
    fc.constantFrom(
      'Hawk',
      'Hawk ',
      'Hawk id="root"',
      'Hawk id="root", ts="1", nonce="n", mac="m", mac="m"',
      'Hawk id="root", ts="NaN", nonce="n", mac="bQ=="',
      'Hawk id="root", ts="99999999999999", nonce="n", mac="bQ=="',
      'Hawk id="__proto__", ts="1", nonce="n", mac="bQ=="',
      'Hawk id="\xff", ts="1", nonce="n", mac="bQ=="',
      'Basic cm9vdDpodXNo',
      'Bearer hush',
      '',
      `Hawk id="${'a'.repeat(5_000)}"`,
    ),
    20,
  ),
  isInUrl: mostly(fc.constant(false), fc.constant(true), 8),
});

/** Headers that mean something to somebody on the way. */
const headers: fc.Arbitrary<readonly (readonly [string, string])[]> = mostly(
  fc.constant([]),
  fc.array(
    fc.constantFrom<(readonly [string, string])[]>(
      ['content-type', 'text/plain'],
      ['content-type', 'application/json; charset=latin1'],
      ['content-type', 'application/json;;;='],
      ['content-type', ';'],
      ['content-type', 'application/x-www-form-urlencoded'],
      ['content-type', 'multipart/form-data; boundary=x'],
      ['accept-encoding', 'gzip, br;q=0'],
      ['accept-encoding', '*;q=0.5'],
      ['accept', 'text/html'],
      ['if-none-match', '*'],
      ['if-none-match', 'W/"", "\xff", ,'],
      ['if-modified-since', 'yesterday'],
      ['x-forwarded-port', '443'],
      ['x-forwarded-port', '1e9'],
      ['x-forwarded-port', '\xff'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-for', '::ffff:1.2.3.4, <script>'],
      ['x-taskcluster-trace-id', 'a\xe9b'],
      ['x-taskcluster-trace-id', 'x'.repeat(4_000)],
      ['content-encoding', 'gzip'],
      ['origin', 'https://example.com'],
      ['range', 'bytes=0-1'],
      ['cookie', '__proto__=1'],
    ),
    { minLength: 1, maxLength: 3 },
  ),
  4,
);

const host: fc.Arbitrary<string | null> = mostly(
  fc.constant('127.0.0.1'),
  fc.constantFrom(null, '', 'a b', '127.0.0.1:99999', '127.0.0.1:x', '[::1]:80', 'x'.repeat(300), '\xff', 'tc/../x'),
  30,
);

const oddPathPieces: readonly string[] = [
  [
    '.',
    '%',
    ';',
    '&',
    '+',
    ':',
    '@',
    '*',
    '\\',
    '"',
    '|',
    '^',
    '`',
    '',
    '..',
    '/',
    '//',
    '<a>',
    '{}',
    "'--",
    '\xff\xfe',
  ],
  ['%2e%2e', '%00', '%zz', '%ff', '%c0%af', '%ed%a0%80', '%2F%2F', 'fuzz%2Fcloud:', 'fuzz%252Fcloud', '__proto__'],
  ['stats', 'launch-configs', 'should-terminate', 'x'.repeat(500)],
].flat();
const oddPieces = fc.oneof(
  fc.constantFrom(...oddPathPieces),
  oddText.map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 2_000)),
);

/** Paths of an endpoint; half of those that name a worker name one that is there. */
function paths({ route, greedy }: Endpoint, there: Inhabitants): fc.Arbitrary<string> {
  const known: Readonly<Record<string, readonly string[]>> = {
    ...names,
    workerId: there.workers.map(({ workerId }) => workerId),
  };
  const fixed = route.split(/<\w+>/);
  const parameters = [...route.matchAll(/<(\w+)>/g)].map(([, name = '']) => name);
  const pieces = parameters.map((name) => {
    const good = fc.constantFrom(...(known[name] ?? ['absent']));
    const encoded = good.map(encodeURIComponent);
    return mostly(name === greedy ? mostly(encoded, good) : encoded, oddPieces, 10);
  });
  const any: fc.Arbitrary<readonly string[]> = fc.tuple(...pieces);
  const values = parameters.includes('workerId') ? mostly(any, ofWorkers(parameters, there), 1) : any;
  const end = mostly(fc.constant(''), fc.constantFrom('/', '//', '/x', ':', '%00', ';a=b', '#a'), 20);
  return fc.tuple(end, values).map(([last, list]) => {
    const whole = fixed.map((part, index) => `${part}${list[index] ?? ''}`).join('');
    return `${apiPrefix}${whole}${last}`;
  });
}

function ofWorkers(parameters: readonly string[], { workers }: Inhabitants): fc.Arbitrary<readonly string[]> {
  return fc.constantFrom(...workers).map((worker) => {
    const [provisionerId = '', workerType = ''] = worker.workerPoolId.split('/');
    const parts: Readonly<Record<string, string>> = { ...worker, provisionerId, workerType };
    return parameters.map((name) => encodeURIComponent(parts[name] ?? ''));
  });
}

/** Values of query keys that are good. */
const queryValues: Readonly<Record<string, readonly string[]>> = {
  limit: ['1', '2', '3', '10', '007'],
  includeArchived: ['true', 'false'],
  quarantined: ['true', 'false'],
  state: ['requested', 'running', 'stopping', 'stopped', 'standalone'],
  workerState: ['requested', 'running', 'stopping', 'stopped'],
  workerPoolId: names.workerPoolId.map(encodeURIComponent),
  launchConfigId: names.launchConfigId,
  errorId: ['dDQP9OXeSo6thhDhg30VQQ'],
};

const oddQueryValue = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e3',
    '9'.repeat(400),
    '%00',
    '%zz',
    '%ff',
    '\xff',
    'null',
    'true&limit=1',
    '[]',
    '+1',
  ),
  oddText.map((text) => encodeURIComponent(text.toWellFormed()).slice(0, 2_000)),
);

/** @param tokens that a listing of the world gave, its own or another one's. */
function queries({ query }: Endpoint, tokens: readonly string[]): fc.Arbitrary<string> {
  const own = Object.keys(query);
  const oddKeys = ['nonsense', '__proto__', 'limit[]', 'constructor', '', 'limit', 'continuationToken', '%00'];
  const value = (key: string): fc.Arbitrary<string> => {
    const known = Object.hasOwn(queryValues, key) ? queryValues[key] : undefined;
    const good = key === 'continuationToken' ? tokens : (known ?? ['1']);
    return mostly(fc.constantFrom(...good), oddQueryValue, 5);
  };
  const pair = (keys: readonly string[]): fc.Arbitrary<string> =>
    fc.constantFrom(...keys).chain((key) => value(key).map((text) => `${key}=${text}`));
  const good = own.length === 0 ? fc.constant<string[]>([]) : fc.array(pair(own), { maxLength: 3 });
  const bad = fc.array(pair([...own, ...oddKeys]), { minLength: 1, maxLength: 3 });
  return mostly(good, bad, own.length === 0 ? 10 : 4).map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`));
}

/** What requests to an endpoint are made of. */
export interface Material {
  there: Inhabitants;
  bodies: Partial<Record<SchemaName, fc.Arbitrary<unknown>>>;
  tokens: readonly string[];
}

/** Requests to an endpoint: half of them as they should be but for what they name, the others odd in one or two ways. */
export function requestsTo(endpoint: Endpoint, { there, bodies, tokens }: Material): fc.Arbitrary<FuzzRequest> {
  const { method } = endpoint;
  const verbs =
    method === 'get' ? fc.constantFrom('HEAD', 'HEAD', 'OPTIONS', 'PATCH') : fc.constantFrom('OPTIONS', 'GET');
  return fc.record({
    method: mostly(fc.constant(method.toUpperCase()), verbs, 20),
    target: fc.tuple(paths(endpoint, there), queries(endpoint, tokens)).map((parts) => parts.join('')),
    headers,
    host,
    body:
      endpoint.input === undefined
        ? mostly(fc.constant(undefined), rawBodies(endpoint, bodies), 20)
        : rawBodies(endpoint, bodies),
    signature,
  });
}

const outside: readonly string[] = [
  ['/', '', '*', '//', '/__version__', '/__heartbeat__', '/__lbheartbeat__', '/robots.txt', '/metrics'],
  ['/references/', '/references/manifest.json', '/references/worker-manager/v1/api.json', '/api/queue/v1/ping'],
  ['/schemas/worker-manager/v1/worker-full.json', '/schemas/../schemas', '/schemas/__proto__', 'http://a/__version__'],
  ['/api/worker-manager', '/api/worker-manager/v2/ping', `${apiPrefix}x/ping`, '/api%2Fworker-manager/v1/ping'],
].flat();

/** Requests to what is around the API, and to nothing. */
export const requestsOutside: fc.Arbitrary<FuzzRequest> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'),
  target: fc
    .tuple(fc.constantFrom(...outside), mostly(fc.constant(''), oddPieces, 2))
    .map(([start, end]) => `${start}${end}`.replace(/^(?![/*h])/, '/')),
  headers,
  host,
  body: mostly(fc.constant(undefined), fc.constantFrom('{}', 'x', '{"a":')),
  signature,
});
