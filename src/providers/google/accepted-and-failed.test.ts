import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetWorker, Sighting } from '#core/provider.ts';
import {
  aGoogleRequest,
  inspected,
  launched,
  launchedOf,
  someGoogle,
  summaryOf,
} from '#test/conformance/provider/google-rig.ts';
import { googleConfiguration } from '#test/conformance/provider/google-world.ts';
import type { GoogleWorld } from '#test/conformance/provider/google-world.ts';
import { never } from '#test/conformance/provider/world.ts';

const zone = 'us-west1-b';

/** What is seen of workers when none of them is starting any more. */
async function fates(world: GoogleWorld, workers: readonly FleetWorker[]): Promise<readonly Sighting[]> {
  for (;;) {
    const sightings = await inspected(world, workers);
    if (sightings.every(({ presence }) => presence !== 'starting')) return sightings;
  }
}

// spec: provisioning 7.6, 7.9, P-08, P-52
describe('launches that fail after they were accepted', () => {
  const failing = { failMs: [200, 200] } as const;

  test('a stock-out is told as soon as the machine is asked for, and closes the stock of that zone', async (t) => {
    const world = await someGoogle(t, { dials: failing });
    world.limitStock(0);
    const workers = await launched(world, 2);
    const sightings = await fates(world, workers);
    assert.deepEqual(
      sightings.map(summaryOf),
      workers.map(() => 'gone, insert failed, ZONE_RESOURCE_POOL_EXHAUSTED'),
    );
    const { trouble, providerData } = sightings[0]!;
    assert.deepEqual(
      [trouble?.class, trouble?.scope, trouble?.kind, trouble?.title],
      ['capacity', `${zone}/n2-standard-4/spot`, 'operation-error', 'Operation Error'],
    );
    assert.ok(world.fleet.place(googleConfiguration).backOffScopes.includes(trouble?.scope ?? ''));
    assert.deepEqual(providerData, workers[0]?.providerData);
  });

  test('so are all other failures, each closing a scope of the launch config', async (t) => {
    const world = await someGoogle(t, { dials: failing });
    const { backOffScopes } = world.fleet.place(googleConfiguration);
    const codes = {
      QUOTA_EXCEEDED: 'quota',
      IP_SPACE_EXHAUSTED: 'capacity',
      PERMISSIONS_ERROR: 'auth',
      INVALID_FIELD_VALUE: 'configuration',
      INTERNAL_ERROR: 'transient',
    };
    for (const [code, refusalClass] of Object.entries(codes)) {
      world.gce.faults.add({ kind: 'operation', type: 'insert', code, times: 1 });
      const [sighting] = await fates(world, await launched(world, 1));
      assert.deepEqual(
        [sighting?.presence, sighting?.trouble?.class, sighting?.trouble?.code],
        ['gone', refusalClass, code],
      );
      assert.ok(backOffScopes.includes(sighting?.trouble?.scope ?? ''), code);
    }
  });

  test('an order that is sent again after its failure tells it, too', async (t) => {
    const world = await someGoogle(t, { dials: failing });
    world.limitStock(0);
    const request = aGoogleRequest(world, 1);
    const [worker] = launchedOf(await world.fleet.launch(request, never));
    await fates(world, [{ workerPoolId: 'proj/pool', ...worker! }]);
    const again = await world.fleet.launch(request, never);
    assert.deepEqual(launchedOf(again), []);
    assert.deepEqual([again.refusal?.class, again.refusal?.kind], ['capacity', 'operation-error']);
  });

  test('an insert that never ends is starting, however often it is asked', async (t) => {
    const world = await someGoogle(t);
    world.gce.faults.add({ kind: 'stuck', type: 'insert' });
    const workers = await launched(world, 1);
    for (let turn = 0; turn < 3; turn++) {
      const [sighting] = await inspected(world, workers);
      assert.equal(sighting?.presence, 'starting');
    }
  });

  test('a machine that looks for its place is starting, and alive when it has one', async (t) => {
    const world = await someGoogle(t, { dials: { provisionMs: [500, 500], stageMs: [3_600_000, 3_600_000] } });
    const workers = await launched(world, 1);
    assert.deepEqual((await inspected(world, workers)).map(summaryOf), ['starting, PROVISIONING']);
    for (let presence: unknown = 'starting'; presence !== 'alive';) {
      presence = (await inspected(world, workers))[0]?.presence;
      assert.ok(presence === 'starting' || presence === 'alive');
    }
  });
});
