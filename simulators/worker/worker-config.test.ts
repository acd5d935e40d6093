import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerLimits } from './worker-config.ts';

test('limits are read from the forms of generic-worker and docker-worker, and have defaults', () => {
  const table: [config: unknown, capacity: number, idleTimeoutMs: number][] = [
    [{}, 1, 60_000],
    [undefined, 1, 60_000],
    ['nonsense', 1, 60_000],
    [{ genericWorker: { config: { idleTimeoutSecs: 15, capacity: 4 } } }, 4, 15_000],
    [{ genericWorker: { config: { idleTimeoutSecs: 0 } } }, 1, Infinity],
    [{ genericWorker: { config: { capacity: 0 } } }, 1, 60_000],
    [{ shutdown: { enabled: true, afterIdleSeconds: 20 }, capacity: 2 }, 2, 20_000],
  ];
  for (const [config, capacity, idleTimeoutMs] of table) {
    assert.deepEqual(workerLimits(config, 60_000), { capacity, idleTimeoutMs }, JSON.stringify(config));
  }
});
