import type { Endpoint } from './endpoint.ts';
import { exchangePrefix, exchanges, routingKeyEntries } from './exchanges.ts';
import { endpoints } from './routes.ts';
import { metaschemaId } from './schemas/json-schema.ts';
import { metaschema } from './schemas/metaschema.ts';
import { publishedSchemas } from './schemas/published.ts';

/** What every reference says it is about. */
export const service = { serviceName: 'worker-manager', apiVersion: 'v1' } as const;

function apiEntry(name: string, endpoint: Endpoint): object {
  const { method, route, params, query, scopes, input, output } = endpoint;
  return {
    type: 'function',
    name,
    method,
    route,
    args: Object.keys(params),
    query: Object.keys(query),
    stability: endpoint.stability,
    category: endpoint.category,
    title: endpoint.title,
    description: endpoint.description,
    ...(scopes === undefined ? {} : { scopes }),
    ...(input === undefined ? {} : { input: `v1/${input}.json#` }),
    ...(output === undefined ? {} : { output: `v1/${output}.json#` }),
  };
}

/** The reference from which clients of the HTTP API are generated (spec/api.md 2.8). Second addresses are left out. */
export function apiReference(): object {
  const published = Object.entries<Endpoint>(endpoints).filter(([, endpoint]) => endpoint.twinOf === undefined);
  return {
    $schema: '/schemas/common/api-reference-v0.json#',
    ...service,
    title: 'Worker Manager',
    description:
      'Keeps fleets of workers, most of them machines in clouds, at the size that the tasks in a queue need.',
    entries: published.map(([name, endpoint]) => apiEntry(name, endpoint)),
  };
}

/** The reference from which clients of the messages are generated (spec/api.md 2.8). */
export function exchangesReference(): object {
  return {
    $schema: '/schemas/common/exchanges-reference-v0.json#',
    ...service,
    title: 'Worker Manager Messages',
    description: 'What this service tells of its worker pools, launch configs and workers.',
    exchangePrefix,
    entries: Object.entries(exchanges).map(([exchange, entry]) => ({
      type: 'topic-exchange',
      exchange,
      name: entry.name,
      title: entry.title,
      description: entry.description,
      routingKey: routingKeyEntries(entry),
      schema: `v1/${entry.schema}.json#`,
    })),
  };
}

/** Where a document with this `$id` is served, under the root URL. */
function pathOf(id: string): string {
  return id.replace(/#$/, '');
}

/** Where references are served, under the root URL. */
function referencePath(name: string): string {
  return `/references/${service.serviceName}/${service.apiVersion}/${name}.json`;
}

/**
 * Every document that is published, by its path under the root URL: references, the schemas they use, the metaschema
 * of these, and the manifest.
 * @param more further references by name (`logs`, `metrics`), for the manifest too
 */
export function publishedDocuments(more: Readonly<Record<string, object>> = {}): ReadonlyMap<string, object> {
  const references = Object.entries({
    api: apiReference(),
    exchanges: exchangesReference(),
    ...more,
  }).map(([name, content]) => [referencePath(name), content] as const);
  const schemas = Object.values(publishedSchemas).map((schema) => [pathOf(schema.$id), schema] as const);
  const manifest = {
    $schema: '/schemas/common/manifest-v3.json#',
    references: references.map(([path]) => path),
  };
  return new Map<string, object>([
    ...references,
    ...schemas,
    [pathOf(metaschemaId), metaschema],
    ['/references/manifest.json', manifest],
  ]);
}
