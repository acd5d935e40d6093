import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Shorter bodies are not worth compressing (spec/api.md 2.2). */
const smallestCompressed = 1024;
/** Longer ones, in characters, are compressed beside the event loop. */
const longestAtOnce = 16_384;
const options = { level: 1 };
const compress = promisify(gzip);

/** Sends a body as JSON with two spaces of indentation, compressed if the caller takes that. */
export async function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  body: unknown,
): Promise<FastifyReply> {
  const text = jsonText(body);
  reply.code(status);
  reply.header('vary', 'Accept-Encoding');
  if (status === 200) {
    const etag = weakETag(text);
    reply.header('etag', etag);
    if (isFresh(request, etag)) return await reply.code(304).send();
  }
  reply.header('content-type', 'application/json; charset=utf-8');
  if (text.length < smallestCompressed || !takesGzip(request.headers['accept-encoding'])) {
    return await reply.send(text);
  }
  reply.header('content-encoding', 'gzip');
  const isLong = text.length > longestAtOnce;
  return await reply.send(isLong ? await compress(text, options) : gzipSync(text, options));
}

/** Indentation can make a very deep body longer than a text can be; then it goes without. */
function jsonText(body: unknown): string {
  try {
    return JSON.stringify(body, null, 2);
  } catch (error) {
    if (error instanceof RangeError) return JSON.stringify(body);
    throw error;
  }
}

function weakETag(text: string): string {
  return `W/"${text.length.toString(16)}-${hash('sha1', text, 'base64').slice(0, 27)}"`;
}

/** Whether the caller has this body already (RFC 9110 13.1.2). */
function isFresh({ method, headers }: FastifyRequest, etag: string): boolean {
  const known = headers['if-none-match'];
  if (known === undefined || (method !== 'GET' && method !== 'HEAD')) return false;
  if (headers['cache-control']?.includes('no-cache') === true) return false;
  const tags = new Set(known.split(',').map((tag) => tag.trim().replace(/^W\//, '')));
  return tags.has('*') || tags.has(etag.slice(2));
}

/** Whether Accept-Encoding allows gzip (RFC 9110 12.5.3). */
export function takesGzip(accepted: string | undefined): boolean {
  if (accepted === undefined) return false;
  const codings = accepted
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  const named = codings.find((coding) => /^(x-)?gzip(;|$)/.test(coding.replaceAll(' ', '')));
  const chosen = named ?? codings.find((coding) => coding.startsWith('*'));
  return chosen !== undefined && !/;\s*q=0(\.0*)?\s*$/.test(chosen);
}
