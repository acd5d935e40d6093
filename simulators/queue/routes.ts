import type { Route } from './route.ts';
import { claimRoutes } from './routes-claims.ts';
import { taskRoutes } from './routes-tasks.ts';
import { workerRoutes } from './routes-workers.ts';

interface CompiledRoute extends Route {
  pattern: RegExp;
  names: readonly string[];
}

const ping: Route = { name: 'ping', verb: 'GET', path: '/ping', answer: () => ({ alive: true }) };

const routes: readonly CompiledRoute[] = [ping, ...taskRoutes, ...claimRoutes, ...workerRoutes].map(compile);

/** The route of a request and its decoded parameters; undefined if there is none. @throws URIError for a bad percent-escape */
export function findRoute(verb: string, path: string): { route: Route; params: Map<string, string> } | undefined {
  for (const route of routes) {
    const match = route.verb === verb ? route.pattern.exec(path) : null;
    if (match !== null) {
      return {
        route,
        params: new Map(route.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')])),
      };
    }
  }
  return undefined;
}

function compile(route: Route): CompiledRoute {
  const names: string[] = [];
  const source = route.path.replace(/<(\w+)>/g, (_, name: string) => {
    names.push(name);
    return name === 'taskQueueId' ? '([^/]+(?:/[^/]+)?)' : '([^/]+)';
  });
  return { ...route, names, pattern: new RegExp(`^${source}$`) };
}
