import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SettingsReader } from './settings-reader.ts';

test('good settings are read as they are, absent ones as their default, and null counts as absent', () => {
  const reader = new SettingsReader({
    name: 'a',
    rate: 0.5,
    empty: null,
    inner: { deep: 'b' },
    either: { deep: 'c' },
    list: [{ x: 'y' }],
  });
  assert.equal(reader.text('name'), 'a');
  assert.equal(reader.optionalTextOrObject('name'), 'a');
  assert.deepEqual(reader.optionalTextOrObject('either'), { deep: 'c' });
  assert.equal(reader.optionalTextOrObject('empty'), null);
  assert.equal(reader.positive('rate', 1), 0.5);
  assert.equal(reader.positive('other', 7), 7);
  assert.equal(reader.count('failures', 2), 2);
  assert.equal(reader.optionalText('empty'), null);
  assert.equal(reader.has('empty'), false);
  assert.equal(reader.optionalObject('inner')?.text('deep'), 'b');
  assert.equal(reader.optionalObject('none'), null);
  assert.deepEqual(
    reader.objects('list').map((item) => item.text('x')),
    ['y'],
  );
  reader.rejectUnread();
  assert.deepEqual(reader.problems, []);
});

test('everything wrong is told at once, with the path to it and without its value', () => {
  const reader = new SettingsReader({
    credentials: { accessKeyId: 'hush-hush', secret: 'hush-hush' },
    rate: -1,
    failures: 1.5,
    name: 5,
    list: ['hush-hush', { x: '' }],
    inner: [],
    either: ['hush-hush'],
    misspelt: true,
  });
  const credentials = reader.optionalObject('credentials');
  credentials?.text('accessKeyId');
  credentials?.text('secretAccessKey');
  reader.positive('rate', 1);
  reader.count('failures', 0);
  reader.text('name');
  reader.objects('list').forEach((item) => item.text('x'));
  reader.optionalObject('inner');
  reader.optionalTextOrObject('either');
  reader.rejectUnread();
  assert.deepEqual(reader.problems, [
    'credentials.secretAccessKey is missing',
    'rate must be a number above 0',
    'failures must be 0, 1, 2, …',
    'name must be a text that is not empty',
    'list[0] must be an object',
    'list[1].x must be a text that is not empty',
    'inner must be an object',
    'either must be an object or a text that is not empty',
    'misspelt is not a setting',
    'credentials.secret is not a setting',
  ]);
  assert.doesNotMatch(reader.problems.join('\n'), /hush/);
});
