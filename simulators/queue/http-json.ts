import type { IncomingMessage, ServerResponse } from 'node:http';
import { QueueRefusal } from './refusal.ts';

const maxBodyBytes = 10 * 1024 * 1024;

/** The whole body as text. @throws QueueRefusal InputTooLarge */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) {
      throw new QueueRefusal('InputTooLarge', 'the body is larger than 10 MB');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The value of a JSON body; undefined for an empty one. @throws QueueRefusal MalformedPayload */
export function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new QueueRefusal('MalformedPayload', 'the body is not JSON');
  }
}

/** An error as every Taskcluster service answers it (spec/api.md 2.3). */
export function errorEnvelope(code: string, message: string): Record<string, unknown> {
  return { code, message, requestInfo: {} };
}

/** Answers, unless the connection is gone. */
export function send(response: ServerResponse, status: number, body: unknown): void {
  if (!response.headersSent && !response.destroyed) {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  }
}
