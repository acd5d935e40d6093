import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { readGoogleSettings } from './settings.ts';

const key = {
  type: 'service_account',
  client_email: 'wm@example.com',
  private_key: 'hush-hush',
  token_uri: 'https://t',
};
const least = { project: 'tc-workers', workerServiceAccountId: '112233445566778899001' };

function read(settings: JsonObject): { settings: ReturnType<typeof readGoogleSettings>; problems: readonly string[] } {
  const reader = new SettingsReader(settings);
  const read = readGoogleSettings(reader);
  reader.rejectUnread();
  return { settings: read, problems: reader.problems };
}

// spec: provisioning 5.1, 7.1, api 10.3
describe('the settings of a Google provider', () => {
  test('the key is good as an object, as its text, and as base64 of that', () => {
    const text = JSON.stringify(key);
    for (const creds of [key, text, `\n${text}`, Buffer.from(text).toString('base64')]) {
      const { settings, problems } = read({ ...least, creds });
      assert.deepEqual(problems, []);
      assert.deepEqual(settings.credentials, { kind: 'service-account', email: 'wm@example.com', key: 'hush-hush' });
    }
  });

  test('so is a configuration of workload identity federation; and nothing at all, on a machine that has credentials', () => {
    const creds = {
      type: 'external_account',
      audience: 'a',
      subject_token_type: 't',
      token_url: 'u',
      credential_source: {},
    };
    assert.deepEqual(read({ ...least, creds }).settings.credentials, { kind: 'federation', json: creds });
    assert.deepEqual(read(least), {
      settings: {
        ...least,
        credentials: { kind: 'default' },
        limits: {
          query: { intervalMs: 10_000, cap: 200 },
          get: { intervalMs: 10_000, cap: 200 },
          list: { intervalMs: 10_000, cap: 200 },
          opRead: { intervalMs: 10_000, cap: 200 },
        },
        throttleBackOffMs: 1000,
        endpoint: null,
        iamEndpoint: null,
        certificatesUrl: 'https://www.googleapis.com/oauth2/v3/certs',
      },
      problems: [],
    });
  });

  test('limits and addresses can be others', () => {
    const { settings, problems } = read({
      ...least,
      accessToken: 'simulated',
      endpoint: 'http://127.0.0.1:1234',
      certificatesUrl: 'http://127.0.0.1:1234/certs',
      apiRateLimits: { query: { interval: 100_000, intervalCap: 2000 }, list: { intervalCap: 5 } },
      _backoffDelay: 10,
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(settings.limits.query, { intervalMs: 100_000, cap: 2000 });
    assert.deepEqual(settings.limits.list, { intervalMs: 10_000, cap: 5 });
    assert.deepEqual(settings.limits.get, { intervalMs: 10_000, cap: 200 });
    assert.equal(settings.iamEndpoint, 'http://127.0.0.1:1234');
    assert.equal(settings.certificatesUrl, 'http://127.0.0.1:1234/certs');
    assert.deepEqual(settings.credentials, { kind: 'access-token', accessToken: 'simulated' });
  });

  test('what is wrong is told, all at once and without secrets', () => {
    const { problems } = read({
      project: 'Not A Project',
      workerServiceAccountId: 'worker@example.com',
      creds: { ...key, private_key: null, client_email: 'hush-hush' },
      endpoint: 'ftp://example.com',
      apiRateLimits: { query: { interval: 0 }, modify: {} },
    });
    assert.deepEqual(problems.toSorted(), [
      'apiRateLimits.modify is not a setting',
      'apiRateLimits.query.interval must be a number above 0',
      'creds lacks private_key',
      'endpoint must be an http or https URL',
      "project must be a project's id",
      'workerServiceAccountId must be the numeric unique id of a service account, as a text',
    ]);
    assert.deepEqual(read({}).problems, ['project is missing', 'workerServiceAccountId is missing']);
  });

  test('credentials that are none are told', () => {
    const problemOf = (creds: JsonObject | string): string => read({ ...least, creds }).problems.join('\n');
    assert.match(problemOf('hush-hush'), /^creds must be an object, its JSON text, or base64 of that$/);
    assert.match(problemOf('[1]'), /base64/);
    assert.match(problemOf('{"type":'), /base64/);
    assert.match(problemOf({}), /^creds lacks client_email, private_key$/);
    assert.match(
      problemOf({ ...key, type: 'authorized_user' }),
      /^creds must be of the type service_account or external_account$/,
    );
    const program = { executable: { command: '/bin/true' } };
    const federation = { type: 'external_account', audience: 'a', subject_token_type: 't', token_url: 'u' };
    assert.match(problemOf({ ...federation, credential_source: program }), /^creds must not name a program/);
    assert.match(
      problemOf({ type: 'external_account', audience: 'a' }),
      /^creds lacks subject_token_type, token_url, credential_source$/,
    );
    assert.match(
      read({ ...least, creds: key, accessToken: 'a' }).problems.join('\n'),
      /^accessToken must not be given together with creds$/,
    );
  });
});
