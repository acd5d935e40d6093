import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { isJsonObject, isJsonValue, jsonEquals } from './json.ts';

describe('JSON values', () => {
  test('whatever JSON text holds is one', () => {
    fc.assert(fc.property(fc.json(), (text) => isJsonValue(JSON.parse(text))));
  });

  test('what JSON text cannot hold is none, however deep it hides', () => {
    for (const value of [undefined, NaN, Infinity, 1n, Symbol('s'), () => 1, new Date(0), new Map()]) {
      assert.equal(isJsonValue(value), false, inspect(value));
      assert.equal(isJsonValue({ a: [value] }), false, inspect(value));
    }
  });

  test('objects are told from lists, null and instances', () => {
    assert.ok(isJsonObject({ a: 1 }));
    assert.ok(isJsonObject(Object.create(null)));
    for (const value of [null, [], 'a', 1, undefined, new Date(0), new Map()]) {
      assert.equal(isJsonObject(value), false, inspect(value));
    }
  });
});

describe('JSON equality', () => {
  test('a copy through text is equal, in any order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy: unknown = JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
          isJsonObject(part) ? Object.fromEntries(Object.entries(part).toReversed()) : part,
        );
        assert.ok(jsonEquals(copy, JSON.parse(JSON.stringify(value))));
      }),
    );
  });

  test('agrees with the comparison of assert', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 1 }), fc.jsonValue({ maxDepth: 1 }), (one, other) => {
        const [a, b]: unknown[] = [one, other].map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        let isEqual = true;
        try {
          assert.deepEqual(a, b);
        } catch {
          isEqual = false;
        }
        assert.equal(jsonEquals(a, b), isEqual);
      }),
    );
  });

  test('undefined is as good as absent, null is not', () => {
    assert.ok(jsonEquals({ a: 1, b: undefined }, { a: 1 }));
    assert.ok(!jsonEquals({ a: 1, b: null }, { a: 1 }));
    assert.ok(!jsonEquals({ a: undefined, b: 1 }, { a: 1 }));
  });

  test('lists, objects and scalars are never equal to one another', () => {
    const kinds = [[], {}, '', 0, false, null];
    for (const [index, a] of kinds.entries()) {
      for (const b of kinds.slice(index + 1)) {
        assert.ok(!jsonEquals(a, b), `${JSON.stringify(a)} and ${JSON.stringify(b)}`);
      }
    }
  });

  test('a key of the prototype is no key of the object', () => {
    assert.ok(!jsonEquals({ toString: undefined, a: 1 }, { toString: 1 }));
    assert.ok(!jsonEquals(JSON.parse('{"__proto__": 1}'), { a: 1 }));
  });
});
