// spec: api 9.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log, LogLevel } from '#core/telemetry.ts';
import { SteppedClock } from '#lib/clock.ts';
import { regularReports } from './regular-reports.ts';

const minuteMs = 60_000;

test('connections and calls are reported once a minute, and once more at the end', async () => {
  const clock = new SteppedClock(new Date('2026-03-01T12:00:00Z'));
  const entries: [type: string, level: LogLevel, fields: Readonly<Record<string, unknown>>][] = [];
  const log: Log = {
    write: (type, level, fields) => void entries.push([type, level, fields]),
    child: () => log,
  };
  const counts = { pool: 'write', totalCount: 3, idleCount: 2, waitingCount: 0 } as const;
  let told = 0;
  const stack = new AsyncDisposableStack();
  const store = { connectionCounts: () => [counts, { ...counts, pool: 'read' as const }] };
  regularReports({ store, clock, log }, () => void (told += 1), stack);
  await clock.step(0);
  assert.deepEqual(entries, [
    ['db-pool-counts', 'notice', counts],
    ['db-pool-counts', 'notice', { ...counts, pool: 'read' }],
  ]);
  assert.equal(told, 1);
  await clock.step(minuteMs - 1);
  assert.equal(told, 1);
  await clock.step(1);
  assert.equal(told, 2);
  await stack.disposeAsync();
  assert.equal(told, 3);
  await clock.step(5 * minuteMs);
  assert.equal(told, 3);
});
