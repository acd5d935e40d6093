import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServiceError } from '#core/error.ts';
import { SteppedClock } from '#lib/clock.ts';
import { Admission } from './admission.ts';

/** Work that goes on until it is told to end. */
function aWork(): { run: () => Promise<string>; hasBegun: () => boolean; end: () => void } {
  let begun = false;
  const ending = Promise.withResolvers<string>();
  return {
    run: async () => {
      begun = true;
      return await ending.promise;
    },
    hasBegun: () => begun,
    end: () => ending.resolve('done'),
  };
}

/** Lets promise jobs happen. */
async function settle(): Promise<void> {
  await new SteppedClock(new Date(0)).step(0);
}

// spec: W34
test('only so many are inside at a time, and who leaves lets the next one in', async () => {
  const admission = new Admission({ atOnce: 2, mostWaiting: 10 });
  const works = Array.from({ length: 4 }, aWork);
  const results = works.map(({ run }) => admission.run('a', run));
  await settle();
  assert.deepEqual(
    works.map(({ hasBegun }) => hasBegun()),
    [true, true, false, false],
  );
  assert.deepEqual(admission.load, { inside: 2, waiting: 2 });
  works[1]?.end();
  await settle();
  assert.deepEqual(
    works.map(({ hasBegun }) => hasBegun()),
    [true, true, true, false],
  );
  for (const { end } of works) end();
  assert.deepEqual(await Promise.all(results), ['done', 'done', 'done', 'done']);
  assert.deepEqual(admission.load, { inside: 0, waiting: 0 });
});

test('work that fails leaves its place, too', async () => {
  const admission = new Admission({ atOnce: 1, mostWaiting: 10 });
  await assert.rejects(
    admission.run('a', () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await admission.run('a', async () => 'next'), 'next');
});

// spec: W34
test('a source that sends many delays another by one', async () => {
  const admission = new Admission({ atOnce: 1, mostWaiting: 100 });
  const order: string[] = [];
  const jobs = [...Array.from({ length: 5 }, () => 'flood'), 'quiet'].map((source) =>
    admission.run(source, async () => void order.push(source)),
  );
  await Promise.all(jobs);
  assert.equal(order.indexOf('quiet'), 2, order.join());
});

// spec: W34
test('when too many wait, the last of the longest line goes, with the advice to come again', async () => {
  const admission = new Admission({ atOnce: 1, mostWaiting: 3 });
  const first = aWork();
  const outcomes: string[] = [];
  const send = (source: string, name: string): void => {
    admission.run(source, first.run).then(
      () => outcomes.push(`${name} done`),
      (error: unknown) => outcomes.push(`${name} ${error instanceof ServiceError ? error.code : 'failed'}`),
    );
  };
  for (const name of ['f1', 'f2', 'f3', 'f4']) send('flood', name);
  send('quiet', 'q1');
  await settle();
  assert.deepEqual(outcomes, ['f4 unavailable']);
  send('flood', 'f5');
  await settle();
  assert.deepEqual(outcomes, ['f4 unavailable', 'f5 unavailable']);
  first.end();
  await settle();
  assert.deepEqual(outcomes.slice(2).toSorted(), ['f1 done', 'f2 done', 'f3 done', 'q1 done']);
});

test('whatever comes from wherever, nobody is forgotten and the limit holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 20 }),
      async (sources, atOnce, mostWaiting) => {
        const admission = new Admission({ atOnce, mostWaiting });
        let inside = 0;
        const outcomes = await Promise.allSettled(
          sources.map((source) =>
            admission.run(source, async () => {
              inside += 1;
              assert.ok(inside <= atOnce);
              await settle();
              inside -= 1;
            }),
          ),
        );
        const refused = outcomes.filter(({ status }) => status === 'rejected').length;
        assert.equal(refused, Math.max(0, sources.length - atOnce - mostWaiting));
        assert.deepEqual(admission.load, { inside: 0, waiting: 0 });
      },
    ),
    { numRuns: 50 },
  );
});
