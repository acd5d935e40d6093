import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { LineBuffer } from './line-buffer.ts';

test('lines of one turn leave as one write, in order', async () => {
  const writes: string[] = [];
  const buffer = new LineBuffer({ write: (text) => writes.push(text) });
  buffer.write('a\n');
  buffer.write('b\n');
  assert.deepEqual(writes, []);
  await nextTurn();
  buffer.write('c\n');
  await nextTurn();
  assert.deepEqual(writes, ['a\nb\n', 'c\n']);
});

test('a flush leaves nothing behind and writes nothing twice', async () => {
  const writes: string[] = [];
  const buffer = new LineBuffer({ write: (text) => writes.push(text) });
  buffer.write('a\n');
  buffer.flush();
  await nextTurn();
  assert.deepEqual(writes, ['a\n']);
});
