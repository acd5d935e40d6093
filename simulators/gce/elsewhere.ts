import { answered, latencyOf, suffer, type ApiRequest, type Outcome, type Trace } from './api.ts';
import type { Cloud } from './cloud.ts';
import { answerIam } from './iam.ts';
import type { KeyRing } from './key-ring.ts';
import type { Tokens } from './oauth.ts';
import type { Refusal } from './refusal.ts';

interface Elsewhere {
  cloud: Cloud;
  tokens: Tokens;
  keys: KeyRing;
}

/** What a service answers. */
interface Answer {
  status: number;
  json: unknown;
  headers?: Readonly<Record<string, string>>;
}

interface Service {
  action: string;
  answer: (request: ApiRequest, pathname: string, parts: Elsewhere) => Answer;
}

/** About what Google says. */
const cached = { 'cache-control': 'public, max-age=21600, must-revalidate, no-transform' };

const services: Readonly<Record<string, Service>> = {
  '/token': { action: 'oauth2.token', answer: ({ body }, _path, { tokens }) => tokens.grant(body) },
  '/oauth2/v3/certs': {
    action: 'oauth2.certs',
    answer: (_request, _path, { keys }) => ({ status: 200, json: keys.jwks(), headers: cached }),
  },
  '/oauth2/v1/certs': {
    action: 'oauth2.certs',
    answer: (_request, _path, { keys }) => ({ status: 200, json: keys.certificates(), headers: cached }),
  },
};

const iam: Service = {
  action: 'iam.serviceAccounts.get',
  answer({ method, authorization }, pathname, { cloud, tokens }) {
    tokens.callerOf(authorization);
    return answerIam(method, pathname, cloud);
  },
};

/**
 * Answers what Google serves at other hosts than Compute Engine's: the token endpoint, its published keys, and IAM.
 * Faults strike these calls, too, by the actions `oauth2.token`, `oauth2.certs` and `iam.serviceAccounts.get`.
 */
export function answerElsewhere(request: ApiRequest, parts: Elsewhere): Outcome {
  const { cloud } = parts;
  const { pathname } = new URL(request.url, 'http://simulator');
  const service = services[pathname] ?? iam;
  const trace: Trace = { action: service.action, region: 'global', zone: undefined, instanceIds: [] };
  const run = (): Outcome => {
    const delayMs = suffer(cloud.faults.strikeCall(trace, 'before'));
    const { status, json, headers = {} } = service.answer(request, pathname, parts);
    const lateMs = suffer(cloud.faults.strikeCall(trace, 'after'));
    const afterMs = latencyOf(cloud) + delayMs + lateMs;
    return { kind: 'answer', status, body: JSON.stringify(json), headers, afterMs };
  };
  return answered(trace, cloud, run, problemJson);
}

/** Names of statuses (https://cloud.google.com/apis/design/errors). */
const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** Newer services' errors have the name of their status, and no list of reasons. */
function problemJson({ status, message }: Refusal): string {
  return JSON.stringify({ error: { code: status, message, status: statusNames[status] } });
}
