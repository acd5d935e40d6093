import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';

// spec: api 9.3
test('metrics and health are served on a port of their own', async (t) => {
  const metrics = createMetrics();
  metrics.gauge('worker_manager_outbox_waiting', {}, 4);
  const server = await serveMetrics(metrics, { port: 0, ip: '127.0.0.1' });
  t.after(() => server.close());
  const answer = await fetch(`${server.url}/metrics`);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(await answer.text(), /^worker_manager_outbox_waiting 4$/m);
  for (const path of ['/health', '/healthz']) {
    assert.equal(await (await fetch(server.url + path)).text(), 'OK');
  }
  assert.equal((await fetch(`${server.url}/other`)).status, 404);
});

test('a taken port is an error, not a silent service without metrics', async (t) => {
  const server = await serveMetrics(createMetrics(), { port: 0, ip: '127.0.0.1' });
  t.after(() => server.close());
  const port = Number(new URL(server.url).port);
  await assert.rejects(serveMetrics(createMetrics(), { port, ip: '127.0.0.1' }), { code: 'EADDRINUSE' });
});
