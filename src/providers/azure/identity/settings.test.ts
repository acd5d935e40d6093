import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import { SteppedClock } from '#lib/clock.ts';
import { SettingsReader } from '#providers/settings-reader.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import { pemOf } from '#simulators/certificate.ts';
import { readTrustSettings } from './settings.ts';

const authority = createAttestationAuthority({ clock: new SteppedClock(new Date('2026-07-28T14:00:00Z')) });

function read(members: JsonObject) {
  const settings = new SettingsReader(members);
  const trust = readTrustSettings(settings);
  settings.rejectUnread();
  return { trust, problems: settings.problems };
}

test('without settings, Microsoft’s authorities are looked for at Microsoft’s addresses', () => {
  assert.deepEqual(read({}), { trust: { anchors: [], sources: [], isLearning: true }, problems: [] });
});

test('further authorities are those of certificates in PEM', () => {
  const trustAnchors = authority.trustAnchors().map((certificatePem) => ({ certificatePem }));
  const { trust, problems } = read({
    trustAnchors,
    certificateSources: [{ url: 'http://127.0.0.1:4000/pki/' }],
    fetchIntermediates: 'never',
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(
    trust.anchors.map(({ isRoot, pathLength, origin }) => [isRoot, pathLength, origin]),
    [
      [true, null, 'settings'],
      [false, 0, 'settings'],
    ],
  );
  assert.deepEqual(
    trust.sources.map(({ href }) => href),
    ['http://127.0.0.1:4000/pki/'],
  );
  assert.equal(trust.isLearning, false);
});

test('what is no authority, no address or no choice is said to be so, and not used', () => {
  const leaf = pemOf(authority.chain().leaf.der);
  const [root = ''] = authority.trustAnchors();
  for (const certificatePem of [
    leaf,
    `${root}${root}`,
    root.replace('MII', 'MIJ'),
    'certificate',
    root.slice(0, -40),
  ]) {
    const { trust, problems } = read({ trustAnchors: [{ certificatePem }] });
    assert.deepEqual(problems, ["trustAnchors[0].certificatePem must be a certificate authority's certificate in PEM"]);
    assert.deepEqual(trust.anchors, []);
  }
  assert.deepEqual(read({ trustAnchors: [{}] }).problems, ['trustAnchors[0].certificatePem is missing']);
  for (const url of ['ftp://a/', 'http://a/b', 'pki']) {
    assert.deepEqual(read({ certificateSources: [{ url }] }).problems, [
      'certificateSources[0].url must be an http or https URL that ends with a slash',
    ]);
  }
  assert.deepEqual(read({ fetchIntermediates: 'sometimes' }).problems, ['fetchIntermediates must be always or never']);
});

test('the settings that are told are those that are read', () => {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  const told = [...read('../../../../docs/azure-attestation.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const members = [...read('settings.ts').matchAll(/settings\.(?:objects|optionalText)\('(\w+)'\)/g)];
  assert.deepEqual(told, ['trustAnchors', 'certificateSources', 'fetchIntermediates']);
  assert.deepEqual(new Set(members.map(([, name]) => name)), new Set(told));
});
