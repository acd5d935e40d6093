import { apiPrefix, bewitKey } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { operation } from './openapi/operation.ts';
import { refusalExamples } from './openapi/refusals.ts';
import { openApiSchemas } from './openapi/schemas.ts';
import { service } from './references.ts';
import { endpoints } from './routes.ts';
import type { OperationName } from './routes.ts';

const description = `Keeps fleets of workers, most of them machines in clouds, at the size that the tasks in a queue need.

**Ids with slashes.** A worker pool id has a slash in it. As a route parameter it is sent as one segment: \`example-project%2Flinux\`.

**Pages.** A listing answers with a page and, if there is more, a \`continuationToken\`. Ask again with it to get the next page; filters have to be sent again, too.

**Errors.** Every refusal has the same form (\`error\`): a \`code\` for programs, a \`message\` for people and what was asked. Answers of status 5xx may be asked for again.
An address or a verb that does not exist is answered with status 404 and \`{"error": "Not found"}\`.

**Scopes.** Most endpoints need scopes, given as \`x-scopes\`: a scope, or \`AllOf\` or \`AnyOf\` several, with placeholders for route parameters and members of the body.
A caller without credentials has the scopes that the deployment gives to everybody, often enough for reading.`;

const tags: Readonly<Record<string, string>> = {
  Monitoring: 'Whether the service is well.',
  Providers: 'The configured sources of workers.',
  'Worker Pools': 'What fleets there are, and how they do.',
  'Worker Pool Launch Configs': 'The ways in which the workers of a pool are started.',
  'Worker Interface': 'What workers themselves call.',
  Workers: 'The workers that this service started or was told of.',
  'Worker Metadata': 'The workers that the queue knows.',
};

const securitySchemes = {
  hawk: {
    type: 'http',
    scheme: 'hawk',
    description:
      "Requests are signed by Hawk with a Taskcluster client's `clientId` as id and its `accessToken` as key, SHA-256. Temporary credentials and restricted scopes are sent in `ext`: base64 of a JSON object with `certificate` and `authorizedScopes`.",
  },
  bewit: {
    type: 'apiKey',
    in: 'query',
    name: bewitKey,
    description: 'A Hawk signature in the address itself, for GET requests only and for a limited time.',
  },
} as const;

/** All endpoints but second addresses, by path and verb. */
function paths(): Record<string, Record<string, object>> {
  const byPath: Record<string, Record<string, object>> = {};
  for (const [name, endpoint] of Object.entries<Endpoint>(endpoints)) {
    if (endpoint.twinOf !== undefined) continue;
    const path = endpoint.route.replace(/<(\w+)>/g, '{$1}');
    byPath[path] = { ...byPath[path], [endpoint.method]: operation(name as OperationName, endpoint) };
  }
  return byPath;
}

/** An OpenAPI 3.1 document of the whole HTTP API, from the data by which requests are checked. */
export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Worker Manager',
      version: service.apiVersion,
      description,
      license: { name: 'Mozilla Public License 2.0', identifier: 'MPL-2.0' },
    },
    servers: [{ url: apiPrefix, description: 'The deployment that serves this document.' }],
    tags: Object.entries(tags).map(([name, words]) => ({ name, description: words })),
    paths: paths(),
    components: { securitySchemes, schemas: openApiSchemas(), examples: refusalExamples() },
  };
}
