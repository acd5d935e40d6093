import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Trace } from '#core/telemetry.ts';

type Headers = Readonly<Record<string, string>>;

/** On every answer (spec/api.md 2.7). */
const everywhere: Headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "report-uri /__cspreport__;default-src 'none';frame-ancestors 'none';",
};

/** On every answer below the API prefix, errors and 404s too. The directives of Cache-Control are separated as they should be (W41). */
const belowPrefix: Headers = {
  'access-control-allow-origin': '*',
  'access-control-max-age': '900',
  'access-control-allow-methods': 'OPTIONS,GET,HEAD,POST,PUT,DELETE,TRACE,CONNECT',
  'access-control-request-method': '*',
  'access-control-allow-headers': 'X-Requested-With,Content-Type,Authorization,Accept,Origin,Cache-Control',
  'cache-control': 'no-store, no-cache, must-revalidate',
};

/** 90 days in seconds. */
const strictTransportAge = 7_776_000;
const longestTraceId = 200;

/** The headers of an answer that do not depend on what it says. */
export function standingHeaders(
  request: IncomingHttpHeaders,
  where: { isBelowPrefix: boolean; forceSsl: boolean },
): Headers {
  return {
    ...everywhere,
    ...(where.isBelowPrefix ? belowPrefix : {}),
    ...(where.forceSsl ? { 'strict-transport-security': `max-age=${strictTransportAge}` } : {}),
    'x-for-trace-id': traceIdOf(request) ?? randomUUID(),
    'x-for-request-id': randomUUID(),
  };
}

/** The ids of an answer, by which its log entries are found. */
export function traceOf(answer: { getHeader(name: string): unknown }): Trace {
  return {
    traceId: String(answer.getHeader('x-for-trace-id')),
    requestId: String(answer.getHeader('x-for-request-id')),
  };
}

/** The caller's trace id, if it sent one that is worth passing on. */
function traceIdOf(request: IncomingHttpHeaders): string | undefined {
  const given = request['x-taskcluster-trace-id'];
  const isUsable = typeof given === 'string' && given !== '' && given.length <= longestTraceId;
  return isUsable ? given : undefined;
}
