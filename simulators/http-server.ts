import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';

/** An answer to send. */
export interface HttpAnswer {
  status: number;
  body: string | Buffer;
  headers: Readonly<Record<string, string>>;
}

/** A server for a cloud; an answer that fails ends its connection. */
export function serverOf(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Server {
  const listener: RequestListener = (request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  };
  const server = createServer(listener);
  // Longer than clients keep connections: one that is closed just as it is used again looks like a fault.
  server.keepAliveTimeout = 75_000;
  return server;
}

/**
 * Begins to listen on 127.0.0.1 and returns its base address, without a slash at the end.
 *
 * @param port 0 for a free one.
 * @throws what `listen` fails with, e.g. EADDRINUSE.
 */
export function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`http://127.0.0.1:${bound}`);
    });
  });
}

/** Ends all connections, also those that hang. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The whole body as text. */
export async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

/** Sends an answer with its length; one of 204 has none (RFC 9110 8.6). */
export function send(response: ServerResponse, { status, body, headers }: HttpAnswer): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': bytes.length });
  response.end(bytes);
}
