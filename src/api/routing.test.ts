import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endpoints } from '#contract/routes.ts';
import type { Endpoint } from '#contract/endpoint.ts';
import { matchRoute, verbsOf } from './routing.ts';

/** Name and pool of what a path is found to be. */
function found(verb: string, path: string): string | undefined {
  const match = matchRoute(verb, path);
  return match && [match.name, ...Object.values(match.params)].join(' ');
}

// spec: api 1.1, 1.2
test('every endpoint is found at its own address with its arguments percent-encoded', () => {
  for (const [name, endpoint] of Object.entries<Endpoint>(endpoints)) {
    const path = endpoint.route.replaceAll(/<(\w+)>/g, (_, param: string) =>
      encodeURIComponent(param === 'workerPoolId' ? 'prov/type' : param),
    );
    const match = matchRoute(endpoint.method.toUpperCase(), path);
    assert.equal(match?.name, name, path);
    const expected = Object.keys(endpoint.params).map((param) => [
      param,
      param === 'workerPoolId' ? 'prov/type' : param,
    ]);
    assert.deepEqual(match.params, Object.fromEntries(expected));
  }
});

// spec: api 1.2
test('pool routes, the pool statistics and error routes take the slash of a pool id as it is', () => {
  assert.equal(found('PUT', '/worker-pool/aa/bb'), 'createWorkerPool aa/bb');
  assert.equal(found('POST', '/worker-pool/aa/bb'), 'updateWorkerPool aa/bb');
  assert.equal(found('DELETE', '/worker-pool/aa/bb'), 'deleteWorkerPool aa/bb');
  assert.equal(found('GET', '/worker-pool/aa/bb'), 'workerPool aa/bb');
  assert.equal(found('GET', '/worker-pool/aa/bb/stats'), 'workerPoolStats aa/bb');
  assert.equal(found('GET', '/worker-pool-errors/aa/bb'), 'listWorkerPoolErrors aa/bb');
  assert.equal(found('POST', '/worker-pool-errors/aa/bb'), 'reportWorkerError aa/bb');
});

// spec: api 1.2
test('elsewhere an unencoded slash shifts what follows', () => {
  assert.equal(found('GET', '/workers/aa/bb'), 'listWorkersForWorkerGroup aa bb');
  assert.equal(found('GET', '/workers/aa/bb/g'), 'worker aa bb g');
  assert.equal(found('GET', '/workers/aa/bb/g/w/x'), 'listWorkersForWorkerPool aa/bb/g/w/x');
  assert.equal(found('GET', '/worker-pool/aa/bb/launch-configs'), 'workerPool aa/bb/launch-configs');
});

// spec: api 1.2, W19
test('a pool may be called x/stats or x/launch-configs', () => {
  assert.equal(found('GET', '/worker-pool/x/stats'), 'workerPool x/stats');
  assert.equal(found('GET', '/worker-pool/x/launch-configs'), 'workerPool x/launch-configs');
  assert.equal(found('GET', '/worker-pool/x%2Fstats'), 'workerPool x/stats');
  assert.equal(found('GET', '/worker-pool/x/stats/stats'), 'workerPoolStats x/stats');
  assert.equal(found('GET', '/worker-pool/x%2Fstats/launch-configs'), 'listWorkerPoolLaunchConfigs x/stats');
  assert.equal(found('GET', '/worker-pool-errors/x/stats'), 'listWorkerPoolErrors x/stats');
});

// spec: api 1.2
test('only GET has the error statistics of all pools', () => {
  assert.equal(found('GET', '/worker-pool-errors/stats'), 'workerPoolErrorStats');
  assert.equal(found('POST', '/worker-pool-errors/stats'), 'reportWorkerError stats');
});

