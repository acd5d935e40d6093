import { apiPrefix } from '#contract/endpoint.ts';
import { loggedQuery } from './arguments.ts';
import type { Exchange } from './exchange.ts';
import { traceOf } from './headers.ts';
import type { ApiParts } from './parts.ts';

/** Writes the one entry that each request to an endpoint leaves, also when the caller went away (spec/api.md 9.2), and counts it (9.3). */
export function recordCall({ log, metrics, clock }: ApiParts, exchange: Exchange): void {
  const { match, request, reply, caller, search, startedAt } = exchange;
  const { name, endpoint } = match;
  const duration = clock.now().getTime() - startedAt.getTime();
  const status = reply.raw.statusCode;
  const method = request.method.toLowerCase();
  const path = request.originalUrl.split('?', 1)[0] ?? '';
  const fields = {
    v: 2,
    name,
    apiVersion: 'v1',
    resource: path.slice(path.indexOf(apiPrefix) + apiPrefix.length),
    query: loggedQuery(endpoint, search),
    method,
    statusCode: status,
    duration,
    public: endpoint.scopes === undefined,
    sourceIp: request.ip,
    ...caller.record,
  };
  log.write('monitor.apiMethod', 'notice', fields, traceOf(reply));
  const labels = { method, name, status: String(status), service: 'worker-manager' };
  metrics.count('http_requests_total', labels);
  metrics.observe('http_request_duration_seconds', labels, duration / 1000);
}
