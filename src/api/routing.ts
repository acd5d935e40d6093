import { endpoints } from '#contract/routes.ts';
import type { EndpointName } from '#contract/routes.ts';
import type { Endpoint } from '#contract/endpoint.ts';

/** A route that a path was found to be. */
export interface Match {
  name: EndpointName;
  endpoint: Endpoint;
  /** Decoded; where a percent-escape means nothing they are as they came, and `isMalformed` says so. */
  params: Readonly<Record<string, string>>;
  isMalformed: boolean;
}

interface Route {
  name: EndpointName;
  endpoint: Endpoint;
  verb: string;
  /** What every path of it begins with: spares most expressions. */
  prefix: string;
  expression: RegExp;
  names: readonly string[];
  /** Whether something fixed follows the pool id: then only an id with a slash is one (W19). */
  isBesidePool: boolean;
}

const placeholder = /<(\w+)>/;

const routes: readonly Route[] = Object.entries<Endpoint>(endpoints).map(([name, endpoint]) => ({
  name: name as EndpointName,
  endpoint,
  verb: endpoint.method.toUpperCase(),
  ...compile(endpoint),
}));

/**
 * Finds the endpoint of a path below the API prefix, as it came, without query; the first in the order of the contract wins (spec/api.md 1.2).
 * HEAD is answered by the endpoints of GET. Undefined: there is none.
 */
export function matchRoute(verb: string, path: string): Match | undefined {
  const wanted = verb === 'HEAD' ? 'GET' : verb;
  for (const route of routes) {
    if (route.verb !== wanted || !path.startsWith(route.prefix)) continue;
    const found = route.expression.exec(path);
    if (found === null) continue;
    const match = readParams(route, found);
    if (!route.isBesidePool || match.isMalformed || hasSlash(match.params)) return match;
  }
  return undefined;
}

/** The verbs that a path answers, in alphabetical order. */
export function verbsOf(path: string): readonly string[] {
  const verbs = ['DELETE', 'GET', 'HEAD', 'POST', 'PUT'];
  return verbs.filter((verb) => matchRoute(verb, path) !== undefined);
}

function compile({ route, greedy }: Endpoint): Omit<Route, 'name' | 'endpoint' | 'verb'> {
  const parts = route.split(placeholder);
  const isName = (index: number): boolean => index % 2 === 1;
  const pattern = parts.map((part, index) => {
    if (!isName(index)) return part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    return part === greedy ? '(.*)' : '([^/]+?)';
  });
  const endsGreedily = greedy !== undefined && route.endsWith(`<${greedy}>`);
  return {
    prefix: parts[0] ?? '',
    expression: new RegExp(`^${pattern.join('')}${endsGreedily ? '' : '/?'}$`, 's'),
    names: parts.filter((_part, index) => isName(index)),
    isBesidePool: /<workerPoolId>\/\w/.test(route),
  };
}

function readParams({ name, endpoint, names }: Route, found: RegExpExecArray): Match {
  const raw = names.map((param, index) => [param, found[index + 1] ?? ''] as const);
  try {
    const params = Object.fromEntries(raw.map(([param, value]) => [param, decodeURIComponent(value)]));
    return { name, endpoint, params, isMalformed: false };
  } catch {
    return { name, endpoint, params: Object.fromEntries(raw), isMalformed: true };
  }
}

function hasSlash(params: Readonly<Record<string, string>>): boolean {
  return params['workerPoolId']?.includes('/') === true;
}
