import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateDeep, hasUnknown, unknown, type Scope } from './evaluate.ts';

const scope: Scope = new Map<string, (args: readonly unknown[]) => unknown>([
  ['parameters', ([name]) => ({ name: 'vm-1', count: 2, object: { Inner: ['a', 'b'] } })[String(name)]],
  ['reference', () => unknown],
]);

const value = (text: string): unknown => evaluateDeep(text, scope);

test('functions have the values that Microsoft documents', () => {
  for (const [text, wanted] of [
    ["[parameters('name')]", 'vm-1'],
    ["[concat('a', parameters('name'), 1)]", 'avm-11'],
    ["[concat(createArray(1), createArray('b'))]", [1, 'b']],
    ["[format('{0}-{1}, {{x}}', parameters('name'), true())]", 'vm-1-True, {x}'],
    ["[parameters('object').inner[1]]", 'b'],
    ["[parameters('object').?other]", null],
    ["[if(equals(parameters('count'), 2), 'two', div(1, 0))]", 'two'],
    ["[toUpper(substring('hello', 1, 3))]", 'ELL'],
    ["[take('hello', 2)]", 'he'],
    ['[skip(createArray(1, 2, 3), 2)]', [3]],
    ["[length(createObject('a', 1, 'b', 2))]", 2],
    ["[contains(createObject('A', 1), 'a')]", true],
    ["[empty('')]", true],
    ["[coalesce(null(), 'x')]", 'x'],
    ["[join(split('a,b', ','), '/')]", 'a/b'],
    ["[replace('a-b-c', '-', '$&')]", 'a$&b$&c'],
    ["[base64('one')]", 'b25l'],
    ["[base64ToString(base64('one'))]", 'one'],
    ['[add(mul(3, 4), mod(7, 4))]', 15],
    ["[less('a', 'b')]", true],
    ['[json(\'{"a":[1]}\').a]', [1]],
    ["[union(createObject('a', 1), createObject('b', 2))]", { a: 1, b: 2 }],
    ['[and(true(), not(false()))]', true],
    ["[int('7')]", 7],
    ['[[no expression]', '[no expression]'],
  ] as const) {
    assert.deepEqual(value(text), wanted, text);
  }
});

test('strings and UUIDs that follow from values are always the same, and of the form that Azure gives them', () => {
  assert.match(String(value("[uniqueString('a', 'b')]")), /^[0-9a-v]{13}$/);
  assert.equal(value("[uniqueString('a')]"), value("[uniqueString('a')]"));
  assert.notEqual(value("[uniqueString('a')]"), value("[uniqueString('b')]"));
  assert.match(String(value("[guid('a')]")), /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
});

test('what cannot be evaluated is named', () => {
  for (const [text, problem] of [
    ["[explode('x')]", /function 'explode' is not valid/],
    ["[parameters('object').other]", /property 'other' doesn't exist, available properties are 'Inner'/],
    ["[parameters('object').Inner[5]]", /index '5' is out of bounds/],
    ['[toLower(1)]', /'toLower' expects a string/],
    ["[if('x', 1, 2)]", /boolean/],
    ['[div(1, 0)]', /divide by zero/],
    ["[format('{1}', 'a')]", /no argument 1/],
    ["[substring('abc', 2, 5)]", /location in the string/],
    ["[json('{')]", /not valid JSON/],
    ['[parameters(]', /Unable to parse/],
  ] as const) {
    assert.throws(() => value(text), problem, text);
  }
});

test('what is made from something unknown is unknown, and objects are evaluated in their keys too', () => {
  assert.equal(value("[concat('x', reference('nic').name)]"), unknown);
  const body = evaluateDeep({ "[parameters('name')]": ["[reference('nic').ip]", 1] }, scope);
  assert.deepEqual(body, { 'vm-1': [unknown, 1] });
  assert.equal(hasUnknown(body), true);
  assert.equal(hasUnknown({ a: [{ b: 1 }] }), false);
});

test('a property may be a loop, whose rounds know their number', () => {
  const disk = { lun: "[copyIndex('disks')]", name: "[format('d{0}', copyIndex('disks', 1))]" };
  const copy = [{ name: 'disks', count: "[parameters('count')]", input: disk }];
  assert.deepEqual(evaluateDeep({ a: 1, copy }, scope), {
    a: 1,
    disks: [
      { lun: 0, name: 'd1' },
      { lun: 1, name: 'd2' },
    ],
  });
  assert.throws(() => evaluateDeep({ copy: [{ name: 'x', count: -1 }] }, scope), /copy count of loop 'x'/);
});
