import type { Endpoint } from '#contract/endpoint.ts';
import { operationOf } from '#contract/routes.ts';
import { readQuery, refuseParams } from './arguments.ts';
import type { Handlers } from './call.ts';
import { ApiError } from './errors.ts';
import { callerSignal } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { ApiParts } from './parts.ts';
import { refuseMalformed } from './payload.ts';
import { refuseViolations, violationsOf } from './validate.ts';

/**
 * Answers a request whose route is known and whose body has been read: the checks in the order that decides which error wins (spec/api.md 2.1), then
 * the handler.
 * @returns the body of the answer
 */
export async function answerCall(parts: ApiParts, handlers: Handlers, exchange: Exchange): Promise<unknown> {
  const { match, caller, search, request } = exchange;
  const { endpoint, params } = match;
  refuseMalformed(exchange.payload);
  refuseOddRequest(exchange);
  const { scopes } = endpoint;
  if (scopes !== undefined && endpoint.authorizes === 'before') await caller.authorize(scopes, params);
  // The handler will look at the scopes, but a stranger with bad credentials gets no further (W42).
  else if (scopes !== undefined) await caller.authenticate();
  refuseParams(endpoint, params);
  const query = readQuery(endpoint, search);
  const body = acceptedBody(parts, exchange);

  const call = {
    params,
    query,
    body,
    sourceIp: request.ip,
    get signal() {
      return callerSignal(exchange);
    },
    authorize: async (parameters: Readonly<Record<string, string>>) => {
      if (scopes !== undefined) await caller.authorize(scopes, parameters);
    },
    clientId: async () => {
      await caller.authenticate();
      return caller.record.clientId;
    },
  };
  // What the checks above let through has the types that the contract says.
  const handle = handlers[operationOf(match.name)] as (call: unknown) => Promise<unknown>;
  const answer = await handle(call);
  noteMismatch(parts, match.name, endpoint, answer);
  return answer;
}

/** @throws {ApiError} for what HTTP itself does not allow: an escape in the path that means nothing, no Host header (W16). */
function refuseOddRequest({ match, request }: Exchange): void {
  if (match.isMalformed) {
    throw new ApiError('InvalidRequestArguments', 'The path of the URL has a percent-escape that means nothing.');
  }
  if (request.headers.host === undefined && request.raw.httpVersion !== '1.0') {
    throw new ApiError('InvalidRequestArguments', 'The request has no Host header.');
  }
}

/** The body of an endpoint that takes one. @throws {ApiError} MalformedPayload or InputValidationError. */
function acceptedBody({ rootUrl }: ApiParts, { match, payload, request }: Exchange): unknown {
  const { input } = match.endpoint;
  if (input === undefined) return undefined;
  if (payload.kind !== 'json') {
    const type = request.headers['content-type'] ?? null;
    throw new ApiError(
      'MalformedPayload',
      `The request must have a JSON body with the Content-Type "application/json"; it has ${JSON.stringify(type)}.`,
    );
  }
  refuseViolations(input, violationsOf(input, payload.value), rootUrl);
  return payload.value;
}

/** Looks at some of the answers: one that is not as published is a defect for the log and no reason to keep it from the caller (W50). */
function noteMismatch(parts: ApiParts, name: string, { output }: Endpoint, answer: unknown): void {
  if (output === undefined || parts.random() >= parts.settings.checkedAnswers) return;
  const violations = violationsOf(output, answer);
  if (violations.length === 0) return;
  const message = `an answer of ${name} does not match its schema ${output}`;
  parts.log.write('monitor.generic', 'err', { message, violations: violations.slice(0, 10) });
}
