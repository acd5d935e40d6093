import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticator } from '#access/authenticator.ts';
import { signedRequest } from '#access/signed-request.ts';
import type { Clock } from '#core/clock.ts';
import { ServiceError } from '#core/error.ts';
import { Caller } from './authorize.ts';
import { ApiError } from './errors.ts';
import type { RequestInfo } from './errors.ts';
import { shownPayload } from './payload.ts';
import type { Payload } from './payload.ts';
import type { Match } from './routing.ts';

/** A request to an endpoint and all that is known of it so far. */
export interface Exchange {
  readonly match: Match;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** What stands behind the question mark of the URL. */
  readonly search: string;
  readonly startedAt: Date;
  readonly caller: Caller;
  payload: Payload;
}

/** Begins with a request that belongs to an endpoint. Who calls is found out when somebody asks. */
export function openExchange(
  parts: { authenticator: Authenticator; clock: Clock },
  request: FastifyRequest,
  reply: FastifyReply,
  match: Match,
): Exchange {
  const url = request.originalUrl;
  const mark = url.indexOf('?');
  return {
    match,
    request,
    reply,
    search: mark === -1 ? '' : url.slice(mark + 1),
    startedAt: parts.clock.now(),
    caller: new Caller(() => parts.authenticator.authenticate(signedRequestOf(request, reply))),
    payload: { kind: 'none' },
  };
}

function signedRequestOf(request: FastifyRequest, reply: FastifyReply): Parameters<Authenticator['authenticate']>[0] {
  const traceId = reply.getHeader('x-for-trace-id');
  const body = request.body;
  const head = {
    method: request.method,
    url: request.originalUrl,
    headers: request.headers,
    isEncrypted: 'encrypted' in request.socket,
  };
  try {
    return signedRequest(head, {
      // Proxies pass on whatever they are told.
      ...(isIP(request.ip) === 0 ? {} : { sourceIp: request.ip }),
      ...(Buffer.isBuffer(body) ? { body } : {}),
      ...(typeof traceId === 'string' ? { traceId } : {}),
    });
  } catch (error) {
    // A Host header that names no host is refused like one that is missing.
    throw error instanceof ServiceError ? new ApiError('InvalidRequestArguments', error.message) : error;
  }
}

/** What an error answer, or the error log, shows of a request. */
export function requestInfo({ match, payload }: Exchange): RequestInfo {
  const { name, endpoint, params } = match;
  const shown = shownPayload(payload, endpoint.masks);
  return { method: name, params, ...(shown === undefined ? {} : { payload: shown }) };
}

/** Aborted when the caller goes away before the answer. */
export function callerSignal({ reply }: Exchange): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new Error('the caller has gone'));
  });
  return gone.signal;
}
