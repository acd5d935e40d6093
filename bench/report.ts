import type { Costs } from './rig.ts';

/** A bound that a quantity has to keep. */
export interface Target {
  kind: 'at most' | 'at least';
  value: number;
}

/** One number of a measurement. */
export interface Quantity {
  what: string;
  value: number;
  /** E.g. `s`; empty for a plain number. */
  unit: string;
  target?: Target;
}

/** What one scenario found out about one subject. */
export interface Measurement {
  scenario: string;
  /** E.g. `10,000 machines in 5 regions`. */
  subject: string;
  quantities: readonly Quantity[];
  /** What all of it cost; absent where no single stretch of time stands for it. */
  costs?: Costs;
  /** What has to be known to read the numbers. */
  notes?: readonly string[];
}

/** A measurement for people, on a terminal. */
export function measurementText({ scenario, subject, quantities, costs, notes = [] }: Measurement): string {
  const rows = quantities.map(cellsOf);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const lines = rows.map(([what = '', value = '', bound = '', verdict = '']) =>
    `  ${what.padEnd(widths[0] ?? 0)}  ${value.padStart(widths[1] ?? 0)}  ${bound.padEnd(widths[2] ?? 0)}  ${verdict}`.trimEnd(),
  );
  const more = [...(costs === undefined ? [] : costLines(costs)), ...notes].map((line) => `  ${line}`);
  return [`${scenario}: ${subject}`, ...lines, ...more].join('\n');
}

/** All measurements as the file that is kept. */
export function reportMarkdown(measurements: readonly Measurement[], about: readonly string[]): string {
  const byScenario = Map.groupBy(measurements, ({ scenario }) => scenario);
  const sections = [...byScenario].map(([scenario, of]) =>
    [`## ${scenario}`, ...of.map((measurement) => sectionMarkdown(measurement))].join('\n\n'),
  );
  return `${['# Results of the last full run', about.map((line) => `- ${line}`).join('\n'), ...sections].join('\n\n')}\n`;
}

function sectionMarkdown({ subject, quantities, costs, notes = [] }: Measurement): string {
  const rows = quantities.map((quantity) => `| ${cellsOf(quantity).join(' | ')} |`);
  const table = [`| quantity | measured | target | |`, `| --- | ---: | --- | --- |`, ...rows].join('\n');
  const more = [...(costs === undefined ? [] : costLines(costs)), ...notes].map((line) => `- ${line}`);
  return [`### ${subject}`, table, ...(more.length === 0 ? [] : [more.join('\n')])].join('\n\n');
}

/** How many of the bounds are kept, and which are not. */
export function verdictText(measurements: readonly Measurement[]): string {
  const bound = measurements.flatMap(({ scenario, subject, quantities }) =>
    quantities.filter(({ target }) => target !== undefined).map((quantity) => ({ scenario, subject, quantity })),
  );
  const missed = bound.filter(({ quantity }) => isReached(quantity) === false);
  const lines = missed.map(
    ({ scenario, subject, quantity }) =>
      `  missed: ${scenario}, ${subject}: ${cellsOf(quantity).slice(0, 3).join(', ')}`,
  );
  return [`${bound.length - missed.length} of ${bound.length} targets reached`, ...lines].join('\n');
}

/** Whether a quantity keeps its bound; null: it has none. */
export function isReached({ value, target }: Quantity): boolean | null {
  if (target === undefined) return null;
  return target.kind === 'at most' ? value <= target.value : value >= target.value;
}

function cellsOf(quantity: Quantity): string[] {
  const { what, value, unit, target } = quantity;
  const bound = target === undefined ? '' : `${target.kind} ${amount(target.value, unit)}`;
  const reached = isReached(quantity);
  return [what, amount(value, unit), bound, reached === null ? '' : reached ? 'reached' : 'MISSED'];
}

function costLines({ wallMs, cpuMs, rssMiB, peakRssMiB, cloudCalls, statements }: Costs): string[] {
  return [
    `CPU ${amount(cpuMs, 'ms')} in ${amount(wallMs / 1000, 's')}; memory ${amount(rssMiB, 'MiB')}, at most ${amount(peakRssMiB, 'MiB')}`,
    `cloud and queue calls: ${listing(cloudCalls)}`,
    `SQL statements: ${listing(statements)}`,
  ];
}

function listing(counts: Record<string, number>): string {
  const entries = Object.entries(counts).toSorted(([, one], [, other]) => other - one);
  const sum = total(counts);
  return `${amount(sum, '')}${sum === 0 ? '' : ` (${entries.map(([name, count]) => `${name} ${amount(count, '')}`).join(', ')})`}`;
}

/** Three digits are enough below 1,000; whole numbers above. */
export function amount(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === '' ? text : `${text} ${unit}`;
}

/** All statements, or all calls. */
export function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
