import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '#core/json.ts';
import type { ArmAnswer, ArmRequest } from '#providers/azure/arm.ts';
import { ArmError } from '#providers/azure/errors.ts';
import type { SmallAzure } from './small-azure.ts';

const never = new AbortController().signal;

/** Serves a small Azure over HTTP, with an authority that gives everybody a token. @returns its address. */
export async function serve(azure: SmallAzure): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    respond(azure, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function respond(azure: SmallAzure, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { method = 'GET', url = '/', headers } = request;
  if (url.endsWith('/token')) {
    response.end(JSON.stringify({ access_token: 'token', expires_in: 86_400 }));
    return;
  }
  const condition = headers['if-none-match'];
  const asked: ArmRequest = {
    method: method as ArmRequest['method'],
    url,
    kind: 'get',
    operation: `${method} ${url}`,
    ...(text === '' ? {} : { body: JSON.parse(text) as JsonObject }),
    ...(condition === undefined ? {} : { headers: { 'if-none-match': condition } }),
  };
  const answer = await answered(azure, asked);
  const operation = answer.header('azure-asyncoperation');
  response.writeHead(answer.status, operation === null ? {} : { 'azure-asyncoperation': operation });
  response.end(answer.status === 204 ? undefined : JSON.stringify(answer.body));
}

async function answered(azure: SmallAzure, request: ArmRequest): Promise<ArmAnswer> {
  try {
    return await azure.send(request, never);
  } catch (error) {
    if (error instanceof ArmError && error.answer !== null) return error.answer;
    throw error;
  }
}
