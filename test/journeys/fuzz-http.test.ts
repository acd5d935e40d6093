// spec: api 2.1, 2.2, 2.3, 2.4, 2.5, W15, W16, W43, W47
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Credentials } from 'taskcluster-client';
import { apiPrefix } from '#contract/endpoint.ts';
import type { Endpoint } from '#contract/endpoint.ts';
import { errorStatus } from '#contract/error-codes.ts';
import { endpoints } from '#contract/routes.ts';
import type { Settings } from '#src/settings-reader.ts';
import { seed } from '#test/seed.ts';
import { minuteMs, own } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aLaunchConfig, aPool, aStaticPool } from './a-pool.ts';
import { checkAnswer, checkAnswerOutside, Secrets } from './fuzz-answers.ts';
import { bodiesFor } from './fuzz-bodies.ts';
import { requestsOutside, requestsTo } from './fuzz-requests.ts';
import type { FuzzRequest, Material } from './fuzz-requests.ts';
import { bytesOf } from './fuzz-signing.ts';
import type { Signers } from './fuzz-signing.ts';
import { hushed } from './fuzz-values.ts';
import { identityOf } from './machine-identity.ts';
import { aClient, aWorldOfToday, temporary } from './published-client.ts';
import { RawConnections } from './raw-connections.ts';
import type { RawAnswer } from './raw-connections.ts';

/** Requests that are under way together; when one is answered wrongly, fast-check leaves out the others. */
const together = 50;

const reader = {
  clientId: 'test/reader',
  accessToken: 'access-token-of-one-who-mostly-reads',
  scopes: ['worker-manager:get-*', 'worker-manager:list-workers:fuzz/fixed*'],
};
const root = { clientId: 'root', accessToken: 'access-token-of-one-who-may-do-everything', scopes: ['*'] };

/** Everything is logged, and one of the providers is never set up. */
function settings(usual: Settings): Settings {
  const providers = usual['PROVIDERS'] as Record<string, object>;
  const broken = { ...providers['aws-demo'], homeRegion: 'nowhere-1' };
  return { LOCAL_CLIENTS: [root, reader], LEVEL: 'debug', PROVIDERS: { ...providers, 'aws-broken': broken } };
}

