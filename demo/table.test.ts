import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WorkerCounts } from '#core/pool-store.ts';
import type { WorkerState } from '#core/worker.ts';
import { renderTable } from './table.ts';
import type { PoolLine } from './table.ts';

function counts(capacity: Partial<Record<WorkerState, number>>): WorkerCounts {
  const of = (state: WorkerState): { count: number; capacity: number } => ({
    count: capacity[state] ?? 0,
    capacity: capacity[state] ?? 0,
  });
  return {
    requested: of('requested'),
    running: of('running'),
    stopping: of('stopping'),
    stopped: of('stopped'),
  };
}

const line: PoolLine = {
  workerPoolId: 'demo-linux/build',
  report: {
    workerPoolId: 'demo-linux/build',
    decidedAt: new Date(0),
    pendingTasks: 12,
    claimedTasks: 3,
    want: 15,
    toRequest: 4,
    requested: 4,
    reason: '12 pending tasks and 3 claimed ones want 15',
  },
  counts: counts({ requested: 4, running: 11, stopping: 1 }),
};

function visible(lines: readonly PoolLine[], columns: number): string[] {
  return stripVTControlCharacters(renderTable(lines, columns)).split('\n');
}

test('the table shows each pool with its demand, its capacity by state, and why', () => {
  const [header = '', build = '', fresh = ''] = visible(
    [line, { workerPoolId: 'demo-metal/mac', report: undefined, counts: undefined }],
    200,
  );
  assert.match(header, /^pool +pending +claimed +requested +running +stopping +last decision$/);
  assert.match(build, /^demo-linux\/build +12 +3 +4 +11 +1 +12 pending tasks and 3 claimed ones want 15$/);
  assert.match(fresh, /^demo-metal\/mac +0 +0 +0 +0 +0 +none yet$/);
});

test('no line is wider than the terminal', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 250 }), fc.string(), (columns, reason) => {
      const lines = visible([{ ...line, report: { ...line.report!, reason } }], columns);
      assert.ok(lines.every(({ length }) => length <= columns));
    }),
  );
});
