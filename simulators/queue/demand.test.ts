import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { SteppedClock } from '#lib/clock.ts';
import { readTrace, runDemand, TraceDemand, WaveDemand } from './demand.ts';
import type { Demand, Trace, Wave } from './demand.ts';
import { startQueueSimulator } from './server.ts';

const start = new Date('2026-03-01T12:00:00.000Z');
const hourMs = 3_600_000;
const realTraces = join(import.meta.dirname, '../../../shared/data/traces');

interface Created {
  taskQueueId: string;
  durationMs: number;
  atMs: number;
}

/** A taker that keeps what it is given. */
function aTaker(clock: SteppedClock) {
  const created: Created[] = [];
  const createTasks = (taskQueueId: string, { durationMs }: { durationMs: number }): void => {
    created.push({ taskQueueId, durationMs, atMs: clock.now().getTime() - start.getTime() });
  };
  return { created, createTasks };
}

async function pass(clock: SteppedClock, demand: Demand, ms: number, stepMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
    await clock.step(Math.min(stepMs, ms - passedMs));
    demand.turn();
  }
}

async function aTraceFile(t: TestContext, records: readonly (readonly [number, number])[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trace-'));
  t.after(() => rm(folder, { recursive: true }));
  const bytes = Buffer.alloc(records.length * 8);
  for (const [index, [createdMs, durationMs]] of records.entries()) {
    bytes.writeUInt32BE(createdMs, index * 8);
    bytes.writeUInt32BE(durationMs, index * 8 + 4);
  }
  const path = join(folder, 'trace.dat');
  await writeFile(path, bytes);
  return path;
}

const aWave: Wave = {
  taskQueueId: 'prov/type',
  tasksPerHour: 360,
  periodMs: hourMs,
  swing: 1,
  durationMs: { min: 1000, max: 3000 },
};

test('over a period a wave brings its mean, more in the first half than in the second', async () => {
  const clock = new SteppedClock(start);
  const tasks = aTaker(clock);
  const demand = new WaveDemand({ clock, waves: [aWave], tasks });
  assert.equal(demand.turn(), 0);
  await pass(clock, demand, hourMs, 10_000);
  assert.ok(Math.abs(tasks.created.length - 360) <= 1, String(tasks.created.length));
  const inFirstHalf = tasks.created.filter(({ atMs }) => atMs <= hourMs / 2).length;
  // The integral of 1 + sin over half a period: 1/2 + 1/π of the whole.
  assert.ok(Math.abs(inFirstHalf - 360 * (0.5 + 1 / Math.PI)) < 3, String(inFirstHalf));
  assert.ok(tasks.created.every(({ durationMs }) => durationMs >= 1000 && durationMs <= 3000));
});

test('the tasks of a seed are the same however often the demand is turned, and others with another seed', async () => {
  const durationsOf = async (seed: number, stepMs: number): Promise<unknown> => {
    const clock = new SteppedClock(start);
    const tasks = aTaker(clock);
    const waves = [
      { ...aWave, noise: 0.5 },
      { ...aWave, taskQueueId: 'prov/other', phase: 0.75, noise: 1 },
    ];
    await pass(clock, new WaveDemand({ clock, waves, tasks, seed }), hourMs, stepMs);
    return tasks.created.map(({ taskQueueId, durationMs }) => [taskQueueId, durationMs]);
  };
  assert.deepEqual(await durationsOf(4, 1000), await durationsOf(4, hourMs));
  assert.notDeepEqual(await durationsOf(4, hourMs), await durationsOf(5, hourMs));
});

test('a wave that cannot be is refused', () => {
  const clock = new SteppedClock(start);
  const wrong: Partial<Wave>[] = [
    { tasksPerHour: -1 },
    { periodMs: 0 },
    { swing: 1.1 },
    { noise: -0.1 },
    { durationMs: { min: 2, max: 1 } },
  ];
  for (const part of wrong) {
    assert.throws(() => new WaveDemand({ clock, waves: [{ ...aWave, ...part }], tasks: aTaker(clock) }), RangeError);
  }
});

test('a replay brings each task at its time and with its duration, both divided by the speed', async (t) => {
  const path = await aTraceFile(t, [
    [0, 60_000],
    [5_000, 120_000],
    [5_000, 600],
    [60_000, 6_000],
  ]);
  const clock = new SteppedClock(start);
  const tasks = aTaker(clock);
  const demand = new TraceDemand({ clock, trace: await readTrace(path), taskQueueId: 'prov/type', tasks, speed: 10 });
  assert.equal(demand.turn(), 1);
  await pass(clock, demand, 6_000, 100);
  assert.deepEqual(
    tasks.created.map(({ atMs, durationMs }) => [atMs, durationMs]),
    [
      [0, 6_000],
      [500, 12_000],
      [500, 60],
      [6_000, 600],
    ],
  );
  assert.ok(demand.isOver);
});

test('a file that is no trace is refused with its name', async (t) => {
  const unsorted = await aTraceFile(t, [
    [5, 1],
    [4, 1],
  ]);
  await assert.rejects(readTrace(unsorted), /trace\.dat is no trace: record 1/);
  await writeFile(unsorted, Buffer.alloc(12));
  await assert.rejects(readTrace(unsorted), /trace\.dat is no trace: its 12 bytes/);
  assert.throws(() => {
    const clock = new SteppedClock(start);
    const trace: Trace = { length: 0, createdMs: new Uint32Array(0), durationMs: new Uint32Array(0) };
    return new TraceDemand({ clock, trace, taskQueueId: 'prov/type', tasks: aTaker(clock), speed: 0 });
  }, RangeError);
});

test('what is written as a trace is read again', async (t) => {
  const number = fc.nat({ max: 2 ** 32 - 1 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(number, number), { maxLength: 20 }), async (given) => {
      const records = given.toSorted(([one], [other]) => one - other);
      const trace = await readTrace(await aTraceFile(t, records));
      assert.deepEqual(
        [...trace.createdMs],
        records.map(([createdMs]) => createdMs),
      );
      assert.deepEqual(
        [...trace.durationMs],
        records.map(([, durationMs]) => durationMs),
      );
    }),
    { numRuns: 20 },
  );
});

test(
  'a recorded day goes into the queue simulator at a thousand times its speed',
  { skip: existsSync(realTraces) ? false : `no traces at ${realTraces}` },
  async (t) => {
    const trace = await readTrace(join(realTraces, 'mobile-3-b-linux-large.dat'));
    assert.equal(trace.length, 5254);
    const clock = new SteppedClock(start);
    const tasks = await startQueueSimulator({ clock });
    t.after(() => tasks.close());
    const demand = new TraceDemand({ clock, trace, taskQueueId: 'mobile-3/b-linux-large', tasks, speed: 1000 });
    await pass(clock, demand, (92 * hourMs) / 1000, 10_000);
    assert.ok(demand.isOver);
    assert.equal(tasks.counts('mobile-3/b-linux-large').pendingTasks, 5254);
  },
);

test('running demand turns at its interval until it is aborted', async () => {
  const clock = new SteppedClock(start);
  const tasks = aTaker(clock);
  const stop = new AbortController();
  const running = runDemand([new WaveDemand({ clock, waves: [{ ...aWave, swing: 0 }], tasks })], clock, stop.signal);
  await clock.step(100_000);
  assert.equal(tasks.created.length, 10);
  stop.abort();
  await running;
});
