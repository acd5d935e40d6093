import type { IncomingHttpHeaders } from 'node:http';
import { fromJson } from '#simulators/worker/json.ts';
import type { Answer, Call } from './call.ts';
import type { Cloud } from './cloud.ts';
import { errorOf, type CallFault } from './faults.ts';
import type { Remainder } from './limits.ts';
import type { TokenAnswer, TokenOffice } from './oauth.ts';
import { Refusal } from './refusal.ts';
import { claimsOf, matchRoute, type Match } from './routes.ts';

/** A request to Azure Resource Manager. */
export interface ArmRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What a call gets: an HTTP answer after some time, or a broken connection, or nothing at all. */
export type Outcome =
  | { kind: 'answer'; status: number; body: string; headers: Readonly<Record<string, string>>; afterMs: number }
  | { kind: 'reset' | 'hang' };

/** What the logbook will say of a call, and the headers that its answer will have; filled as the call goes on. */
interface Trace {
  action: string;
  group: string;
  names: string[];
  left: readonly Remainder[];
}

/** Thrown where a fault keeps a call from being answered. */
class Silence extends Error {
  readonly kind: 'reset' | 'hang';

  constructor(kind: 'reset' | 'hang') {
    super(kind);
    this.kind = kind;
  }
}

/**
 * Answers one call to the API. It has its effect now, all at once; what the caller gets comes later, so that a caller
 * who dies meanwhile leaves behind what was done.
 */
export function answerCall(request: ArmRequest, cloud: Cloud, tokens: TokenOffice): Outcome {
  cloud.settle();
  const requestId = cloud.uuid();
  const latencyMs = cloud.draw(cloud.dials.latencyMs);
  const trace: Trace = { action: '', group: '', names: [], left: [] };
  const log = (outcome: string): void => {
    const { action, group, names } = trace;
    cloud.logbook.add({ at: new Date(cloud.nowMs), region: group, action, outcome, requestId, instanceIds: names });
  };
  const sent = (answer: Answer, afterMs: number): Outcome => ({
    kind: 'answer',
    status: answer.status,
    body: answer.body === undefined ? '' : JSON.stringify(answer.body),
    headers: { ...headersOf(requestId, trace.left, answer.body !== undefined), ...answer.headers },
    afterMs,
  });
  try {
    const { answer, delayMs } = perform(request, cloud, tokens, trace);
    log('ok');
    return sent(answer, latencyMs + delayMs);
  } catch (error) {
    if (error instanceof Silence) {
      log(error.kind);
      return { kind: error.kind };
    }
    if (error instanceof Refusal) {
      log(error.code);
      return sent(refusalAnswer(error), latencyMs);
    }
    throw error;
  }
}

/** Everything that a call does. @throws Refusal, Silence */
function perform(
  request: ArmRequest,
  cloud: Cloud,
  tokens: TokenOffice,
  trace: Trace,
): { answer: Answer; delayMs: number } {
  const { method, url, headers } = request;
  const { pathname, searchParams } = new URL(url, 'http://simulator');
  const match = matchRoute(method, pathname);
  trace.action = match?.action ?? `${method} ${pathname}`;
  trace.group = match?.group ?? '';
  tokens.check(headers);
  const route = checkedRoute(match, method, pathname, searchParams, cloud);
  trace.left = cloud.limit(claimsOf(method, route, pathname));
  const delayMs = suffer(cloud.faults.strikeCall(trace, 'before'));
  const call: Call = {
    cloud,
    action: route.action,
    group: route.group,
    names: route.names,
    origin: `http://${headers.host ?? ''}`,
    path: pathname,
    query: searchParams,
    body: request.body === '' ? undefined : fromJson(request.body),
    nowMs: cloud.nowMs,
    note: (names) => void trace.names.push(...names),
  };
  const answer = route.handler(call);
  return { answer, delayMs: delayMs + suffer(cloud.faults.strikeCall(trace, 'after')) };
}