// spec: api 1.2
test('a greedy parameter also takes nothing, but not the want of its slash', () => {
  assert.equal(found('GET', '/worker-pool/'), 'workerPool ');
  assert.equal(found('GET', '/workers/'), 'listWorkersForWorkerPool ');
  assert.equal(found('GET', '/worker-pool-errors/'), 'listWorkerPoolErrors ');
  assert.equal(found('GET', '/worker-pool'), undefined);
});

// spec: api 1.2
test('a slash at the end is tolerated, except where it is part of a greedy parameter', () => {
  assert.equal(found('GET', '/ping/'), 'ping');
  assert.equal(found('GET', '/workers/aa%2Fbb/g/w/'), 'worker aa/bb g w');
  assert.equal(found('GET', '/worker-pool/aa/bb/stats/'), 'workerPoolStats aa/bb');
  assert.equal(found('GET', '/worker-pool/aa/bb/'), 'workerPool aa/bb/');
});

// spec: api 1.3, 5.9
test('the four legacy routes have a literal colon after the pool', () => {
  assert.equal(found('GET', '/workers/aa%2Fbb:/g'), 'listWorkersForWorkerGroupWithColon aa/bb g');
  assert.equal(found('GET', '/workers/aa%2Fbb:/g/w'), 'workerWithColon aa/bb g w');
  assert.equal(found('PUT', '/workers/aa%2Fbb:/g/w'), 'createWorkerWithColon aa/bb g w');
  assert.equal(found('POST', '/workers/aa%2Fbb:/g/w'), 'updateWorkerWithColon aa/bb g w');
  assert.equal(found('GET', '/workers/aa%2Fbb%3A/g/w'), 'worker aa/bb: g w');
  assert.equal(found('DELETE', '/workers/aa%2Fbb:/g/w'), 'removeWorker aa/bb: g w');
  assert.equal(found('GET', '/workers/aa%2Fbb:/g/w/should-terminate'), 'shouldWorkerTerminate aa/bb: g w');
});

// spec: api 1.2, E72
test('paths are case-sensitive, and a verb that a path does not have is no route', () => {
  assert.equal(found('GET', '/Ping'), undefined);
  assert.equal(found('POST', '/ping'), undefined);
  assert.equal(found('PATCH', '/worker-pool/aa%2Fbb'), undefined);
});

// spec: api 1.2
test('HEAD goes where GET goes', () => {
  assert.equal(found('HEAD', '/worker-pools'), 'listWorkerPools');
  assert.equal(found('HEAD', '/worker/register'), undefined);
});

// spec: api 2.7
test('the verbs of a path are those of every route that it is', () => {
  assert.deepEqual(verbsOf('/worker-pool/aa%2Fbb'), ['DELETE', 'GET', 'HEAD', 'POST', 'PUT']);
  assert.deepEqual(verbsOf('/ping'), ['GET', 'HEAD']);
  assert.deepEqual(verbsOf('/worker/register'), ['POST']);
  assert.deepEqual(verbsOf('/nowhere'), []);
});

// spec: W16
test('a percent-escape that means nothing is told from the route', () => {
  const match = matchRoute('GET', '/worker-pool/aa%zz');
  assert.equal(match?.name, 'workerPool');
  assert.equal(match.isMalformed, true);
  assert.deepEqual(match.params, { workerPoolId: 'aa%zz' });
  assert.equal(matchRoute('GET', '/worker-pool/%ff')?.isMalformed, true);
});

test('no path breaks the table, and what it finds has all its parameters', () => {
  const piece = fc.oneof(
    fc.constantFrom('workers', 'worker-pool', 'stats', 'aa%2Fbb', 'aa%2Fbb:', '%', '%00', '%zz', '', '..', 'g'),
    fc.string(),
  );
  const paths = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('/')}`);
  fc.assert(
    fc.property(fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'), paths, (verb, path) => {
      const match = matchRoute(verb, path);
      if (match === undefined) return;
      assert.deepEqual(Object.keys(match.params).toSorted(), Object.keys(match.endpoint.params).toSorted());
    }),
  );
});