describe('whatever is asked', () => {
  const statuses = new Map<number, number>();
  let world: World;
  let material: Material;
  let signers: Signers;
  let connections: RawConnections;
  /** Key material, access tokens, static secrets and proofs. */
  const secrets = new Secrets(['hush', 'access-token-of', 'dGVzdHRlc3R0']);
  const ends: (() => Promise<void>)[] = [];

  before(async () => {
    const ending = { after: (run: () => Promise<void>) => void ends.push(run) };
    world = await aWorldOfToday(ending, { settings });
    const { signersOf, ...rest } = await populate(world);
    material = rest;
    const url = world.service.url ?? '';
    signers = { credentials: signersOf, now: world.clock.now(), port: Number(new URL(url).port) };
    connections = new RawConnections(url, 12);
    ends.push(async () => connections.close());
    world.lines.length = 0;
  });
  after(async () => {
    for (const end of ends.toReversed()) await end();
  });

  for (const [index, [name, endpoint]] of inOrder().entries()) {
    test(`of ${name}, the answer is one that is published, and nothing shows a secret`, async () => {
      const chance = { seed: seed + index, runs: endpoint.twinOf === undefined ? 40 : 20 };
      const before = statuses.get(200) ?? 0;
      await askedMuch(requestsTo(endpoint, material), checkAnswer, chance);
      assert.ok((statuses.get(200) ?? 0) >= before + 10, 'too few had an effect');
    });
  }

  test('outside the API, the answer is a document or nothing', async () => {
    await askedMuch(requestsOutside, checkAnswerOutside, { seed, runs: 20 });
  });

  test('of a body that is too long, or nearly so, the answer is a refusal', async () => {
    const limit = 10 * 1024 * 1024;
    const long = (length: number): string => `{"description":"${'x'.repeat(length - 18)}"}`;
    const many = `{"config":[${'{},'.repeat(3_400_000)}{}]}`;
    const bodies = [long(limit), long(limit + 1), `["${hushed}",${long(limit)}]`, many, '['.repeat(limit)];
    const paths = [
      '/worker-pool/fuzz%2Fnew',
      '/workers/fuzz%2Ffixed/desk/mac-1',
      '/worker-pool-errors/fuzz%2Fcloud',
      '/worker/register',
    ];
    const answered: number[] = [];
    for (const [index, body] of bodies.entries()) {
      const request: FuzzRequest = {
        ...plain,
        method: 'POST',
        target: `${apiPrefix}${paths[index % paths.length]}`,
        body,
      };
      const [answer] = await asked([request], checkAnswer);
      answered.push(answer?.status ?? 0);
    }
    assert.deepEqual(answered, [400, 413, 413, 400, 400]);
  });

  test('of a caller who goes away in the middle of it, nothing is left but a line of the log', async () => {
    const head = `POST ${apiPrefix}/worker/register HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n`;
    const halves = [
      `${head}content-length: 100\r\n\r\n{"secret":"${hushed}`,
      `${head}transfer-encoding: chunked\r\n\r\n5\r\n{"a"`,
      head,
    ];
    const port = Number(new URL(world.service.url ?? '').port);
    for (const half of halves) {
      const socket = connect(port, '127.0.0.1');
      await new Promise<void>((resolve) => socket.write(half, () => resolve()));
      socket.destroy();
    }
    const seen = (): number => world.logged('monitor.apiMethod').length;
    await world.until('both requests are noted', () => seen() === 2);
    checkLog();
  });

  test('what all this has written can be read, and is as published', async () => {
    const client = aClient(world, { credentials: root });
    const { workerPools } = await client.listWorkerPools();
    assert.ok(workerPools.length >= 4);
    const ofPools = workerPools.flatMap(({ workerPoolId }) => {
      const id = encodeURIComponent(workerPoolId);
      return [
        `/worker-pool/${id}`,
        `/worker-pool/${id}/launch-configs?includeArchived=true`,
        `/worker-pool/${id}/stats`,
        `/worker-pool-errors/${id}`,
        `/worker-pool-errors/stats?workerPoolId=${id}`,
        `/workers/${id}`,
      ];
    });
    const all = ['/worker-pools', '/worker-pools/stats', '/worker-pool-errors/stats', '/providers', ...ofPools];
    const answers = await asked(
      all.map((path) => ({ ...plain, target: `${apiPrefix}${path}` })),
      checkAnswer,
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.ok(secrets.issued > 20, 'there were secrets to be shown');
  });

  test('among the answers was every status that is published, but the one of a defect', () => {
    const published = [200, 304, ...Object.values(errorStatus)].filter((status) => status !== 500);
    assert.deepEqual(
      published.filter((status) => !statuses.has(status)),
      [],
    );
  });

  async function askedMuch(
    request: fc.Arbitrary<FuzzRequest>,
    check: typeof checkAnswer,
    chance: { seed: number; runs: number },
  ): Promise<void> {
    const requests = fc.array(request, { minLength: together, maxLength: together, size: 'max' });
    const property = fc.asyncProperty(requests, async (list) => void (await asked(list, check)));
    // Its own report would show all requests that were under way.
    const { errorInstance } = await fc.check(property, { seed: chance.seed, numRuns: chance.runs, endOnFailure: true });
    assert.ifError(errorInstance);
  }

  async function asked(requests: readonly FuzzRequest[], check: typeof checkAnswer): Promise<readonly RawAnswer[]> {
    const sent = requests.map((request) => bytesOf(request, signers));
    const answers = await connections.sendAll(sent);
    for (const [index, request] of requests.entries()) {
      const answer = answers[index] ?? { status: 0, headers: {}, text: '' };
      try {
        check(request, answer);
        secrets.refuseIn(answer.text);
      } catch (cause) {
        const question = sent[index]?.bytes.toString('latin1', 0, 3_000);
        throw new Error(`${question}\n=> ${answer.status} ${answer.text.slice(0, 3_000)}`, { cause });
      }
    }
    checkLog();
    for (const answer of answers) {
      secrets.keep(answer);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
    return answers;
  }

  /** No defect, and no secret. */
  function checkLog(): void {
    const lines = world.lines.splice(0);
    const defect = lines.find((line) => /"Type":"monitor\.error"|does not match its schema/.test(line));
    assert.equal(defect, undefined);
    secrets.refuseIn(lines.join(''));
  }
});

/** An unremarkable question of the administrator. */
const plain: FuzzRequest = {
  method: 'GET',
  target: apiPrefix,
  headers: [],
  host: '127.0.0.1',
  body: undefined,
  signature: { as: 'root', ext: '', hash: 'none', raw: null, isInUrl: false },
};

/** What writes comes last, so that listings stay short while they are asked thousands of times; and what deletes comes last of all. */
function inOrder(): [string, Endpoint][] {
  const order = ['get', 'put', 'post', 'delete'];
  return Object.entries<Endpoint>(endpoints).toSorted(
    ([, left], [, right]) => order.indexOf(left.method) - order.indexOf(right.method),
  );
}

async function populate(world: World): Promise<Material & { signersOf: Record<string, Credentials> }> {
  const client = aClient(world, { credentials: root });
  const launchConfigs = ['lc-a', 'lc_b'].map((launchConfigId) => aLaunchConfig({ workerManager: { launchConfigId } }));
  await client.createWorkerPool('fuzz/cloud', aPool({ min: 3, launchConfigs }));
  await client.createWorkerPool('fuzz/fixed', aStaticPool());
  await client.createWorkerPool('fuzz/none', { ...aStaticPool(), providerId: 'null-provider' });
  await world.provision();
  await world.clock.step(minuteMs);
  const machines = world.ec2.instances().map(({ id }) => id);
  const { proof, rootUrl: _, ...identity } = await identityOf(world, machines[0] ?? '');
  const registration = { ...identity, workerIdentityProof: proof };
  const { credentials, secret } = await client.registerWorker(registration);
  const expires = new Date(world.clock.now().getTime() + 600 * minuteMs);
  for (const workerId of ['mac-1', 'mac-2']) {
    await client.createWorker('fuzz/fixed', 'desk', workerId, { expires, providerInfo: { staticSecret: hushed } });
    world.queue.state.claimWork('fuzz/fixed', { workerGroup: 'desk', workerId }, 1);
  }
  const declared = { workerPoolId: 'fuzz/fixed', workerGroup: 'desk', workerId: 'mac-1' };
  const workerIdentityProof = { staticSecret: hushed };
  const registrations = [registration, { ...declared, providerId: 'static-demo', workerIdentityProof }];
  const { workerPoolId, workerGroup, workerId } = identity;
  const renewals = [{ workerPoolId, workerGroup, workerId, secret }];
  for (const title of ['one', 'two', 'three']) {
    const report = { workerGroup, workerId, kind: 'k', title, description: 'd', extra: { code: title } };
    await client.reportWorkerError('fuzz/cloud', report);
  }
  const workers = [
    ...machines.map((id) => ({ workerPoolId, workerGroup, workerId: id })),
    ...['mac-1', 'mac-2', 'mac-new'].map((id) => ({ ...declared, workerId: id })),
  ];
  const there = { workers, registrations, renewals };
  const pages = await Promise.all([
    client.listWorkerPools({ limit: 1 }),
    client.listWorkerPoolLaunchConfigs('fuzz/cloud', { limit: 1 }),
    client.listWorkersForWorkerPool('fuzz/cloud', { limit: 1 }),
    client.listWorkerPoolErrors('fuzz/cloud', { limit: 1 }),
    client.listWorkers('fuzz', 'fixed', { limit: 1 }),
    client.listProviders({ limit: 1 }),
  ]);
  const tokens = pages.map(({ continuationToken }) => continuationToken ?? '');
  assert.ok(!tokens.includes(''));
  const past = new Date(world.clock.now().getTime() - 60 * minuteMs);
  const signersOf = {
    root,
    reader,
    worker: credentials,
    expired: temporary(['*'], { credentials: root, start: new Date(past.getTime() - 60 * minuteMs), expiry: past }),
    unknown: { clientId: 'nobody', accessToken: 'x' },
    wrong: { clientId: own.clientId, accessToken: 'x' },
  };
  return { there, bodies: bodiesFor(there), tokens, signersOf };
}
