import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#lib/clock.ts';
import { requestJson } from '#lib/http-client.ts';
import { testDatabase } from '#test/database.ts';
import { eventually } from '#test/engines.ts';
import { aDirectory, endingOf, freePort } from '#test/processes.ts';
import { examplePools } from './pools.ts';
import { startDemo } from './start.ts';

test('the demonstration starts, comes alive, stops as a whole, and can be started again', async (test) => {
  const t = endingOf(test);
  const { url } = await testDatabase(t);
  const port = await freePort();
  const env = { DATABASE_URL: url, DATA_DIRECTORY: await aDirectory(t), PORT: `${port}` };
  const get = (url: string) => requestJson({ method: 'GET', url, clock: systemClock, timeoutMs: 5_000 });
  const ping = () => get(`http://127.0.0.1:${port}/api/worker-manager/v1/ping`);

  const said: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  test.mock.method(process.stdout, 'write', (text: string) => {
    said.push(text);
    return write(text);
  });

  const demo = await startDemo(env);
  t.after(() => demo.stop());
  await ping();
  const { store } = demo.service;
  const ids = examplePools().map(({ workerPoolId }) => workerPoolId);
  assert.deepEqual(await store.poolIds(), ids);
  await eventually('machines are on their way', async () => {
    const counts = (await store.poolCounts(ids)).get('demo-linux/decision');
    return (counts?.requested.count ?? 0) > 0;
  });
  assert.equal((await store.poolCounts(ids)).get('demo-metal/mac')?.running.count, 2);
  const [, example = ''] = /curl '([^']+)'/.exec(said.join('')) ?? [];
  const { body } = await get(example);
  assert.deepEqual(
    (body as { workerPools: { workerPoolId: string }[] }).workerPools.map(({ workerPoolId }) => workerPoolId),
    ids,
  );
  await demo.stop();
  await assert.rejects(ping);

  const again = await startDemo(env);
  t.after(() => again.stop());
  assert.deepEqual(await again.service.store.poolIds(), ids);
  await again.stop();
});

test('a port that is no number is refused by its name', async (test) => {
  const env = { DATA_DIRECTORY: await aDirectory(test), PORT: 'eighty' };
  await assert.rejects(startDemo(env), /^ConfigError: PORT must be a whole number from 0 to 65535$/);
});
