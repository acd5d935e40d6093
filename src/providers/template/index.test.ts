import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providerModules } from '#providers/index.ts';
import type { ProviderModule } from '#providers/module.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { providerConformance } from '#test/conformance/provider.ts';
import { aTemplateWorld } from '#test/conformance/provider/template-world.ts';
import { templateModule } from './index.ts';

providerConformance('the template', aTemplateWorld);

test('the template cannot be configured by mistake', () => {
  const modules: readonly ProviderModule[] = providerModules;
  assert.ok(!modules.includes(templateModule));
});

test('the template says everything that is wrong with its settings', () => {
  const reader = new SettingsReader({ identityKeyPem: 'no key', intervalCap: 0 });
  templateModule.configure(reader);
  assert.deepEqual(reader.problems, [
    'endpoint is missing',
    'apiToken is missing',
    'intervalCap must be a number above 0',
    'identityKeyPem must be a public key in PEM',
  ]);
});
