import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentFinder, servedDocuments } from './served-documents.ts';

const metrics = { $schema: '/schemas/common/metrics-reference-v0.json#', metrics: [] };

// spec: api 2.8
test('a document is found at its path and nowhere else', () => {
  const documentAt = documentFinder({ metrics });
  assert.deepEqual(documentAt('/references/worker-manager/v1/metrics.json'), metrics);
  for (const path of [
    '/references/manifest.json',
    '/references/worker-manager/v1/api.json',
    '/references/worker-manager/v1/exchanges.json',
    '/references/worker-manager/v1/logs.json',
    '/references/worker-manager/v1/openapi.json',
    '/schemas/common/metaschema.json',
    '/schemas/worker-manager/v1/worker-full.json',
  ]) {
    assert.equal(typeof documentAt(path), 'object', path);
  }
  for (const path of [
    '',
    '/',
    '/references',
    '/references/worker-manager/v1/api.json/',
    '/schemas/../x',
    'constructor',
  ]) {
    assert.equal(documentAt(path), undefined, path);
  }
});

test('documents are made once', () => {
  const documentAt = documentFinder({ metrics });
  const path = '/references/worker-manager/v1/openapi.json';
  assert.equal(documentAt(path), documentAt(path));
});

// spec: api 2.8
test('the manifest lists the four references and not the OpenAPI document, which generators do not know', () => {
  const manifest = servedDocuments({ metrics }).get('/references/manifest.json') as { references: string[] };
  const names = manifest.references.map((path) => path.replace('/references/worker-manager/v1/', ''));
  assert.deepEqual(names.toSorted(), ['api.json', 'exchanges.json', 'logs.json', 'metrics.json']);
});

test('every document is JSON: what is written is what is read', () => {
  for (const [path, content] of servedDocuments({ metrics })) {
    assert.deepEqual(JSON.parse(JSON.stringify(content)), content, path);
  }
});
