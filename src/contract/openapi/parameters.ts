import type { Endpoint } from '#contract/endpoint.ts';
import { patterns } from '#contract/patterns.ts';
import type { JsonSchema } from '#contract/schemas/json-schema.ts';

/** What a route parameter names, and one as an example. */
const routeWords: Readonly<Record<string, { description: string; example: string }>> = {
  workerPoolId: {
    description: 'The worker pool: `<provisionerId>/<workerType>`. The slash is sent percent-encoded, as `%2F`.',
    example: 'example-project/linux',
  },
  workerGroup: { description: 'The group of the worker.', example: 'us-west-2' },
  workerId: { description: 'The worker.', example: 'i-0123456789abcdef0' },
  provisionerId: { description: 'The first half of the worker pool id.', example: 'example-project' },
  workerType: { description: 'The second half of the worker pool id.', example: 'linux' },
};

const queryWords: Readonly<Record<string, string>> = {
  continuationToken: 'Where the page begins: the token of the page before. Without it, the first page.',
  limit: 'The most items that the page shall have. Large numbers are cut to what a page can hold.',
  includeArchived: 'Whether launch configs that are out of use are listed too.',
  workerPoolId: 'Count the errors of this worker pool only.',
  launchConfigId: 'Only what belongs to this launch config.',
  errorId: 'Only this error.',
  state: 'Only workers in this state.',
  quarantined: 'Only workers in quarantine, if true.',
  workerState: 'Only workers in this state.',
};

/** The texts that a pattern takes, as a schema that says the same in plainer words where there are any. */
function textsOf(key: string, pattern: string): JsonSchema {
  if (key === 'limit') return { type: 'integer', minimum: 0 };
  if (key === 'continuationToken') return { type: 'string', minLength: 1 };
  if (pattern === patterns.boolean) return { type: 'boolean' };
  const choice = /^\^\((\w+(?:\|\w+)+)\)\$$/.exec(pattern)?.[1];
  return choice === undefined ? { type: 'string', pattern } : { type: 'string', enum: choice.split('|') };
}

/** The parameters of an endpoint: first those of its route, then the query keys. */
export function parameters({ params, query }: Endpoint): object[] {
  const inRoute = Object.entries(params).map(([name, pattern]) => ({
    name,
    in: 'path',
    required: true,
    ...routeWords[name],
    schema: { type: 'string', pattern },
  }));
  const inQuery = Object.entries(query).map(([name, pattern]) => ({
    name,
    in: 'query',
    description: queryWords[name],
    schema: textsOf(name, pattern),
  }));
  return [...inRoute, ...inQuery];
}
