import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartError, addressed } from './start-error.ts';

const where = { host: '127.0.0.1', port: 8080 };

test('what listens is passed on', async () => {
  assert.equal(await addressed(where, 'PORT', async () => 'http://here'), 'http://here');
});

test('why something cannot listen is said in one line, with the address and the setting to change', async () => {
  const lines = {
    EADDRINUSE: 'port 8080 of 127.0.0.1 is taken by another program; set PORT',
    EACCES: 'port 8080 of 127.0.0.1 cannot be listened on (EACCES); set PORT',
  };
  for (const [code, message] of Object.entries(lines)) {
    const cause = Object.assign(new Error(`listen ${code}`), { code });
    const failing = addressed(where, 'PORT', async () => Promise.reject(cause));
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof StartError);
      assert.deepEqual([error.name, error.message, error.cause], ['StartError', message, cause]);
      return true;
    });
  }
});
