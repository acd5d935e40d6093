import type { Endpoint } from '#contract/endpoint.ts';
import { bewitKey } from '#contract/endpoint.ts';
import { ApiError } from './errors.ts';

const expressions = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern) ?? new RegExp(pattern, 'u');
  expressions.set(pattern, known);
  return known;
}

/** Checks the decoded parameters of a route. @throws {ApiError} InvalidRequestArguments that names every one that is wrong. */
export function refuseParams(endpoint: Endpoint, params: Readonly<Record<string, string>>): void {
  const problems = Object.entries(endpoint.params).flatMap(([name, pattern]) => {
    const value = params[name] ?? '';
    if (expressionOf(pattern).test(value)) return [];
    return [`URL parameter ${name}: ${JSON.stringify(value)} does not match ${pattern}`];
  });
  refuse(problems);
}

/**
 * Reads the query of a request and checks it. The key of a signed URL is always allowed and never part of the result.
 * @param search what stands behind the question mark
 * @throws {ApiError} InvalidRequestArguments that names every problem.
 */
export function readQuery(endpoint: Endpoint, search: string): Readonly<Record<string, string>> {
  const query: Record<string, string> = {};
  if (search === '') return query;
  const given = new URLSearchParams(search);
  const problems: string[] = [];
  for (const key of new Set(given.keys())) {
    if (key === bewitKey) continue;
    const problem = queryProblem(endpoint, key, given.getAll(key));
    if (problem === undefined) query[key] = given.get(key) ?? '';
    else problems.push(problem);
  }
  refuse(problems);
  return query;
}

function queryProblem(endpoint: Endpoint, key: string, values: readonly string[]): string | undefined {
  const pattern = Object.hasOwn(endpoint.query, key) ? endpoint.query[key] : undefined;
  if (pattern === undefined) return `Query key ${JSON.stringify(key)} is not supported`;
  const [value = ''] = values;
  if (values.length > 1) return `Query key ${key}: must be given once, not ${values.length} times`;
  if (expressionOf(pattern).test(value)) return undefined;
  return `Query key ${key}: ${JSON.stringify(value)} does not match ${pattern}`;
}

/** The declared keys of a query, as the access log shows them: a signature that is still good is not for reading (spec/api.md 3.5). */
export function loggedQuery(endpoint: Endpoint, search: string): Readonly<Record<string, string>> {
  if (search === '') return {};
  const shown = [...new URLSearchParams(search)]
    .filter(([key]) => key === bewitKey || Object.hasOwn(endpoint.query, key))
    .map(([key, value]) => [key, key === bewitKey ? '...' : value]);
  return Object.fromEntries(shown) as Record<string, string>;
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new ApiError('InvalidRequestArguments', problems.join('\n'));
}
