import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, isReached, measurementText, reportMarkdown, verdictText } from './report.ts';
import type { Measurement } from './report.ts';

const costs = {
  wallMs: 1_500,
  cpuMs: 700,
  rssMiB: 200.4,
  peakRssMiB: 250,
  cloudCalls: { DescribeInstances: 12 },
  statements: { 'fleet.observed': 5, 'fleet.page': 12 },
};
const observed: Measurement = {
  scenario: 'observe',
  subject: '10,000 machines in 5 regions',
  quantities: [
    { what: 'time', value: 0.8344, unit: 's', target: { kind: 'at most', value: 2 } },
    { what: 'SQL statements', value: 1_234, unit: '', target: { kind: 'at most', value: 100 } },
    { what: 'p50', value: 12.34, unit: 'ms' },
  ],
  costs,
  notes: ['all 3: 1 s, 2 s, 3 s'],
};

test('amounts have the digits that mean something', () => {
  assert.deepEqual(
    [0, 7, 0.1234, 12.345, 123.4, 100_000].map((value) => amount(value, '')),
    ['0', '7', '0.12', '12.3', '123', '100,000'],
  );
  assert.equal(amount(2, 's'), '2 s');
});

test('a bound is kept up to its very value', () => {
  const quantity = { what: 'x', value: 2, unit: '' };
  const isKept = (kind: 'at most' | 'at least', value: number): boolean | null =>
    isReached({ ...quantity, target: { kind, value } });
  assert.deepEqual([isKept('at most', 2), isKept('at most', 1.99)], [true, false]);
  assert.deepEqual([isKept('at least', 2), isKept('at least', 2.01)], [true, false]);
  assert.equal(isReached(quantity), null);
});

test('a measurement shows each quantity with its bound and whether it is kept, and what it cost', () => {
  assert.equal(
    measurementText(observed),
    [
      'observe: 10,000 machines in 5 regions',
      '  time             0.83 s  at most 2 s  reached',
      '  SQL statements    1,234  at most 100  MISSED',
      '  p50             12.3 ms',
      '  CPU 700 ms in 1.50 s; memory 200 MiB, at most 250 MiB',
      '  cloud and queue calls: 12 (DescribeInstances 12)',
      '  SQL statements: 17 (fleet.page 12, fleet.observed 5)',
      '  all 3: 1 s, 2 s, 3 s',
    ].join('\n'),
  );
});

test('the verdict counts the bounds and names those that are missed', () => {
  assert.equal(
    verdictText([observed]),
    '1 of 2 targets reached\n  missed: observe, 10,000 machines in 5 regions: SQL statements, 1,234, at most 100',
  );
  assert.equal(verdictText([]), '0 of 0 targets reached');
});

test('the report has a section for each scenario and a table for each subject', () => {
  const bare = { scenario: 'observe', subject: 'nothing', quantities: [{ what: 'time', value: 1, unit: 's' }] };
  assert.equal(
    reportMarkdown(
      [{ ...observed, notes: [], quantities: observed.quantities.slice(0, 1) }, bare],
      ['2 cores', 'today'],
    ),
    `# Results of the last full run

- 2 cores
- today

## observe

### 10,000 machines in 5 regions

| quantity | measured | target | |
| --- | ---: | --- | --- |
| time | 0.83 s | at most 2 s | reached |

- CPU 700 ms in 1.50 s; memory 200 MiB, at most 250 MiB
- cloud and queue calls: 12 (DescribeInstances 12)
- SQL statements: 17 (fleet.page 12, fleet.observed 5)

### nothing

| quantity | measured | target | |
| --- | ---: | --- | --- |
| time | 1 s |  |  |
`,
  );
});
