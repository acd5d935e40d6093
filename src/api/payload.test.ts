import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from './errors.ts';
import { flawOf, readPayload, refuseMalformed, shownPayload } from './payload.ts';

const json = 'application/json';

function payload(text: string, type = json): ReturnType<typeof readPayload> {
  return readPayload(type, Buffer.from(text));
}

/** An array in an array in an array … */
function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

// spec: api 2.3
test('a body is JSON when its Content-Type says so, whatever parameters follow', () => {
  assert.equal(payload('{}').kind, 'json');
  assert.equal(payload('[]', 'Application/JSON ; charset=utf-8').kind, 'json');
  assert.equal(payload('{}', 'text/plain').kind, 'other');
  assert.equal(readPayload(undefined, Buffer.from('{}')).kind, 'other');
  assert.equal(readPayload(json, Buffer.alloc(0)).kind, 'none');
  assert.equal(readPayload(json, undefined).kind, 'none');
});

// spec: api 2.3, W16
test('broken JSON and single values are refused as malformed', () => {
  for (const text of ['{', '{"a":}', 'null', '5', '"text"', 'true']) {
    assert.throws(
      () => refuseMalformed(payload(text)),
      (error) => error instanceof ApiError && error.code === 'MalformedPayload',
      text,
    );
  }
  refuseMalformed(payload('{}'));
  refuseMalformed(payload('[1]'));
});

// spec: api 2.3
test('errors show the body again: an empty object without one, the text of broken JSON, the single value', () => {
  assert.deepEqual(shownPayload(readPayload(json, undefined), undefined), {});
  assert.equal(shownPayload(payload('{"a":'), undefined), '{"a":');
  assert.equal(shownPayload(payload('null'), undefined), null);
  assert.deepEqual(shownPayload(payload('{"a":1}'), undefined), { a: 1 });
  assert.equal(shownPayload({ kind: 'too-large' }, 'whole'), undefined);
});

// spec: api 2.3, W43, E70
test('a registration is never shown, well-formed or not', () => {
  for (const text of ['{"secret":"s"}', '{"secret":', '"s"']) {
    assert.equal(shownPayload(payload(text), 'whole'), '(OMITTED)');
  }
});

// spec: api 2.3, W43, E73
test('a static secret is never shown, wherever it was put', () => {
  const shown = shownPayload(payload('{"expires":"x","providerInfo":{"staticSecret":"s"}}'), 'static-secret');
  assert.deepEqual(shown, { expires: 'x', providerInfo: { staticSecret: '(OMITTED)' } });
  const hostile = [
    '{"providerInfo":"hush"}',
    '{"staticSecret":"hush"}',
    '{"provider_info":"hush","__proto__":{"a":["hush"]}}',
    '[{"providerInfo":{"StaticSecret":["hush"]}}]',
    '{"providerInfo":{"staticSecret":"hush"',
    '"hush"',
  ];
  for (const text of hostile) {
    assert.doesNotMatch(JSON.stringify(shownPayload(payload(text), 'static-secret')), /hush/, text);
  }
});

test('long and very deep bodies are not shown: the answer would be many times as long', () => {
  const long = JSON.stringify({ a: 'x'.repeat(70_000) });
  assert.equal(shownPayload(payload(long), undefined), '(OMITTED)');
  assert.equal(shownPayload(payload(`{${long}`), undefined), '(OMITTED)');
  assert.equal(shownPayload(payload(JSON.stringify(nested(3000))), undefined), '(OMITTED)');
});

// spec: W47
test('what the database cannot keep is found with its place', () => {
  assert.deepEqual(flawOf({ a: [0, { b: 'x\0y' }] })?.path, ['a', 1, 'b']);
  assert.match(flawOf({ a: '\ud800' })?.rule ?? '', /surrogate/);
  assert.match(flawOf({ 'a\0': 1 })?.rule ?? '', /NUL/);
  assert.match(flawOf(JSON.parse('{"a":1e400}'))?.rule ?? '', /number/);
  assert.match(flawOf(JSON.parse('{"__proto__":{"a":1}}'))?.rule ?? '', /__proto__/);
  assert.equal(flawOf(nested(101))?.isTooDeep, true);
  assert.equal(flawOf({ a: ['ü', '\u{1f600}', 1.5, true, null], b: nested(90) }), undefined);
});

test('every JSON value without NUL can be kept', () => {
  const values = fc.jsonValue({ maxDepth: 5 });
  fc.assert(
    fc.property(values, (value) => {
      const found = flawOf(value);
      if (found !== undefined) assert.match(JSON.stringify(value), /\\u0000|\\ud[89a-f]|__proto__/);
    }),
  );
});
