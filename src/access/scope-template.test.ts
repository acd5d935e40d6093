import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScopeTemplate } from '#core/scope-expression.ts';
import { renderScopes } from './scope-template.ts';

function onlyIf(flag: string, chosen: ScopeTemplate) {
  // oxlint-disable-next-line unicorn/no-thenable -- the word of the published reference format
  return { if: flag, then: chosen };
}

// spec: api 3.6
test('placeholders are filled with strings and numbers', () => {
  const template = { AllOf: ['manage:<pool>', 'port:<port>:<port>'] };
  assert.deepEqual(renderScopes(template, { pool: 'a/b', port: 5 }), {
    AllOf: ['manage:a/b', 'port:5:5'],
  });
  assert.equal(renderScopes('list:<pool>', { pool: '<pool>' }), 'list:<pool>');
});

// spec: api 3.6
test('for gives one scope per entry of a list', () => {
  const template = { AnyOf: ['x', { for: 'name', in: 'names', each: 'get:<name>' }] };
  assert.deepEqual(renderScopes(template, { names: ['a', 'b'] }), {
    AnyOf: ['x', 'get:a', 'get:b'],
  });
  assert.deepEqual(renderScopes(template, { names: [] }), { AnyOf: ['x'] });
});

// spec: api 3.6
test('if chooses, and a template of which nothing is left asks for nothing', () => {
  const template = onlyIf('isPrivate', { AllOf: ['get:<name>'] });
  assert.deepEqual(renderScopes(template, { isPrivate: true, name: 'n' }), { AllOf: ['get:n'] });
  assert.equal(renderScopes(template, { isPrivate: false }), undefined);
  assert.equal(renderScopes({ ...template, else: 'x' }, { isPrivate: false }), 'x');
  assert.deepEqual(renderScopes({ AllOf: [template, 'y'] }, { isPrivate: false }), { AllOf: ['y'] });
});

test('a parameter that is missing or of the wrong kind is a defect, not an empty scope', () => {
  const wrong: [Parameters<typeof renderScopes>[0], Record<string, unknown>][] = [
    ['get:<name>', {}],
    ['get:<toString>', {}],
    ['get:<name>', { name: undefined }],
    ['get:<name>', { name: true }],
    [{ AllOf: [{ for: 'n', in: 'names', each: 'get:<n>' }] }, { names: 'a' }],
    [onlyIf('flag', 'a'), { flag: 'true' }],
    [{ for: 'n', in: 'names', each: 'get:<n>' }, { names: ['a'] }],
  ];
  for (const [template, parameters] of wrong) {
    assert.throws(() => renderScopes(template, parameters), RangeError, JSON.stringify(template));
  }
});
