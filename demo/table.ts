import { styleText } from 'node:util';
import type { WorkerCounts } from '#core/pool-store.ts';
import type { ProvisionReport, Store } from '#core/store.ts';

/** One line of the table. */
export interface PoolLine {
  workerPoolId: string;
  report: ProvisionReport | undefined;
  counts: WorkerCounts | undefined;
}

const header = ['pool', 'pending', 'claimed', 'requested', 'running', 'stopping', 'last decision'];
const widths = [22, 8, 8, 10, 8, 9];

/** What the store knows of every pool now. */
export async function poolLines(store: Store): Promise<PoolLine[]> {
  const workerPoolIds = await store.poolIds();
  const [reports, counts] = await Promise.all([store.provisionReports(), store.poolCounts(workerPoolIds)]);
  const byPool = new Map(reports.map((report) => [report.workerPoolId, report]));
  return workerPoolIds.map((workerPoolId) => ({
    workerPoolId,
    report: byPool.get(workerPoolId),
    counts: counts.get(workerPoolId),
  }));
}

/** The table as text, cut to the terminal's width. */
export function renderTable(lines: readonly PoolLine[], columns: number): string {
  const rows = lines.map(({ workerPoolId, report, counts }) => [
    workerPoolId,
    ...[report?.pendingTasks, report?.claimedTasks].map((tasks) => String(tasks ?? 0)),
    ...(['requested', 'running', 'stopping'] as const).map((state) => String(counts?.[state].capacity ?? 0)),
    report?.reason ?? 'none yet',
  ]);
  const lay = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join(' ')
      .slice(0, Math.max(20, columns))
      .trimEnd();
  return [styleText('bold', lay(header)), ...rows.map(lay)].join('\n');
}
