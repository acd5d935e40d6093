import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { versionInfo } from './version.ts';

const built = new URL('../version.json', import.meta.url);
const skip = existsSync(built) ? 'this is a build, with its own version.json' : false;

test('what is no build has the version of the package', { skip }, () => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  assert.deepEqual(versionInfo(), { version, commit: '', source: '', build: '' });
});
