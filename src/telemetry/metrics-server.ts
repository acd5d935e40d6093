import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PrometheusMetrics } from './metrics.ts';

/** A listening metrics endpoint. */
export interface MetricsServer {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, and `/health` and `/healthz` (`OK`), on a port of its own (spec/api.md 9.3).
 * @throws when the port is taken.
 */
export async function serveMetrics(
  metrics: PrometheusMetrics,
  address: { port: number; ip: string },
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url === '/health' || request.url === '/healthz') {
      response.end('OK');
    } else if (request.url === '/metrics') {
      void metrics.exposition().then(({ contentType, text }) => {
        response.setHeader('content-type', contentType);
        response.end(text);
      });
    } else {
      response.statusCode = 404;
      response.end('Not found');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.ip, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${address.ip}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
