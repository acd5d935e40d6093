// spec: provisioning 8.12, P-30, P-46

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { azureForgeries } from '#test/conformance/provider/azure-forgeries.ts';
import { anAzureWorld, within } from '#test/azure-world.ts';
import type { AzureWorld } from '#test/azure-world.ts';
import type { AttestationAuthority } from '#simulators/azure/attestation.ts';
import { minuteMs } from '#test/world.ts';
import { anAzurePool, byResources, byTemplate } from './azure-pools.ts';
import { register, timeless } from './machine-proof.ts';

const pool = 'proj/proofs';

/** A machine that is up, and whose program asks for nothing by itself. */
async function aSilentMachine(azureWorld: AzureWorld, launchConfig = byResources()) {
  const { world, azure } = azureWorld;
  azure.faults.turn({ neverRegisters: 1 });
  await world.createPool(pool, anAzurePool({ min: 1, max: 1, launchConfigs: [launchConfig] }));
  await azureWorld.until('it is up', () => azure.machines().some(({ power }) => power === 'running'));
  await azureWorld.until('its worker is known', async () => (await world.rows(pool)).length === 1);
  const [worker] = await world.rows(pool);
  const [machine] = azure.machines();
  assert.ok(worker !== undefined && machine !== undefined);
  return { worker, machine: { vmId: machine.vmId, subscriptionId: azure.subscriptionId } };
}

for (const [way, launchConfig] of [
  ['by resources', byResources()],
  ['by a template', byTemplate()],
] as const) {
  test(`of a machine made ${way}, forged documents are all refused with one face, change nothing, and the true one is taken after them`, async (t) => {
    const azureWorld = await anAzureWorld(t);
    const { world, authority, azure } = azureWorld;
    const { worker, machine } = await aSilentMachine(azureWorld, launchConfig);
    const forged = azureForgeries({ authority, machine, now: world.clock.now() });
    const proofs = {
      ...Object.fromEntries(Object.entries(forged).map(([name, document]) => [name, { document }])),
      'a proof of another cloud': { document: forged['empty'] ?? 'x', signature: 'AAAA' },
      'a token': { token: 'eyJhbGciOiJub25lIn0.e30.' },
      'a secret': { staticSecret: 'a-secret-of-forty-four-characters-0123456789' },
    };
    const faces = new Map<string, string[]>();
    for (const [name, proof] of Object.entries(proofs)) {
      const face = JSON.stringify(timeless(await register(world, worker, proof)));
      faces.set(face, [...(faces.get(face) ?? []), name]);
    }
    assert.equal(faces.size, 1, JSON.stringify([...faces].slice(1)));
    assert.match(
      [...faces.keys()].join(),
      /^\{"status":400,"body":\{"code":"InputError","message":"Worker identity could/,
    );
    assert.ok(Object.keys(proofs).length >= 40);
    assert.deepEqual(await world.states(pool), { requested: 1 });
    const reasons = world.logged('registration-error-warning').map(({ error }) => String(error));
    assert.equal(reasons.length, Object.keys(proofs).length);
    t.diagnostic(`${reasons.length} refused, for ${new Set(reasons).size} different reasons that only the log knows`);
    assert.ok(new Set(reasons).size >= 12);

    assert.equal((await register(world, worker, { document: await authority.attest(machine) })).status, 200);
    assert.deepEqual(await world.states(pool), { running: 1 });
    assert.equal(azure.machines().length, 1);
  });
}

test('a document of another machine, and of the same name in another subscription, is refused', async (t) => {
  const azureWorld = await anAzureWorld(t);
  const { world, authority } = azureWorld;
  const { worker, machine } = await aSilentMachine(azureWorld);
  const other = { ...machine, vmId: '00000000-0000-4000-8000-00000000ffff' };
  const elsewhere = { ...machine, subscriptionId: '00000000-0000-4000-8000-00000000ffff' };
  for (const wrong of [other, elsewhere]) {
    assert.equal((await register(world, worker, { document: await authority.attest(wrong) })).status, 400);
  }
});

/** Where the authority publishes its certificates; the publisher outlives nothing. */
async function aPublisher(t: { after(run: () => Promise<void>): void }) {
  const source: { authority?: AttestationAuthority } = {};
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const certificate = source.authority?.certificateAt(request.url ?? '') ?? null;
    response.writeHead(certificate === null ? 404 : 200).end(certificate);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(() => resolve())));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pkiops/certs/`;
  return { source, asked, url };
}

test('#3669, #7670, #7685, #8569, #8533: rotations broke registration; under an intermediate that nobody knew it goes on, fetched once', async (t) => {
  const { source, asked, url } = await aPublisher(t);
  const azureWorld = await anAzureWorld(t, { certificatesUrl: url, idleTimeoutMs: 60 * minuteMs });
  const { world, authority } = azureWorld;
  source.authority = authority;
  await world.createPool(pool, anAzurePool({ min: 2, max: 20 }));
  await azureWorld.untilRunning(pool, 2);
  assert.deepEqual(asked, []);
  for (const [rotation, count] of [8, 14].entries()) {
    authority.rotate();
    await world.updatePool(pool, anAzurePool({ min: count, max: 20 }));
    const running = await azureWorld.until('all run', async () => (await world.states(pool)).running === count);
    within(t, `rotation ${rotation + 1} → ${count} run`, running, 180);
    assert.equal(asked.length, rotation + 1, asked.join());
  }
  assert.equal(world.logged('registration-new-intermediate-certificate').length, 2);
  assert.equal(world.workers.counters.refused, 0);
});