/** Answers a request for a token; faults strike it as the action `token`. */
export function answerToken(tenant: string, body: string, cloud: Cloud, tokens: TokenOffice): Outcome {
  cloud.settle();
  const requestId = cloud.uuid();
  const call = { action: 'token', group: '' };
  const log = (outcome: string): void => {
    const { action, group: region } = call;
    cloud.logbook.add({ at: new Date(cloud.nowMs), region, action, outcome, requestId, instanceIds: [] });
  };
  const latencyMs = cloud.draw(cloud.dials.latencyMs);
  const answered = ({ status, body: content }: TokenAnswer, afterMs: number): Outcome => {
    log(typeof content['error'] === 'string' ? content['error'] : 'ok');
    const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
    return { kind: 'answer', status, body: JSON.stringify(content), headers, afterMs };
  };
  try {
    const delayMs = suffer(cloud.faults.strikeCall(call, 'before'));
    const issued = tokens.issue(tenant, body);
    return answered(issued, latencyMs + delayMs + suffer(cloud.faults.strikeCall(call, 'after')));
  } catch (error) {
    if (error instanceof Silence) {
      log(error.kind);
      return { kind: error.kind };
    }
    if (error instanceof Refusal) {
      const { status, code, message } = error;
      return answered({ status, body: { error: code, error_description: message } }, latencyMs);
    }
    throw error;
  }
}

/** What Azure Resource Manager checks before it looks at the resource. @throws Refusal */
function checkedRoute(
  match: Match | undefined,
  method: string,
  path: string,
  query: URLSearchParams,
  cloud: Cloud,
): Match {
  const version = query.get('api-version');
  if (version === null || version === '') {
    throw new Refusal(
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (!/^\d{4}-\d{2}-\d{2}(-[a-z]+)?$/i.test(version)) {
    throw new Refusal('InvalidApiVersionParameter', `The api-version '${version}' is invalid.`);
  }
  if (match === undefined) {
    throw new Refusal('InvalidResourceType', `The simulator has no ${method} ${path}.`, 404);
  }
  if (match.subscriptionId.toLowerCase() !== cloud.subscriptionId.toLowerCase()) {
    throw new Refusal('SubscriptionNotFound', `The subscription '${match.subscriptionId}' could not be found.`, 404);
  }
  return match;
}

/** @returns how late the answer will be. @throws Refusal or Silence where it will be another one, or none. */
function suffer(fault: CallFault | undefined): number {
  if (fault?.kind === 'error') {
    const { code, message, status } = errorOf(fault);
    const { retryAfterSeconds } = fault;
    throw new Refusal(code, message, status, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
  }
  if (fault?.kind === 'reset' || fault?.kind === 'hang') {
    throw new Silence(fault.kind);
  }
  return fault?.delayMs ?? 0;
}

function refusalAnswer(refusal: Refusal): Answer {
  const { status, code, message, retryAfterSeconds } = refusal;
  const challenge = `Bearer authorization_uri="https://login.microsoftonline.com/", error="invalid_token", error_description="${message.replaceAll('"', "'")}"`;
  return {
    status,
    body: { error: refusal.body },
    headers: {
      'x-ms-failure-cause': code === 'SubscriptionRequestsThrottled' ? 'gateway' : 'service',
      ...(retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) }),
      ...(status === 401 ? { 'www-authenticate': challenge } : {}),
    },
  };
}

/** What all answers have, and how much is left of the limits. */
function headersOf(requestId: string, left: readonly Remainder[], hasBody: boolean): Record<string, string> {
  const isArm = ({ bucket }: Remainder): boolean => ['reads', 'writes', 'deletes'].includes(bucket);
  const ofProvider = left
    .filter((one) => !isArm(one))
    .map(({ bucket, tokens }) => `Microsoft.Compute/${bucket};${tokens}`);
  return {
    'cache-control': 'no-cache',
    'x-ms-request-id': requestId,
    'x-ms-correlation-request-id': requestId,
    ...(hasBody ? { 'content-type': 'application/json; charset=utf-8' } : {}),
    ...Object.fromEntries(
      left
        .filter(isArm)
        .map(({ bucket, tokens }) => [`x-ms-ratelimit-remaining-subscription-${bucket}`, String(tokens)]),
    ),
    ...(ofProvider.length === 0 ? {} : { 'x-ms-ratelimit-remaining-resource': ofProvider.join(',') }),
  };
}
