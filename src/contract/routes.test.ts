import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from './endpoint.ts';
import { matchesPattern } from './patterns.ts';
import { endpoints, operationOf } from './routes.ts';
import type { EndpointName, RequestBody, RequestParams, RequestQuery, ResponseBody } from './routes.ts';
import type { WorkerDeclaration, WorkerFull } from './shapes.ts';

const all = Object.entries<Endpoint>(endpoints);

function endpoint(name: EndpointName): Endpoint {
  return endpoints[name];
}

// The order in which overlapping routes are tried (spec/api.md 1.1, 1.3).
const order = `ping lbheartbeat version listProviders createWorkerPool updateWorkerPool deleteWorkerPool
listWorkerPoolLaunchConfigs workerPoolStats workerPool listWorkerPools listWorkerPoolsStats reportWorkerError workerPoolErrorStats
listWorkerPoolErrors listWorkersForWorkerGroupWithColon listWorkersForWorkerGroup workerWithColon worker createWorkerWithColon
createWorker updateWorkerWithColon updateWorker removeWorker shouldWorkerTerminate listWorkersForWorkerPool registerWorker
reregisterWorker listWorkers getWorker heartbeat`.split(/\s+/);

// spec: api 1.1, 1.2, 1.3
test('there are 27 endpoints and 4 legacy twins, each twin just before its modern form', () => {
  assert.deepEqual(
    all.map(([name]) => name),
    order,
  );
  assert.equal(all.filter(([, { twinOf }]) => twinOf === undefined).length, 27);
});

// spec: api 1.3
test('a twin is answered by its modern form and differs from it in a literal colon only', () => {
  for (const [name, { twinOf, route, ...rest }] of all) {
    assert.equal(operationOf(name as EndpointName), twinOf ?? name);
    if (twinOf === undefined) continue;
    const { route: modernRoute, ...modern } = endpoint(twinOf as EndpointName);
    assert.equal(route, modernRoute.replace('<workerPoolId>', '<workerPoolId>:'));
    assert.deepEqual(rest, modern);
  }
});

// spec: api 1.1
test('every route parameter has a pattern, in the order of the route', () => {
  for (const [name, { route, params, greedy }] of all) {
    const inRoute = [...route.matchAll(/<(\w+)>/g)].map(([, parameter]) => parameter);
    assert.deepEqual(Object.keys(params), inRoute, name);
    if (greedy !== undefined) assert.ok(greedy in params, name);
  }
});

// spec: api 2.1
test('scopes that name more than the route are checked by the handler, all others before', () => {
  const deferred = all.filter(([, { authorizes }]) => authorizes === 'in-handler');
  assert.deepEqual(deferred.map(([name]) => name).toSorted(), [
    'createWorkerPool',
    'reportWorkerError',
    'reregisterWorker',
    'updateWorkerPool',
    'workerPoolErrorStats',
  ]);
  for (const [name, { scopes, params, authorizes }] of all) {
    const named = [...JSON.stringify(scopes ?? '').matchAll(/<(\w+)>/g)].map(([, word = '']) => word);
    assert.equal(
      named.every((word) => word in params),
      authorizes === 'before',
      name,
    );
  }
});

// spec: api 1.1
test('everything but monitoring and registration needs scopes', () => {
  const open = all.filter(([, { scopes }]) => scopes === undefined).map(([name]) => name);
  assert.deepEqual(open.toSorted(), ['heartbeat', 'lbheartbeat', 'ping', 'registerWorker', 'version']);
});

// spec: api 2.3
test('bodies with secrets are masked', () => {
  const masked = all.flatMap(([name, { masks }]) => (masks === undefined ? [] : [[name, masks]]));
  assert.deepEqual(Object.fromEntries(masked), {
    createWorkerWithColon: 'static-secret',
    createWorker: 'static-secret',
    updateWorkerWithColon: 'static-secret',
    updateWorker: 'static-secret',
    registerWorker: 'whole',
    reregisterWorker: 'whole',
  });
});

// spec: api 1.2
test('pool ids may be written with a bare slash where they always could', () => {
  const greedy = all.filter((entry) => entry[1].greedy !== undefined).map(([name]) => name);
  assert.deepEqual(greedy, [
    'createWorkerPool',
    'updateWorkerPool',
    'deleteWorkerPool',
    'workerPoolStats',
    'workerPool',
    'reportWorkerError',
    'listWorkerPoolErrors',
    'listWorkersForWorkerPool',
  ]);
});

/** What a parameter or query key of an endpoint takes and refuses. */
const texts: [EndpointName, string, string[], string[]][] = [
  [
    'workerPool',
    'workerPoolId',
    ['a/b', 'A_-9/a-9', `${'x'.repeat(38)}/${'y'.repeat(38)}`],
    ['a', 'a/B', 'a/b-', 'a/9', 'a/b/c', 'a.b/c', `a/${'y'.repeat(39)}`, '', 'a/b:', 'a/b\n'],
  ],
  ['worker', 'workerId', ['a', 'x'.repeat(38), 'A_-'], ['', 'a.b', 'x'.repeat(39)]],
  ['getWorker', 'provisionerId', ['A_-9'], ['a/b', '', 'x'.repeat(39)]],
  ['getWorker', 'workerType', ['a-9'], ['A', '9', 'a-']],
  ['listWorkersForWorkerPool', 'launchConfigId', ['with_underscore', 'lc-1'], ['', 'a.b', 'x'.repeat(39)]],
  ['listWorkersForWorkerPool', 'state', ['running', 'standalone'], ['Running', '']],
  ['listWorkers', 'workerState', ['running'], ['standalone']],
  ['listWorkers', 'quarantined', ['true', 'false'], ['1', 'truefalse']],
  ['listWorkers', 'limit', ['0', '007', '5000'], ['', '-1', '1.5', 'x']],
  ['listWorkers', 'continuationToken', ['x', 'a\nb', '§'], ['']],
  ['listProviders', 'continuationToken', ['12'], ['x']],
  ['workerPoolErrorStats', 'workerPoolId', ['', 'a_b/c'], ['a', 'a/b/c']],
  ['listWorkerPoolErrors', 'errorId', ['a_-B'], ['', 'a.b']],
];

// spec: api 0.1, 1.1, W15, W17, W18
test('parameters and query keys take what they should and nothing else', () => {
  for (const [name, key, good, bad] of texts) {
    const pattern = { ...endpoint(name).params, ...endpoint(name).query }[key];
    assert.ok(pattern !== undefined, `${name} ${key}`);
    for (const text of good) assert.ok(matchesPattern(pattern, text), `${name} ${key} ${text}`);
    for (const text of bad) assert.equal(matchesPattern(pattern, text), false, `${name} ${key} ${text}`);
  }
});

test('handlers are typed by the name of their endpoint', () => {
  const params: RequestParams<'worker'> = { workerPoolId: 'a/b', workerGroup: 'g', workerId: 'w' };
  const query: RequestQuery<'listWorkerPools'> = { limit: '5' };
  const body: RequestBody<'createWorker'> = { expires: '' } satisfies WorkerDeclaration;
  const nothing: RequestBody<'worker'> = undefined;
  const stateOf = (answer: ResponseBody<'updateWorker'>): WorkerFull['state'] => answer.state;
  // @ts-expect-error a parameter that the route does not have
  const wrong: RequestParams<'workerPool'> = { workerPoolId: 'a/b', workerGroup: 'g' };
  // @ts-expect-error a query key that the endpoint does not have
  const wrongQuery: RequestQuery<'listWorkerPools'> = { state: 'running' };
  assert.ok(params && query && body && wrong && wrongQuery && !nothing && stateOf);
});
