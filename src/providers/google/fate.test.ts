import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GoogleOperation } from './answer.ts';
import { fateOf } from './fate.ts';
import { placementOf, scopesOf } from './place.ts';

const scopes = scopesOf(placementOf({ zone: 'us-west1-b', machineType: 'n2-standard-4', scheduling: {} }));
const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

function anOperation(type: string, special: Partial<GoogleOperation> = {}): GoogleOperation {
  return {
    name: `operation-${type}`,
    type,
    isDone: true,
    targetId: '1',
    requestId: null,
    groupId: null,
    insertedAt: at(0),
    errors: [],
    errorStatus: null,
    createdCount: null,
    ...special,
  };
}

const stockOut = { code: 'ZONE_RESOURCE_POOL_EXHAUSTED', message: 'no room', quotaMetric: null };

// spec: provisioning 7.6, P-52
describe('a machine that is not shown', () => {
  test('whose insert goes on is starting', () => {
    assert.equal(fateOf([anOperation('insert', { isDone: false })], scopes)?.presence, 'starting');
  });

  test('whose insert has failed is gone, with Google’s reason, told as an operation’s error', () => {
    const fate = fateOf([anOperation('insert', { errors: [stockOut], errorStatus: 503 })], scopes);
    assert.equal(fate?.presence, 'gone');
    assert.deepEqual(fate.trouble, {
      class: 'capacity',
      code: 'ZONE_RESOURCE_POOL_EXHAUSTED',
      message: 'no room',
      scope: 'us-west1-b/n2-standard-4/standard',
      retryAfterMs: null,
      requestId: 'operation-insert',
      kind: 'operation-error',
      title: 'Operation Error',
    });
  });

  test('that Google took back is gone, preempted', () => {
    const fate = fateOf([anOperation('insert'), anOperation('compute.instances.preempted')], scopes);
    assert.deepEqual([fate?.presence, fate?.why, fate?.trouble], ['gone', 'preempted', null]);
  });

  test('that was deleted is gone, and ending as long as that goes on', () => {
    assert.equal(fateOf([anOperation('insert'), anOperation('delete')], scopes)?.presence, 'gone');
    assert.equal(fateOf([anOperation('insert'), anOperation('delete', { isDone: false })], scopes)?.presence, 'ending');
  });

  test('that was deleted before its insert was done is no launch that failed', () => {
    const errors = [{ code: 'OPERATION_CANCELED_BY_USER', message: 'canceled', quotaMetric: null }];
    const canceled = anOperation('insert', { errors, errorStatus: 409 });
    const fate = fateOf([canceled, anOperation('delete')], scopes);
    assert.deepEqual([fate?.presence, fate?.cloudState, fate?.trouble], ['gone', 'deleted', null]);
    const going = fateOf([canceled, anOperation('delete', { isDone: false })], scopes);
    assert.deepEqual([going?.presence, going?.trouble], ['ending', null]);
    const failed = anOperation('insert', { errors: [stockOut], errorStatus: 503 });
    assert.equal(fateOf([failed, anOperation('delete')], scopes)?.trouble?.class, 'capacity');
  });

  test('whose deletion failed, or of which nothing is remembered, has no fate by its operations', () => {
    const failed = anOperation('delete', { errors: [{ code: 'INTERNAL_ERROR', message: '', quotaMetric: null }] });
    assert.equal(fateOf([anOperation('insert'), failed], scopes), null);
    assert.equal(fateOf([anOperation('insert')], scopes), null);
    assert.equal(fateOf([], scopes), null);
  });

  test('the last deletion counts', () => {
    const failed = { insertedAt: at(1), errors: [{ code: 'INTERNAL_ERROR', message: '', quotaMetric: null }] };
    const operations = [anOperation('delete', { insertedAt: at(2) }), anOperation('delete', failed)];
    assert.equal(fateOf(operations, scopes)?.presence, 'gone');
  });
});
