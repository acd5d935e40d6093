import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ClientError, WorkerManager } from 'taskcluster-client';
import type { RegisteredAgain } from '#contract/shapes.ts';
import type { JsonObject } from '#core/json.ts';
import { nullProviderId } from '#core/pool.ts';
import { systemClock } from '#lib/clock.ts';
import { seededRandom } from '#lib/random.ts';
import { eventually } from '#test/engines.ts';
import { seed } from '#test/seed.ts';
import { aLaunchConfig, aPool, aStaticPool } from './a-pool.ts';
import { changingListings } from './changing-listings.ts';
import type { ChangingListing } from './changing-listings.ts';
import { identityOf } from './machine-identity.ts';
import { aServerPair } from './server-pair.ts';
import type { ServerPair } from './server-pair.ts';

const staticSecret = 'a-secret-of-forty-four-characters-0123456789';
const expires = new Date(systemClock.now().getTime() + 3_600_000).toISOString();
const rounds = 8;

describe('two servers on one database', () => {
  let pair: ServerPair;
  const ends: (() => Promise<void>)[] = [];
  before(async () => {
    pair = await aServerPair({ after: (run) => ends.push(run) });
  });
  after(async () => {
    for (const end of ends) await end();
  });

  /** A running machine of a new pool; the engine is only in the process that was not asked. */
  async function aMachine(workerPoolId: string): Promise<JsonObject & { workerGroup: string; workerId: string }> {
    const { one, deployment } = pair;
    const since = deployment.ec2.counts.launched;
    await one.createWorkerPool(workerPoolId, aPool({ min: 1, max: 1 }));
    await eventually('a launch', () => deployment.ec2.counts.launched > since, 10_000);
    await eventually('its row', async () => (await one.listWorkersForWorkerPool(workerPoolId)).workers.length > 0);
    const [worker] = (await one.listWorkersForWorkerPool(workerPoolId)).workers;
    const parts = { ec2: deployment.ec2, clock: systemClock };
    const { proof, rootUrl: _, ...identity } = await identityOf(parts, worker?.workerId ?? '');
    return { ...identity, workerIdentityProof: proof };
  }

  test('show each other’s changes at once', async () => {
    const { one, other } = pair;
    const created = await one.createWorkerPool('pair/seen', aPool());
    assert.deepEqual(await other.workerPool('pair/seen'), created);
    const updated = await other.updateWorkerPool('pair/seen', aPool({ max: 3 }));
    assert.deepEqual(await one.workerPool('pair/seen'), updated);
    const deleted = await one.deleteWorkerPool('pair/seen');
    assert.deepEqual(await other.workerPool('pair/seen'), deleted);
  });

  // spec: W1
  // spec: api 1.6, 1.16, W1, W5
  test('take a repeat of what the other has done for the repeat that it is', async () => {
    const { one, other } = pair;
    const launchConfigs = ['m5.large', 'm5.xlarge', 'c5.large'].map((instanceType) => aLaunchConfig({ instanceType }));
    const created = await one.createWorkerPool('pair/repeat', aPool({ launchConfigs }));
    assert.deepEqual(await other.createWorkerPool('pair/repeat', aPool({ launchConfigs })), created);
    const conflict = { statusCode: 409, code: 'RequestConflict' };
    await assert.rejects(other.createWorkerPool('pair/repeat', aPool()), conflict);

    await one.createWorkerPool('pair/fixed', aStaticPool());
    const declaration = { expires, providerInfo: { staticSecret } };
    const declared = await other.createWorker('pair/fixed', 'desk', 'mac-1', declaration);
    assert.deepEqual(await one.createWorker('pair/fixed', 'desk', 'mac-1', declaration), declared);
    await assert.rejects(one.createWorker('pair/fixed', 'desk', 'mac-1', { ...declaration, capacity: 2 }), conflict);
    await one.removeWorker('pair/fixed', 'desk', 'mac-1');
    assert.deepEqual(await other.removeWorker('pair/fixed', 'desk', 'mac-1'), {});
  });

  // spec: api 1.20, 1.21, 4
  test('accept the credentials and secrets that the other one issued', async () => {
    const machine = await aMachine('pair/machine');
    const { workerGroup, workerId } = machine;
    const name = { workerPoolId: 'pair/machine', workerGroup, workerId };
    const registered = await pair.as({})[0].registerWorker(machine);
    const repeated = await pair.as({})[1].registerWorker(machine);
    assert.equal((await pair.one.worker('pair/machine', workerGroup, workerId)).state, 'running');

    const [, atOther] = pair.as(registered.credentials);
    await assert.rejects(atOther.reregisterWorker({ ...name, secret: registered.secret }), { statusCode: 400 });
    const renewed = await atOther.reregisterWorker({ ...name, secret: repeated.secret });
    const [atOne] = pair.as(renewed.credentials);
    const again = await atOne.reregisterWorker({ ...name, secret: renewed.secret });
    assert.equal(again.credentials.clientId, registered.credentials.clientId);
    await assert.rejects(atOther.reregisterWorker({ ...name, secret: repeated.secret }), { statusCode: 400 });
  });

  test('wake each other’s work: what is removed by one is ended by the other at once', async () => {
    const machine = await aMachine('pair/removed');
    const { workerGroup, workerId } = machine;
    const { credentials } = await pair.as({})[1].registerWorker(machine);
    await pair.one.updateWorkerPool('pair/removed', aPool({ min: 0, max: 1 }));
    await pair.as(credentials)[0].removeWorker('pair/removed', workerGroup, workerId);
    const stateOf = () => pair.deployment.ec2.instances().find(({ id }) => id === workerId)?.state;
    await eventually('the end of the machine', () => stateOf() !== 'running', 10_000);
  });

  test('let one of several definitions of a new pool win, and refuse the others', async () => {
    for (let round = 0; round < rounds; round++) {
      const id = `pair/new${round}`;
      const definitions = [1, 2, 1, 2].map((max) => aPool({ max, launchConfigs: [aLaunchConfig()] }));
      const outcomes = await Promise.allSettled(
        definitions.map((body, index) => pair.both[index % 2 === round % 2 ? 0 : 1].createWorkerPool(id, body)),
      );
      const winners = fulfilled(outcomes);
      const { maxCapacity } = (await pair.one.workerPool(id)).config;
      assert.deepEqual(
        statuses(outcomes),
        outcomes.map((_, index) => ([1, 2, 1, 2][index] === maxCapacity ? 200 : 409)),
      );
      assert.equal(winners.length, 2);
      for (const winner of winners) assert.deepEqual(winner, winners[0]);
    }
  });

  // spec: W12
  test('never mix two changes of a pool', async () => {
    await pair.one.createWorkerPool('pair/mixed', aPool({ max: 0 }));
    for (let round = 0; round < rounds; round++) {
      const definitions = [1, 2, 3, 4, 5, 6].map((step) => {
        const number = round * 10 + step;
        const launchConfigs = [aLaunchConfig({ workerManager: { launchConfigId: `lc-${number}` } })];
        return { ...aPool({ max: number, launchConfigs }), description: `number ${number}` };
      });
      const outcomes = await Promise.allSettled(
        definitions.map((body, index) => pair.both[index % 2 === 0 ? 0 : 1].updateWorkerPool('pair/mixed', body)),
      );
      assert.deepEqual(
        statuses(outcomes),
        definitions.map(() => 200),
      );
      const { description, config } = await pair.other.workerPool('pair/mixed');
      const number = Number(/^number (\d+)$/.exec(description)?.[1]);
      const { workerPoolLaunchConfigs } = await pair.one.listWorkerPoolLaunchConfigs('pair/mixed');
      const active = workerPoolLaunchConfigs.map(({ launchConfigId }) => launchConfigId);
      assert.deepEqual([config['maxCapacity'], active], [number, [`lc-${number}`]]);
    }
  });

  // spec: api 6.3
  test('let one of two contents of a launch config win, and refuse the other', async () => {
    await pair.one.createWorkerPool('pair/same-id', aPool({ launchConfigs: [] }));
    for (let round = 0; round < rounds; round++) {
      const bodies = ['m5.large', 'c5.large'].map((instanceType) =>
        aPool({ launchConfigs: [aLaunchConfig({ instanceType, workerManager: { launchConfigId: `lc-${round}` } })] }),
      );
      const [left = {}, right = {}] = bodies;
      const outcomes = await Promise.allSettled([
        pair.one.updateWorkerPool('pair/same-id', left),
        pair.other.updateWorkerPool('pair/same-id', right),
      ]);
      assert.deepEqual(
        statuses(outcomes).toSorted((a, b) => a - b),
        [200, 409],
      );
      const [winner] = fulfilled(outcomes);
      assert.deepEqual(await pair.one.workerPool('pair/same-id'), winner);
    }
  });

  // spec: W12
  test('leave a pool that is changed by one and deleted by the other as either of them said', async () => {
    for (let round = 0; round < rounds; round++) {
      const id = `pair/gone${round}`;
      await pair.one.createWorkerPool(id, aPool({ launchConfigs: [aLaunchConfig({ instanceType: 'm5.large' })] }));
      const changed = aPool({ launchConfigs: [aLaunchConfig({ instanceType: 'c5.large' })] });
      await Promise.all([pair.one.updateWorkerPool(id, changed), pair.other.deleteWorkerPool(id)]);
      const { providerId, config } = await pair.one.workerPool(id);
      const { workerPoolLaunchConfigs } = await pair.other.listWorkerPoolLaunchConfigs(id);
      const isDeleted = providerId === nullProviderId;
      assert.equal(workerPoolLaunchConfigs.length, isDeleted ? 0 : 1);
      assert.equal('launchConfigs' in config, !isDeleted);
    }
  });

  test('let one of several declarations of a worker win, and refuse the others', async () => {
    await pair.one.createWorkerPool('pair/declared', aStaticPool());
    for (let round = 0; round < rounds; round++) {
      const declare = (client: WorkerManager, capacity: number) =>
        client.createWorker('pair/declared', 'desk', `mac-${round}`, {
          expires,
          capacity,
          providerInfo: { staticSecret },
        });
      const outcomes = await Promise.allSettled(
        pair.both.flatMap((client) => [declare(client, 1), declare(client, 2)]),
      );
      const { capacity } = await pair.one.worker('pair/declared', 'desk', `mac-${round}`);
      assert.deepEqual(
        statuses(outcomes),
        [1, 2, 1, 2].map((own) => (own === capacity ? 200 : 409)),
      );
    }
  });

  // spec: W3, P-34
  test('answer a machine that registers at both at once, and one of its secrets is good', async () => {
    const machine = await aMachine('pair/hasty');
    await registersAtBoth(machine, 'pair/hasty');
  });

  // spec: W3
  test('answer a declared worker that registers at both at once, and one of its secrets is good', async () => {
    await pair.one.createWorkerPool('pair/hasty-fixed', aStaticPool());
    for (let round = 0; round < rounds; round++) {
      const workerId = `mac-${round}`;
      const providerInfo = { staticSecret };
      await pair.one.createWorker('pair/hasty-fixed', 'desk', workerId, { expires, providerInfo });
      const name = { workerPoolId: 'pair/hasty-fixed', workerGroup: 'desk', workerId };
      const identity = { ...name, providerId: 'static-demo', workerIdentityProof: providerInfo };
      await registersAtBoth(identity, 'pair/hasty-fixed');
    }
  });

  const random = seededRandom(seed);
  for (const listing of changingListings(() => pair.deployment.store, random)) {
    // spec: api 1.11, 2.6, W13
    test(`page through ${listing.name} together: each row that stays is shown once, whatever comes and goes meanwhile`, async () => {
      const filled = await listing.fill(pair.one, 40);
      const whole = await listing.page(pair.other, {}, 0);
      assert.deepEqual(await wholeByPages(listing, 3), whole.ids);
      assert.ok(filled.every((id) => whole.ids.includes(id)));

      const gone = new Set<string>();
      const disturb = async (): Promise<void> => {
        const client = pair.both[random() < 0.5 ? 0 : 1];
        const [next] = filled.filter((id) => !gone.has(id)).toSorted(() => random() - 0.5);
        if (random() < 0.5 || next === undefined) await listing.add(client);
        else for (const id of await listing.remove(client, next)) gone.add(id);
      };
      const stopped = new AbortController();
      const changes: Promise<void>[] = [];
      const disturbing = (async () => {
        while (!stopped.signal.aborted) {
          const change = disturb();
          changes.push(change);
          await change;
        }
      })();
      try {
        for (let round = 0; changes.length < 50; round++) {
          const seen = await wholeByPages(listing, 2 + (round % 5));
          // What this change takes away may have been gone already.
          await changes.at(-1);
          assert.equal(new Set(seen).size, seen.length, `shown twice: ${seen.join()}`);
          const missed = filled.filter((id) => !seen.includes(id) && !gone.has(id));
          assert.deepEqual(missed, [], 'not shown');
        }
      } finally {
        stopped.abort();
        await disturbing;
      }
    });
  }

  // spec: api 1.5, 1.22, 2.6
  test('accept each other’s tokens for lists that are not their own: of the queue, and of the settings', async () => {
    const { both, deployment } = pair;
    const names = Array.from({ length: 7 }, (_, index) => `mac-${index}`);
    await pair.one.createWorkerPool('pair/queue', aStaticPool());
    for (const workerId of names) deployment.queue.state.claimWork('pair/queue', { workerGroup: 'desk', workerId }, 1);
    const page = async (client: WorkerManager, query: object) => {
      const { workers, continuationToken } = await client.listWorkers('pair', 'queue', query);
      return { ids: workers.map(({ workerId }) => workerId), continuationToken };
    };
    assert.deepEqual((await wholeByPages({ page }, 2)).toSorted(), names);
    const { continuationToken } = await both[0].listProviders({ limit: 1 });
    const { providers } = await both[1].listProviders({ limit: 1, continuationToken });
    assert.deepEqual(providers, (await both[0].listProviders()).providers.slice(1));
  });

  /** Every row, asked for at both in turns. */
  async function wholeByPages({ page }: Pick<ChangingListing, 'page'>, limit: number): Promise<string[]> {
    const ids: string[] = [];
    let continuationToken: string | undefined;
    let turn = 0;
    do {
      const client = pair.both[turn % 3 === 0 ? 0 : 1];
      const found = await page(
        client,
        { limit, ...(continuationToken === undefined ? {} : { continuationToken }) },
        turn,
      );
      ids.push(...found.ids);
      ({ continuationToken } = found);
      turn += 1;
    } while (continuationToken !== undefined);
    return ids;
  }

  async function registersAtBoth(
    identity: JsonObject & { workerGroup: string; workerId: string },
    workerPoolId: string,
  ): Promise<void> {
    const { workerGroup, workerId } = identity;
    const name = { workerPoolId, workerGroup, workerId };
    const strangers = pair.as({});
    const given = await Promise.all([...strangers, ...strangers].map((client) => client.registerWorker(identity)));
    const { secret, credentials } = await theOnlyGoodOne(given, name);
    const both = pair.as(credentials);
    const renewed = await Promise.all(both.map((client) => client.reregisterWorker({ ...name, secret })));
    await theOnlyGoodOne(renewed, name);
  }

  /** Of several registrations at once, each with a secret of its own, the one whose secret can be used; what it is used for. */
  async function theOnlyGoodOne(given: readonly RegisteredAgain[], name: JsonObject): Promise<RegisteredAgain> {
    const tries = await Promise.allSettled(
      given.map(({ secret, credentials }, index) =>
        pair.as(credentials)[index % 2 === 0 ? 1 : 0].reregisterWorker({ ...name, secret }),
      ),
    );
    const good = fulfilled(tries);
    const [first] = good;
    assert.ok(first !== undefined && good.length === 1, `${good.length} of ${given.length} secrets are good`);
    return first;
  }
});

function fulfilled<T>(outcomes: readonly PromiseSettledResult<T>[]): T[] {
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

function statuses(outcomes: readonly PromiseSettledResult<unknown>[]): number[] {
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 200 : (outcome.reason as ClientError).statusCode));
}
