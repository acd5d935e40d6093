import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { ProofRejected } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import { aWorker } from './fixtures.ts';
import { never, requestFor } from './world.ts';
import type { World } from './world.ts';

export function identityTests(world: World): void {
  const someWorker = async (t: TestContext) => {
    const w = await world(t);
    const { identity } = w;
    const request = requestFor(w, 2);
    const outcome = await w.fleet.launch(request, never);
    assert.ok(outcome.kind === 'settled');
    const workers = outcome.launched.map((launched) =>
      aWorker({ ...launched, providerId: w.providerId, scope: request.order.scope, created: w.now() }),
    );
    const identify = (proof: JsonObject, worker = workers[0]!): Promise<void> =>
      identity === null ? Promise.resolve() : identity.identify(proof, worker, w.now(), never);
    return { w, workers, identify, hasNone: identity === null };
  };

  test('a machine’s own proof is accepted, a second time too', async (t) => {
    const { w, workers, identify, hasNone } = await someWorker(t);
    if (hasNone) {
      t.skip('its workers prove nothing');
      return;
    }
    const proof = await w.proofOf(workers[0]!.workerId);
    await identify(proof);
    await identify(proof);
  });

  // spec: P-57
  test('every other proof is rejected in the same way', async (t) => {
    const { w, workers, identify, hasNone } = await someWorker(t);
    if (hasNone) {
      t.skip('its workers prove nothing');
      return;
    }
    const [mine, others] = await Promise.all(workers.map((worker) => w.proofOf(worker.workerId)));
    const spoilt = Object.keys(mine!).flatMap((member): [string, JsonObject][] => [
      [`without ${member}`, Object.fromEntries(Object.entries(mine!).filter(([name]) => name !== member))],
      [`with ${member} of another type`, { ...mine, [member]: 7 }],
      [`with an empty ${member}`, { ...mine, [member]: '' }],
      [`with ${member} cut short`, { ...mine, [member]: String(mine![member]).slice(0, -8) }],
      [`with ${member} of another machine`, { ...mine, [member]: others![member]! }],
      [`with ${member} that is nonsense`, { ...mine, [member]: 'AAAA' }],
    ]);
    const forged = {
      empty: {},
      'of another machine': others!,
      ...Object.fromEntries(spoilt),
      ...(await w.forgeries(workers[0]!.workerId)),
    };
    for (const [name, proof] of Object.entries(forged)) {
      await assert.rejects(identify(proof), (error) => error instanceof ProofRejected, `accepted or failed: ${name}`);
    }
  });
}
