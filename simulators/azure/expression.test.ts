import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seed } from '#test/seed.ts';
import { isExpression, literalText, parseExpression, type Expression } from './expression.ts';

const name = fc.stringMatching(/^[A-Za-z_]\w{0,8}$/);
const plain = { noNullPrototype: true } as const;
const literal = fc.record({ kind: fc.constant('literal' as const), value: fc.oneof(fc.string(), fc.integer()) }, plain);

const { expression } = fc.letrec<{ expression: Expression; call: Expression; member: Expression }>((tie) => ({
  expression: fc.oneof({ depthSize: 'small', withCrossShrink: true }, literal, tie('call'), tie('member')),
  call: fc.record(
    { kind: fc.constant('call' as const), name, args: fc.array(tie('expression'), { maxLength: 3 }) },
    plain,
  ),
  member: fc.record(
    {
      kind: fc.constant('member' as const),
      of: tie('call'),
      name: tie('expression'),
      isSafe: fc.boolean(),
    },
    plain,
  ),
}));

/** An expression as templates write it; spaces between its parts mean nothing. */
function write(one: Expression, space: string): string {
  switch (one.kind) {
    case 'literal':
      return typeof one.value === 'number' ? String(one.value) : `'${one.value.replaceAll("'", "''")}'`;
    case 'call':
      return `${one.name}${space}(${space}${one.args.map((arg) => write(arg, space)).join(`${space},${space}`)}${space})`;
    default:
      return `${write(one.of, space)}${one.isSafe ? '[?' : '['}${space}${write(one.name, space)}${space}]`;
  }
}

test('what is written of an expression is parsed back to it', () => {
  fc.assert(
    fc.property(expression, fc.constantFrom('', ' ', '\n  '), (one, space) => {
      assert.deepEqual(parseExpression(`[${write(one, space)}]`), one);
    }),
    { seed },
  );
});

test('no text makes the parser do anything but parse it or name the place', () => {
  const signs = fc.array(fc.constantFrom("'", '(', ')', '[', ']', '.', '?', ',', 'a', '1', '-', ' ', "''"));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        signs.map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          parseExpression(`[${text}]`);
        } catch (error) {
          assert.match(String(error), /TemplateProblem: Unable to parse language expression .* at position '\d+'/s);
        }
      },
    ),
    { seed },
  );
});

test('members are reached by name too', () => {
  const a = { kind: 'call', name: 'a', args: [] } as const;
  const b = { kind: 'literal', value: 'b' } as const;
  assert.deepEqual(parseExpression('[a().b]'), { kind: 'member', of: a, name: b, isSafe: false });
  assert.deepEqual(parseExpression('[a().?b]'), { kind: 'member', of: a, name: b, isSafe: true });
});

test('a text is an expression only in single brackets', () => {
  assert.deepEqual(['[a()]', '[[a()]', 'a()', '[a() and'].map(isExpression), [true, false, false, false]);
  assert.deepEqual(['[[a()]', 'plain'].map(literalText), ['[a()]', 'plain']);
});
