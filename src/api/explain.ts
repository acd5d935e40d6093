import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorStatus } from '#contract/error-codes.ts';
import type { ApiErrorCode } from '#contract/error-codes.ts';
import type { Trace } from '#core/telemetry.ts';
import { errorEnvelope, refusalOf } from './errors.ts';
import type { RequestInfo } from './errors.ts';
import { requestInfo } from './exchange.ts';
import { traceOf } from './headers.ts';
import type { ApiParts } from './parts.ts';
import { sendJson } from './reply.ts';

interface Refusal {
  code: ApiErrorCode;
  text: string;
}

/** Answers with what went wrong: the caller's mistakes in words for it, defects with a number by which the log tells more. */
export async function explain(
  parts: ApiParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { exchange } = request;
  const refusal = refusalOf(error) ?? unreadBody(error, request);
  const info = exchange === null ? { method: '', params: {}, payload: {} } : requestInfo(exchange);
  const { code, text } = refusal ?? incident(parts, error, info, traceOf(reply));
  if (code === 'AuthenticationFailed') reply.header('www-authenticate', 'hawk');
  const envelope = errorEnvelope({ code, text }, info, parts.clock.now());
  return await sendJson(request, reply, errorStatus[code], envelope);
}

/** What is said of a body that could not be read to its end. */
function unreadBody(error: unknown, { exchange, raw }: FastifyRequest): Refusal | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    if (exchange !== null) exchange.payload = { kind: 'too-large' };
    return { code: 'InputTooLarge', text: 'The body of the request is longer than 10 MiB.' };
  }
  // A connection that breaks is the caller's only while its request is coming in.
  const isCutOff = code === 'ECONNRESET' && !raw.complete;
  if (!code.startsWith('FST_ERR_CTP_') && !isCutOff) return undefined;
  return { code: 'MalformedPayload', text: 'The body of the request could not be read.' };
}

/** Notes a defect, under a number that only leads those who see the log to its cause. */
function incident({ log, settings }: ApiParts, error: unknown, info: RequestInfo, trace: Trace): Refusal {
  const incidentId = randomUUID();
  const cause = error instanceof Error ? error : new Error(String(error));
  const { name, message, stack } = cause;
  log.write('monitor.error', 'err', { v: 1, name, message, stack, incidentId, ...info }, trace);
  const text = `Internal Server Error, incidentId ${incidentId}.`;
  return {
    code: 'InternalServerError',
    text: settings.showsStackTraces ? `${text}\n${stack ?? message}` : text,
  };
}
