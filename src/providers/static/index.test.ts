import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProofRejected, ServiceError } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import type { ProviderParts } from '#providers/module.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { aWorker, someSurroundings } from '#test/conformance/provider/fixtures.ts';
import { staticModule } from './index.ts';

const secret = 'aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_aBcDeF';
const other = 'zzzDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_aBcDeF';
const never = new AbortController().signal;

async function aStaticProvider(): Promise<ProviderParts> {
  const setUp = staticModule.configure(new SettingsReader({ providerType: 'static' }));
  return setUp('static', someSurroundings(), never);
}

async function identify(parts: ProviderParts, proof: JsonObject, providerData: JsonObject): Promise<void> {
  await parts.identity!.identify(proof, aWorker({ state: 'running', providerData }), new Date(0), never);
}

// spec: provisioning 9.1
describe('a static provider', () => {
  test('starts no machines', async () => {
    const parts = await aStaticProvider();
    assert.equal(parts.fleet, null);
  });

  // spec: api 7.3, W31
  test('keeps a secret so that it can be recognised and not read', async () => {
    const { enrolment } = await aStaticProvider();
    const stored = enrolment!.enrol({ staticSecret: secret }, null);
    assert.doesNotMatch(JSON.stringify(stored), new RegExp(secret));
    assert.equal(enrolment!.matches({ staticSecret: secret }, stored), true);
    assert.equal(enrolment!.matches({ staticSecret: other }, stored), false);
    assert.equal(enrolment!.matches({}, stored), false);
    assert.equal(enrolment!.matches(undefined, stored), false);
  });

  test('refuses a declaration without a proper secret, and says what is missing', async () => {
    const { enrolment } = await aStaticProvider();
    const bad: (JsonObject | undefined)[] = [undefined, {}, { staticSecret: 5 }, { staticSecret: 'short' }];
    for (const providerInfo of bad) {
      assert.throws(
        () => enrolment!.enrol(providerInfo, null),
        (error) =>
          error instanceof ServiceError && error.code === 'invalid-input' && /staticSecret/.test(error.message),
      );
    }
  });

  // spec: W4
  test('keeps the secret on an update that says nothing about it, and changes it on one that does', async () => {
    const { enrolment } = await aStaticProvider();
    const stored = enrolment!.enrol({ staticSecret: secret }, null);
    assert.deepEqual(enrolment!.enrol(undefined, stored), stored);
    const changed = enrolment!.enrol({ staticSecret: other }, stored);
    assert.equal(enrolment!.matches({ staticSecret: other }, changed), true);
    assert.equal(enrolment!.matches({ staticSecret: secret }, changed), false);
  });

  test('accepts the right secret again and again', async () => {
    const parts = await aStaticProvider();
    const stored = parts.enrolment!.enrol({ staticSecret: secret }, null);
    await identify(parts, { staticSecret: secret }, stored);
    await identify(parts, { staticSecret: secret }, stored);
  });

  // spec: E53, W43
  test('rejects a missing, a malformed and a wrong secret, and does not quote it', async () => {
    const parts = await aStaticProvider();
    const stored = parts.enrolment!.enrol({ staticSecret: secret }, null);
    const forged: [JsonObject, JsonObject][] = [
      [{}, stored],
      [{ staticSecret: null }, stored],
      [{ staticSecret: '' }, stored],
      [{ staticSecret: other }, stored],
      [{ staticSecret: secret }, {}],
      [{ staticSecret: secret }, { staticSecret: secret }],
    ];
    for (const [proof, providerData] of forged) {
      await assert.rejects(
        identify(parts, proof, providerData),
        (error) => error instanceof ProofRejected && !error.message.includes(secret) && !error.message.includes(other),
      );
    }
  });
});
