import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { masked, maskAt, parseFields } from './fields.ts';
import { Refusal } from './refusal.ts';
import type { Shape } from './shape.ts';

const shape: Shape = {
  members: {
    items: {
      list: { members: { id: 'string', name: 'string', size: { members: { cpus: 'integer', memory: 'integer' } } } },
    },
    next: 'string',
    scopes: { map: { members: { things: { list: { members: { id: 'string', name: 'string' } } } } } },
  },
};

const answer = {
  items: [
    { id: '1', name: 'a', size: { cpus: 1, memory: 2 } },
    { id: '2', name: 'b' },
  ],
  next: 'token',
  scopes: { 'zones/a': { things: [{ id: '1', name: 'a' }] }, 'zones/b': { things: [] } },
};

function selected(fields: string): unknown {
  return masked(answer, parseFields(fields, shape));
}

test('what is selected comes, and nothing else', () => {
  assert.deepEqual(selected('next'), { next: 'token' });
  assert.deepEqual(selected('items(id,size/cpus),next'), {
    items: [{ id: '1', size: { cpus: 1 } }, { id: '2' }],
    next: 'token',
  });
  assert.deepEqual(selected('items/id, items/name'), {
    items: [
      { id: '1', name: 'a' },
      { id: '2', name: 'b' },
    ],
  });
  assert.deepEqual(selected('items.size.memory'), { items: [{ size: { memory: 2 } }, {}] });
  assert.deepEqual(selected('scopes/*/things(name)'), {
    scopes: { 'zones/a': { things: [{ name: 'a' }] }, 'zones/b': { things: [] } },
  });
  assert.deepEqual(selected('*'), answer);
  assert.deepEqual(selected('items/id,items'), { items: answer.items });
});

test('what the answer does not have, or what is no selection, is refused', () => {
  for (const fields of ['colour', 'items(colour)', 'items(id', 'items)', 'items//id', ',', 'next/more', 'items(id)x']) {
    assert.throws(
      () => parseFields(fields, shape),
      (error) => error instanceof Refusal && /Invalid field selection/.test(error.message),
      fields,
    );
  }
});

test('a part of a mask is what holds for that part of the answer', () => {
  const mask = parseFields('items(id),scopes/*/things/name,next', shape);
  assert.deepEqual([...(maskAt(mask, 'items')?.keys() ?? [])], ['id']);
  assert.deepEqual([...(maskAt(mask, 'scopes', 'zones/a', 'things')?.keys() ?? [])], ['name']);
  assert.equal(maskAt(mask, 'next'), undefined);
  assert.deepEqual(maskAt(mask, 'other'), new Map());
  assert.equal(maskAt(undefined, 'items'), undefined);
});

test('masking twice is masking once', () => {
  const path = fc.constantFrom(
    'items/id',
    'items/size/cpus',
    'items(name,size)',
    'next',
    'scopes',
    'scopes/*/things/id',
  );
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 5 }), (paths) => {
      const mask = parseFields(paths.join(','), shape);
      const once = masked(answer, mask);
      assert.deepEqual(masked(once, mask), once);
    }),
  );
});
