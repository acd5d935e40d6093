import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '#core/json.ts';
import { openDatabase, statement } from './database.ts';
import { emptyDatabase } from '#test/conformance/store/open-postgres.ts';
import { checkStorable, encoded, instantOf, storableJson, storableText } from './values.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 20 });
const anyJson = fc.dictionary(anyText, fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 })) as fc.Arbitrary<JsonObject>;

test('instants, numbers, texts and lists come back as they went', async (t) => {
  const url = await emptyDatabase(t);
  const database = openDatabase({ url, max: 1, onError: () => undefined, onStatement: () => undefined });
  t.after(async () => database.close());
  const echo = statement(
    'test.echo',
    'select $1::timestamptz as instant, $2::bigint as big, $3::text as text, $4::text[] as list, $5::bigint[] as bigs',
  );
  const earliest = new Date('0001-01-01T00:00:00.000Z');
  const latest = new Date('9999-12-31T23:59:59.999Z');
  const text = anyText.map((value) => storableText(value));
  await fc.assert(
    fc.asyncProperty(
      fc.date({ min: earliest, max: latest, noInvalidDate: true }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      text,
      fc.array(text),
      async (instant, big, value, list) => {
        const [row] = await database.rows(echo, [instant, big, value, list, [big, 0n]]);
        assert.deepEqual({ ...row }, { instant, big, text: value, list, bigs: [String(big), '0'] });
      },
    ),
    { numRuns: 200 },
  );
});

test('an instant is read whatever the zone it is written in', () => {
  assert.deepEqual(instantOf('2026-03-04 12:34:56.78+00'), new Date('2026-03-04T12:34:56.780Z'));
  assert.deepEqual(instantOf('2026-03-04 14:04:56.78+01:30'), new Date('2026-03-04T12:34:56.780Z'));
});

for (const instant of [new Date(Number.NaN), new Date(Date.UTC(10_000, 0)), new Date('-000001-01-01T00:00:00Z')]) {
  test(`an instant that cannot be stored is refused (${instant.getTime()})`, () => {
    assert.throws(() => encoded(instant), { name: 'ServiceError', code: 'schema-violation' });
  });
}

test('a value is refused exactly when it holds what cannot be stored, and the member is named', () => {
  const isBad = (text: string): boolean => text.includes('\0') || !text.isWellFormed();
  fc.assert(
    fc.property(anyText, (text) => {
      const check = (): void => checkStorable({ a: [1, { b: text }] }, 'config');
      if (isBad(text)) assert.throws(check, { code: 'schema-violation', message: /^config\.a\.1\.b / });
      else check();
    }),
  );
});

test('made storable, any JSON passes the check, and what was storable stays as it was', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      const storable = storableJson(value);
      checkStorable(storable, 'value');
      let wasStorable = true;
      try {
        checkStorable(value, 'value');
      } catch {
        wasStorable = false;
      }
      if (wasStorable) assert.equal(JSON.stringify(storable), JSON.stringify(value));
    }),
  );
});

test('nesting without end is refused instead of overflowing', () => {
  let value: JsonObject = {};
  for (let depth = 0; depth < 100_000; depth += 1) value = depth % 2 === 0 ? { value } : { list: [value] };
  const refused = { name: 'ServiceError', code: 'schema-violation' };
  assert.throws(() => checkStorable(value, 'extra'), refused);
  assert.throws(() => storableJson(value), refused);
});
