import type { ProblemStats } from '#core/problem-store.ts';
import { statement } from './database.ts';
import type { Queryable } from './database.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const days = 7;
const hours = 24;

/** Names in one breakdown at most; what is rarer is counted together under `other` (W22). */
const mostNames = 1_000;

// One reading of the rows for all breakdowns.
const selectStats = statement(
  'problems.stats',
  `with problem as (
    select case when reported >= $2 then date_trunc('day', reported at time zone 'UTC') end as day,
      case when reported >= $3 then date_trunc('hour', reported at time zone 'UTC') end as hour,
      title, case when jsonb_typeof(extra -> 'code') = 'string' then extra ->> 'code' else 'other' end as code,
      worker_pool_id as "workerPool", coalesce(launch_config_id, 'unknown') as "launchConfig"
    from worker_pool_error where $1::text is null or worker_pool_id = $1
  )
  select case grouping(day, hour, title, code, "workerPool", "launchConfig")
      when 31 then 'daily' when 47 then 'hourly' when 55 then 'title' when 59 then 'code' when 61 then 'workerPool' else 'launchConfig'
    end as breakdown,
    coalesce(extract(epoch from day)::bigint::text, extract(epoch from hour)::bigint::text, title, code, "workerPool", "launchConfig") as name,
    count(*)::integer as count
  from problem group by grouping sets ((day), (hour), (title), (code), ("workerPool"), ("launchConfig"))
  order by count desc, name`,
);

interface StatsRow {
  breakdown: keyof ProblemStats;
  /** For days and hours their start in seconds since the epoch, null for those too old. */
  name: string | null;
  count: number;
}

/** How many problems there were, by time and by kind (spec/api.md 1.13). */
export async function problemStats(
  queryable: Queryable,
  workerPoolId: string | null,
  now: Date,
): Promise<ProblemStats> {
  const firstDay = floor(now, dayMs) - (days - 1) * dayMs;
  const firstHour = floor(now, hourMs) - (hours - 1) * hourMs;
  const values = [workerPoolId, new Date(firstDay), new Date(firstHour)];
  const rows = Map.groupBy(await queryable.rows<StatsRow>(selectStats, values), (row) => row.breakdown);
  const of = (breakdown: keyof ProblemStats): readonly StatsRow[] => rows.get(breakdown) ?? [];
  return {
    daily: filled(of('daily'), firstDay, dayMs, days),
    hourly: filled(of('hourly'), firstHour, hourMs, hours),
    title: capped(of('title')),
    code: capped(of('code')),
    workerPool: capped(of('workerPool')),
    launchConfig: workerPoolId === null ? {} : capped(of('launchConfig')),
  };
}

function floor(instant: Date, stepMs: number): number {
  return Math.floor(instant.getTime() / stepMs) * stepMs;
}

function filled(
  rows: readonly StatsRow[],
  firstMs: number,
  stepMs: number,
  count: number,
): readonly { start: Date; count: number }[] {
  const counts = new Map(rows.map((row) => [Number(row.name) * 1000, row.count]));
  return Array.from({ length: count }, (_, index) => {
    const startMs = firstMs + index * stepMs;
    return { start: new Date(startMs), count: counts.get(startMs) ?? 0 };
  });
}

function capped(rows: readonly StatsRow[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const [index, { name, count }] of rows.entries()) {
    const shown = index < mostNames && name !== null ? name : 'other';
    counts.set(shown, (counts.get(shown) ?? 0) + count);
  }
  return Object.fromEntries(counts);
}
