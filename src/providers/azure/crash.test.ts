import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sighting } from '#core/provider.ts';
import {
  another,
  aRequest,
  aSmallAzure,
  ended,
  inspected,
  launched,
  observed,
  passing,
  times,
  withAddress,
} from '#test/azure/small-life.ts';
import { subscriptionId, templateConfiguration } from '#test/azure/small-azure-world.ts';
import { never } from '#test/conformance/provider/world.ts';

const isThere = ({ presence }: Sighting): boolean => presence !== 'gone';

for (const [mode, configuration] of [
  ['resources', withAddress],
  ['a template', templateConfiguration],
] as const) {
  // spec: P-48
  test(`a process that dies at any call of a launch by ${mode} leaves nothing twice and nothing behind`, async () => {
    for (let died = 1; died < 100; died++) {
      const small = aSmallAzure({ network: 500 });
      const request = aRequest(small.clock, configuration, 2);
      let calls = 0;
      const matches = (): boolean => ++calls >= died;
      small.azure.faults.push({ matches, how: 'hang', when: died % 2 === 0 ? 'before' : 'after', times: Infinity });
      const crashing = new AbortController();
      const launching = small.fleet.launch(request, crashing.signal);
      launching.catch(() => {});
      await small.clock.step(30_000);
      crashing.abort(new Error('crashed'));
      small.process.stop();
      await launching.catch(() => {});
      const isOver = calls < died;
      small.azure.faults.splice(0);
      // Another process sends the order again, as the loops do, after a minute and a half.
      await small.clock.step(90_000);
      const next = another(small);
      const { value } = await passing(small.clock, next.fleet.launch(request, never));
      assert.ok(value.kind === 'settled' && value.launched.length === 2, `died at ${died}: ${JSON.stringify(value)}`);
      await small.clock.step(120_000);
      assert.equal(small.azure.ofType('virtualMachines').length, 2, `died at ${died}`);
      await ended(
        next,
        value.launched.map((worker) => ({ workerPoolId: 'proj/pool', ...worker })),
      );
      // A deployment that nobody followed to its end is found by the sweep.
      await observed(next);
      await small.clock.step(60_000);
      assert.deepEqual([...small.azure.things.keys()], [], `died at ${died}`);
      if (isOver) return;
    }
    assert.fail('the launch never got through');
  });

  test(`a process that dies at any call of a teardown by ${mode} leaves nothing behind`, async () => {
    for (let died = 1; died < 40; died++) {
      const small = aSmallAzure();
      small.azure.isDetaching = died % 2 === 1;
      const { workers } = await launched(small, configuration);
      await small.clock.step(times.deployment + times.machine + times.removal + 30_000);
      let calls = 0;
      small.azure.faults.push({
        matches: () => ++calls >= died,
        how: 'hang',
        when: died % 3 === 0 ? 'before' : 'after',
        times: Infinity,
      });
      const crashing = new AbortController();
      small.fleet.terminate(subscriptionId, workers, crashing.signal).catch(() => {});
      await small.clock.step(200_000);
      const isOver = calls < died;
      crashing.abort(new Error('crashed'));
      small.process.stop();
      small.azure.faults.splice(0);
      const next = another(small);
      // As the loops do: looked at, and ended again as long as something shows.
      for (let look = 0; look < 5 && (await inspected(next, workers)).some(isThere); look++) await ended(next, workers);
      assert.deepEqual([...small.azure.things.keys()], [], `died at ${died}`);
      if (isOver) return;
    }
    assert.fail('the teardown never got through');
  });
}
