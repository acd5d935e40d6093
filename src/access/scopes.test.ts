import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ScopeExpression } from '#core/scope-expression.ts';
import {
  insufficientScopesText,
  missingScopes,
  normalizedScopes,
  satisfies,
  satisfiesScope,
  satisfyingScopes,
} from './scopes.ts';

// Few letters, so that scopes meet.
const scope = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), maxLength: 4 });
const scopes = fc.array(scope, { maxLength: 5 });
const { expression } = fc.letrec<{ expression: ScopeExpression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scope,
    fc.record({ AllOf: fc.array(tie('expression'), { maxLength: 3 }) }),
    fc.record({ AnyOf: fc.array(tie('expression'), { maxLength: 3 }) }),
  ),
}));

/** All strings of an expression. */
function strings(part: ScopeExpression): string[] {
  if (typeof part === 'string') return [part];
  return ('AllOf' in part ? part.AllOf : part.AnyOf).flatMap(strings);
}

// spec: api 3.6
test('a scope covers itself, and with a star at its end all that begins as it does', () => {
  const table: [string, string, boolean][] = [
    ['a:b', 'a:b', true],
    ['a:b', 'a:bc', false],
    ['a:*', 'a:', true],
    ['a:*', 'a:b/c', true],
    ['a:*', 'a', false],
    ['*', 'anything', true],
    ['a:*:c', 'a:b:c', false],
    ['a:*:c', 'a:*:c', true],
    ['a:b', 'a:*', false],
    ['a:*', 'a:*', true],
    ['a*', 'a:*', true],
    ['A:b', 'a:b', false],
  ];
  for (const [held, required, isCovered] of table) {
    assert.equal(satisfiesScope([held], required), isCovered, `${held} ${required}`);
  }
});

// spec: api 3.6
test('AllOf needs all, AnyOf one; empty AllOf is satisfied by everybody, empty AnyOf by nobody', () => {
  assert.ok(satisfies([], { AllOf: [] }));
  assert.equal(satisfies(['*'], { AnyOf: [] }), false);
  assert.ok(satisfies(['a', 'c'], { AllOf: ['a', { AnyOf: ['b', 'c'] }] }));
  assert.equal(satisfies(['a'], { AllOf: ['a', { AnyOf: ['b', 'c'] }] }), false);
});

// spec: api 3.6
test('who holds every scope of an expression without empty AnyOf satisfies it', () => {
  fc.assert(
    fc.property(expression, (required) => {
      fc.pre(!JSON.stringify(required).includes('{"AnyOf":[]}'));
      assert.ok(satisfies(strings(required), required));
    }),
  );
});

// spec: api 3.6
test('more scopes never satisfy less', () => {
  fc.assert(
    fc.property(scopes, scopes, expression, (held, more, required) => {
      if (satisfies(held, required)) assert.ok(satisfies([...held, ...more], required));
    }),
  );
});

// spec: api 3.6
test('a scope with a star satisfies whatever any scope that it covers does', () => {
  fc.assert(
    fc.property(scope, scopes, expression, (start, covered, required) => {
      fc.pre(!start.endsWith('*'));
      const held = covered.map((rest) => start + rest);
      if (satisfies(held, required)) assert.ok(satisfies([`${start}*`], required));
    }),
  );
});

// spec: api 3.6
test('nothing is missing exactly when the expression is satisfied, and what is missing would satisfy it', () => {
  fc.assert(
    fc.property(scopes, expression, (held, required) => {
      const missing = missingScopes(held, required);
      assert.equal(missing === undefined, satisfies(held, required));
      if (missing === undefined || JSON.stringify(missing).includes('{"AnyOf":[]}')) return;
      assert.ok(satisfies([...held, ...strings(missing)], required));
    }),
  );
});

// spec: api 3.6
test('what is missing holds nothing that is there, and no list of one', () => {
  const lists = (part: ScopeExpression): (readonly ScopeExpression[])[] => {
    if (typeof part === 'string') return [];
    const parts = 'AllOf' in part ? part.AllOf : part.AnyOf;
    return [parts, ...parts.flatMap(lists)];
  };
  fc.assert(
    fc.property(scopes, expression, (held, required) => {
      const missing = missingScopes(held, required) ?? { AllOf: [] };
      assert.ok(strings(missing).every((one) => !satisfiesScope(held, one)));
      assert.ok(lists(missing).every(({ length }) => length !== 1));
    }),
  );
  assert.deepEqual(missingScopes(['a'], { AllOf: ['a', 'b', { AnyOf: ['c', 'd'] }] }), {
    AllOf: ['b', { AnyOf: ['c', 'd'] }],
  });
  assert.equal(missingScopes(['a'], { AllOf: ['a', 'b'] }), 'b');
  assert.equal(missingScopes([], { AnyOf: [{ AllOf: ['b'] }] }), 'b');
});

// spec: api 3.6
test('normalized scopes are as good as all of them, in order, none covered by another', () => {
  assert.deepEqual(normalizedScopes(['x', 'xa', 'x*', 'w', 'x', 'xa*']), ['w', 'x*']);
  assert.deepEqual(normalizedScopes(['b', 'a', 'a']), ['a', 'b']);
  fc.assert(
    fc.property(scopes, scope, (held, required) => {
      const normalized = normalizedScopes(held);
      assert.equal(satisfiesScope(normalized, required), satisfiesScope(held, required));
      normalized.forEach((one, index) => {
        assert.equal(satisfiesScope(normalized.toSpliced(index, 1), one), false);
      });
    }),
  );
});

// spec: api 3.6
test('the access log names the scopes that were needed and there', () => {
  const required = { AllOf: ['m:x', { AnyOf: ['p:a', 'p:b', { AllOf: ['q', 'm:y'] }] }] };
  assert.deepEqual(satisfyingScopes(['m:*', 'p:b'], required), ['m:x', 'p:b']);
  assert.deepEqual(satisfyingScopes(['p:b'], required), []);
});

// spec: api 2.4, 3.6
test('a 403 tells a client what it lacks, and a caller without credentials only what is needed', () => {
  const required = { AllOf: ['a:b', 'c:d'] };
  const text = insufficientScopesText('me', ['a:*'], required);
  assert.match(text, /`me`/);
  const blocks = [...text.matchAll(/```\n([^]*?)\n```/g)].map(([, block]) => block);
  assert.deepEqual(blocks, ['c:d', JSON.stringify(required, null, 2)]);
  const anonymous = insufficientScopesText(undefined, ['a:*'], required);
  assert.deepEqual(
    [...anonymous.matchAll(/```\n([^]*?)\n```/g)].map(([, block]) => block),
    ['{\n  "AllOf": [\n    "a:b",\n    "c:d"\n  ]\n}'],
  );
  assert.match(insufficientScopesText(undefined, [], 'a:b'), /```\na:b\n```$/);
});
