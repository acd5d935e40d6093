import fastify from 'fastify';
import type { FastifyReply, FastifyRequest, InjectOptions, LightMyRequestResponse } from 'fastify';
import { apiPrefix } from '#contract/endpoint.ts';
import { recordCall } from './access-log.ts';
import type { Handlers } from './call.ts';
import { openExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { explain } from './explain.ts';
import { createHandlers } from './handlers.ts';
import { standingHeaders } from './headers.ts';
import type { ApiParts } from './parts.ts';
import { readPayload } from './payload.ts';
import { answerCall } from './pipeline.ts';
import { sendJson } from './reply.ts';
import { rootPaths } from './root-paths.ts';
import type { RootAnswer } from './root-paths.ts';
import { matchRoute, verbsOf } from './routing.ts';

/** The HTTP API, listening or not. */
export interface Api {
  /** Begins to listen; 0 takes any free port. @returns the address, e.g. `http://127.0.0.1:8080`. */
  listen(where: { host: string; port: number }): Promise<string>;
  /** Stops listening, answers what has come in, and closes all connections. */
  close(): Promise<void>;
  /** Answers a request without a network. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for requests to an endpoint. */
    exchange: Exchange | null;
  }
}

/** Bodies may be this long, in bytes (spec/api.md 2.7). */
const bodyLimit = 10 * 1024 * 1024;
/** The verbs of endpoints; all others end in a 404. */
const verbs = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'];

/** How long what has come in may take to be answered when the server closes. */
const closeLimitMs = 5_000;

/** Puts the API together (spec/api.md 1 and 2). */
export function createApi(parts: ApiParts): Api {
  const { settings } = parts;
  const app = fastify({
    bodyLimit,
    trustProxy: settings.trustProxy,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    http: { requireHostHeader: false },
    // Paths are looked up in our own table (`routing.ts`): its rules are not those of Fastify's router.
    rewriteUrl: () => '/',
  });
  app.decorateRequest('exchange', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: unknown) => body);
  const rootAnswer = rootPaths(parts);
  app.addHook('onRequest', async (request, reply) => await direct(parts, rootAnswer, request, reply));
  app.setErrorHandler(async (error, request, reply) => await explain(parts, error, request, reply));
  app.setNotFoundHandler(async (request, reply) => await notFound(request, reply));
  const handlers = createHandlers(parts);
  app.route({
    method: verbs,
    url: '/',
    handler: async (request, reply) => await answer(parts, handlers, request, reply),
  });
  return {
    listen: async (where) => await app.listen(where),
    inject: async (request) => await app.inject(request),
    async close() {
      const closed = new AbortController();
      parts.clock.sleep(closeLimitMs, closed.signal).then(
        () => app.server.closeAllConnections(),
        () => undefined, // All was answered in time.
      );
      await app.close();
      closed.abort();
    },
  };
}

/** Finds out where a request belongs; answers at once what is no endpoint's. */
async function direct(
  parts: ApiParts,
  rootAnswer: (path: string) => RootAnswer | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { forceSsl } = parts.settings;
  const path = pathOf(request.originalUrl);
  const isBelowPrefix = path === apiPrefix || path.startsWith(`${apiPrefix}/`);
  reply.headers(standingHeaders(request.headers, { isBelowPrefix, forceSsl }));
  if (forceSsl && request.protocol !== 'https') return await toHttps(request, reply);
  if (!isBelowPrefix) {
    const found = rootAnswer(path);
    if (found === undefined) return await notFound(request, reply);
    return 'text' in found ? await reply.send(found.text) : await sendJson(request, reply, 200, found.json);
  }
  const route = path.slice(apiPrefix.length);
  if (request.method === 'OPTIONS') {
    const allowed = verbsOf(route).join(', ');
    return allowed === '' ? await notFound(request, reply) : await reply.header('allow', allowed).send(allowed);
  }
  const match = matchRoute(request.method, route);
  if (match === undefined) return await notFound(request, reply);
  const exchange = openExchange(parts, request, reply, match);
  request.exchange = exchange;
  reply.raw.once('close', () => recordCall(parts, exchange));
  return undefined;
}

async function answer(
  parts: ApiParts,
  handlers: Handlers,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { exchange, body, headers } = request;
  if (exchange === null) return await notFound(request, reply);
  exchange.payload = readPayload(headers['content-type'], Buffer.isBuffer(body) ? body : undefined);
  return await sendJson(request, reply, 200, await answerCall(parts, handlers, exchange));
}

/** Not the error envelope: nothing here was ever a route (spec/api.md 2.7). */
async function notFound(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return await sendJson(request, reply, 404, { error: 'Not found' });
}

/** 308 keeps verb and body, which a redirected call to the API cannot do without. */
async function toHttps(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const status = request.method === 'GET' || request.method === 'HEAD' ? 301 : 308;
  return await reply.redirect(`https://${request.host}${request.originalUrl}`, status);
}

/** The path of a request target, which proxies may send with scheme and host. */
function pathOf(url: string): string {
  return (url.split('?', 1)[0] ?? '').replace(/^https?:\/\/[^/]*/i, '');
}
