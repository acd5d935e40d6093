import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiReference, exchangesReference, publishedDocuments } from './references.ts';

interface Entry {
  name: string;
  [member: string]: unknown;
}
interface Reference {
  $schema: string;
  serviceName: string;
  apiVersion: string;
  exchangePrefix?: string;
  entries: Entry[];
}

// The client has no types. Its generated code carries the references of the release that it was made for.
const apisModule: string = 'taskcluster-client/src/apis.js';
const { default: apis } = (await import(apisModule)) as {
  default: Record<'WorkerManager' | 'WorkerManagerEvents', { reference: Reference }>;
};

/** Everything but the texts for people, entries and members in one order. */
function bones({ $schema, serviceName, apiVersion, exchangePrefix, entries }: Reference): unknown {
  const bare = entries.map(({ title: _title, description: _description, ...entry }) => entry);
  const withoutSummaries = JSON.parse(
    JSON.stringify(bare, (key, value: unknown) => (key === 'summary' ? undefined : value)),
  ) as Entry[];
  const ordered = withoutSummaries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { $schema, serviceName, apiVersion, exchangePrefix, entries: ordered };
}

// spec: api 1.1, 2.8
test('the API reference is the one that published clients were generated from, and shouldWorkerTerminate', () => {
  const ours = apiReference() as Reference;
  const known = { ...ours, entries: ours.entries.filter(({ name }) => name !== 'shouldWorkerTerminate') };
  assert.equal(ours.entries.length, 27);
  assert.equal(known.entries.length, 26);
  assert.deepEqual(bones(known), bones(apis.WorkerManager.reference));
});

// spec: api 2.8, 8.2, 8.3
test('the exchange reference is the one that published clients were generated from', () => {
  const ours = exchangesReference() as Reference;
  assert.equal(ours.entries.length, 10);
  assert.deepEqual(bones(ours), bones(apis.WorkerManagerEvents.reference));
});

// spec: api 2.8
test('every entry has a title and a description of its own', () => {
  for (const reference of [apiReference(), exchangesReference()] as Reference[]) {
    const texts = reference.entries.flatMap(({ title, description }) => [title, description]);
    assert.ok(texts.every((text) => typeof text === 'string' && text.length > 3));
    assert.equal(new Set(reference.entries.map(({ title }) => title)).size, reference.entries.length);
  }
});

// spec: api 2.8
test('the manifest lists the references, and every schema they name is published', () => {
  const documents = publishedDocuments({ logs: { $schema: 'x' } });
  assert.deepEqual(documents.get('/references/manifest.json'), {
    $schema: '/schemas/common/manifest-v3.json#',
    references: [
      '/references/worker-manager/v1/api.json',
      '/references/worker-manager/v1/exchanges.json',
      '/references/worker-manager/v1/logs.json',
    ],
  });
  assert.ok(documents.has('/schemas/common/metaschema.json'));
  for (const reference of [apiReference(), exchangesReference()] as Reference[]) {
    for (const { input, output, schema } of reference.entries) {
      for (const name of [input, output, schema]) {
        if (typeof name !== 'string') continue;
        assert.ok(documents.has(`/schemas/worker-manager/${name.replace('#', '')}`), name);
      }
    }
  }
});
