import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createVault } from '#lib/secret-vault.ts';
import { ApiError } from './errors.ts';
import { PageTokens, pageLimit } from './pages.ts';

const vault = createVault([{ id: 'k', key: randomBytes(32) }]);
const tokens = new PageTokens(vault);

function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'InputError';
}

/** What a store would answer: the rows after a key. */
const rows = ['a', 'b', 'c', 'd', 'e'];
async function fetch({ after, limit }: { after: string | null; limit: number }): Promise<{
  rows: string[];
  next: string | null;
}> {
  const start = after === null ? 0 : rows.indexOf(after) + 1;
  const page = rows.slice(start, start + limit);
  return { rows: page, next: start + limit < rows.length ? (page.at(-1) ?? null) : null };
}

// spec: api 2.6
test('a page is as large as asked for, and never larger than 1000', () => {
  assert.equal(pageLimit(undefined), 1000);
  assert.equal(pageLimit('7'), 7);
  assert.equal(pageLimit('0010'), 10);
  assert.equal(pageLimit('5000'), 1000);
  assert.equal(pageLimit('9'.repeat(400)), 1000);
});

// spec: api 2.6
test('pages follow one another to the last, which has no token', async () => {
  const seen: string[] = [];
  let continuationToken: string | undefined;
  do {
    const query = { limit: '2', ...(continuationToken === undefined ? {} : { continuationToken }) };
    const page = await tokens.page('pools', query, fetch);
    seen.push(...page.rows);
    ({ continuationToken } = page.token);
  } while (continuationToken !== undefined);
  assert.deepEqual(seen, rows);
});

// spec: api 2.6, W13
test('a limit of 0 gives an empty page and no token', async () => {
  assert.deepEqual(await tokens.page('pools', { limit: '0' }, fetch), { rows: [], token: {} });
});

// spec: W13
test('a token is read back, by every process that has the same keys', () => {
  const key = { at: '1700000000000000', id: 'g/w' };
  const token = tokens.write('workers', key);
  assert.match(token, /^[\w.-]+$/);
  assert.deepEqual(new PageTokens(vault).read('workers', token), key);
});

// spec: W13
test('a token of another kind of list, of other keys, or altered by a letter is refused', () => {
  const token = tokens.write('pools', 'aa/bb');
  const others = new PageTokens(createVault([{ id: 'k', key: randomBytes(32) }]));
  assert.throws(() => tokens.read('launch-configs', token), isRefused);
  assert.throws(() => others.read('pools', token), isRefused);
  for (let at = 0; at < token.length; at += 1) {
    const altered = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
    if (Buffer.from(altered, 'base64url').equals(Buffer.from(token, 'base64url'))) continue;
    assert.throws(() => tokens.read('pools', altered), isRefused, altered);
  }
  assert.throws(() => tokens.read('pools', `${token}!`), isRefused);
});

// spec: api 2.6, W13, E76
test('whatever is no token is refused and not read as the first page', () => {
  fc.assert(fc.property(fc.string(), (text) => assert.throws(() => tokens.read('pools', text), isRefused)));
  assert.throws(() => tokens.read('pools', 'qzxkXG8ZWa'), isRefused);
});
