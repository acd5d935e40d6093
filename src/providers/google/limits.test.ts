import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aGoogleRequest, inspected, launched, launchedOf, someGoogle } from '#test/conformance/provider/google-rig.ts';
import { never } from '#test/conformance/provider/world.ts';

describe('limits of Compute Engine', () => {
  // spec: provisioning 5.1, 5.2, P-08
  test('throttled launches pause what changes something, and no questions', async (t) => {
    const world = await someGoogle(t);
    const workers = await launched(world, 2);
    world.gce.faults.add({ kind: 'error', action: 'instances.insert', reason: 'rateLimitExceeded', times: 1 });
    const throttled = launched(world, 1);
    const asked = await inspected(world, workers);
    assert.equal(asked.length, 2);
    assert.equal((await throttled).length, 1);
    assert.deepEqual(
      world.heard.pauses.map(({ scope, kind, reason }) => [scope, kind, reason]),
      [['simulated', 'query', 'rateLimitExceeded']],
    );
    const last = world.heard.calls.at(-1);
    assert.deepEqual([last?.operation, last?.scope, last?.attempt], ['instances.insert', 'simulated', 2]);
  });

  test('a project out of calls for this minute waits for the next one: nothing is lost or doubled, little asked in vain', async (t) => {
    const world = await someGoogle(t, { dials: { limits: { default_per_region: 20 } } }, 20);
    const requests = Array.from({ length: 15 }, () => aGoogleRequest(world, 2));
    const outcomes = await Promise.all(requests.map((request) => world.fleet.launch(request, never)));
    const started = outcomes.flatMap(launchedOf).length;
    assert.equal(world.gce.instances().length, started);
    assert.ok(outcomes.every(({ refusal }) => refusal === null || refusal.class === 'throttle'));
    const { rateLimitExceeded: inVain = 0 } = world.gce.counts.outcomes;
    assert.ok(inVain <= 12, `${inVain} calls in vain`);
    const [pause] = world.heard.pauses;
    assert.ok(pause !== undefined && pause.durationMs >= 1000 && pause.durationMs <= 61_000, `${pause?.durationMs} ms`);
  });
});
