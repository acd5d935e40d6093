import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areScopesSatisfied } from './scopes.ts';

test('a star at the end of a held scope covers what it is a prefix of, and is plain text elsewhere', () => {
  assert.ok(areScopesSatisfied(['queue:claim-work:*'], 'queue:claim-work:aa/bb'));
  assert.ok(areScopesSatisfied(['queue:claim-work:aa/bb'], 'queue:claim-work:aa/bb'));
  assert.ok(!areScopesSatisfied(['queue:claim-work:aa/bb'], 'queue:claim-work:*'));
  assert.ok(!areScopesSatisfied(['queue:*:aa/bb'], 'queue:claim-work:aa/bb'));
});

test('all of nothing is satisfied, any of nothing is not, and both nest', () => {
  assert.ok(areScopesSatisfied([], { allOf: [] }));
  assert.ok(!areScopesSatisfied(['*'], { anyOf: [] }));
  assert.ok(areScopesSatisfied(['a', 'c'], { allOf: ['a', { anyOf: ['b', { allOf: ['c'] }] }] }));
  assert.ok(!areScopesSatisfied(['a'], { allOf: ['a', { anyOf: ['b', 'c'] }] }));
});
