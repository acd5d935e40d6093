import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { testDatabase } from '#test/database.ts';
import type { JsonValue } from './json.ts';
import { jsonbText } from './launch-config-id.ts';

async function textsInPostgres(url: string, values: readonly JsonValue[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ text: string }>(
      'select value::jsonb::text as text from unnest($1::text[]) with ordinality as t(value, place) order by place',
      [values.map((value) => JSON.stringify(value))],
    );
    return rows.map(({ text }) => text);
  } finally {
    await client.end();
  }
}

// spec: api 6.2
test('the canonical text is that of PostgreSQL', async (t) => {
  const { url } = await testDatabase(t);
  const keys = fc.string({
    unit: fc.constantFrom('a', 'B', 'z', 'é', '€', '😀', '"', '\\', '\n', '\u0001', '/'),
    maxLength: 4,
  });
  const numbers = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer().map((whole) => whole / 1000),
    fc.constantFrom(1e21, 1e-7, 123_456_789_012_345_680_000, 5e-324, 1.797_693_134_862_315_7e308, -0),
  );
  const { value: json } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      numbers,
      keys,
      fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
      fc.constantFrom<JsonValue>(null, true, false),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 6 }),
    ),
  }));
  const values = fc.sample(json, 2000);
  const texts = await textsInPostgres(url, values);
  values.forEach((value, index) => assert.equal(jsonbText(value), texts[index]));
});
