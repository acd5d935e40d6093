// spec: provisioning 6.7, P-22

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { Worker } from '#core/worker.ts';
import { aWorld, minuteMs, secondMs } from '#test/world.ts';
import type { World } from '#test/world.ts';
import { aPool } from './a-pool.ts';
import { machineProof, refusedAlike, register } from './machine-proof.ts';
import type { MachineProof } from './machine-proof.ts';

const pool = 'proj/doors';
const regions = ['us-east-1', 'us-west-2'];

interface Scene {
  world: World;
  worker: Worker;
  proof: MachineProof;
  /** Another machine of the same pool. */
  other: MachineProof;
}

/** Two machines that have booted, and whose programs have not asked for anything yet. */
async function aScene(t: TestContext): Promise<Scene> {
  const world = await aWorld(t, { regions });
  await world.createPool(pool, aPool({ min: 2 }));
  await world.provision();
  await world.clock.step(minuteMs);
  const [worker, neighbour] = await world.rows(pool);
  assert.ok(worker !== undefined && neighbour !== undefined);
  const proof = await machineProof(world, worker.workerId);
  return { world, worker, proof, other: await machineProof(world, neighbour.workerId) };
}

/** The document with a member changed. */
function edited(document: string, name: string, value: string): string {
  const changed = document.replace(new RegExp(`("${name}" : )"[^"]*"`), `$1"${value}"`);
  assert.notEqual(changed, document);
  return changed;
}

/** Documents that Amazon has really signed, of the same region, and that are not this worker's. */
function signedButWrong({ world, proof }: Scene): [string, JsonObject][] {
  const { document } = proof;
  const wrong: Record<string, string> = {
    'another account': edited(document, 'accountId', '999999999999'),
    'another zone': edited(document, 'availabilityZone', 'us-west-2z'),
    'another image': edited(document, 'imageId', 'ami-0ffffffffffffffff'),
    'another type': edited(document, 'instanceType', 'm5.24xlarge'),
    'another architecture': edited(document, 'architecture', 'arm64'),
    'another address': edited(document, 'privateIp', '10.255.255.255'),
    'another region named': edited(document, 'region', 'us-east-1'),
    'another instance': edited(document, 'instanceId', 'i-0ffffffffffffffff'),
    'of last year': edited(document, 'pendingTime', '2025-03-01T12:00:00Z'),
    'of next year': edited(document, 'pendingTime', '2027-03-01T12:00:00Z'),
    'without time': edited(document, 'pendingTime', ''),
    'no JSON': 'i am the instance',
    'a list': `[${document}]`,
    null: 'null',
  };
  return Object.entries(wrong).map(([name, text]) => {
    const { signature } = world.ec2.signDocument('us-west-2', text);
    return [name, { document: text, signature }];
  });
}

function forged(scene: Scene): [string, JsonObject][] {
  const { world, proof, other } = scene;
  const { document, signature } = proof;
  const elsewhere = world.ec2.signDocument('us-east-1', document);
  const larger = edited(document, 'instanceType', 'm5.24xlarge');
  return [
    ['edited, with the signature of the true one', { document: larger, signature }],
    ['edited by a space', { document: `${document} `, signature }],
    ['signed by another region', { document, signature: elsewhere.signature }],
    ['signed by another region, PKCS#7', { document, signature: elsewhere.rsa2048 }],
    ['of another machine', { document: other.document, signature: other.signature }],
    ['of another machine, PKCS#7', { document: other.document, signature: other.rsa2048 }],
    ['with the signature of another machine', { document, signature: other.signature }],
    ['PKCS#7 over another document', { document, signature: other.rsa2048 }],
    ['edited, PKCS#7', { document: larger, signature: proof.rsa2048 }],
    ['empty document', { document: '', signature }],
    ['empty signature', { document, signature: '' }],
    ['both empty', { document: '', signature: '' }],
    ['garbage', { document: 'garbage', signature: 'garbage' }],
    ['a signature that is no base64', { document, signature: '§§§§ not base64 §§§§' }],
    ['a cut signature', { document, signature: signature.slice(0, -8) }],
    ['cut PKCS#7', { document, signature: proof.rsa2048.slice(0, 400) }],
    [
      'the beginning of PKCS#7',
      { document, signature: Buffer.from('3006092a864886f70d010702', 'hex').toString('base64') },
    ],
    ['a document of a megabyte', { document: 'x'.repeat(1 << 20), signature }],
    ['a signature of a megabyte', { document, signature: 'A'.repeat(1 << 20) }],
    ['the proof of another kind of cloud', { document }],
    ['a token', { token: 'eyJhbGciOiJub25lIn0.e30.' }],
    ['a secret', { staticSecret: 'a-secret-of-forty-four-characters-0123456789' }],
    ...signedButWrong(scene),
  ];
}

test('forged proofs are all refused with one and the same face, change nothing, and only the log knows why', async (t) => {
  const scene = await aScene(t);
  const { world, worker } = scene;
  const reasons = await refusedAlike(world, worker, forged(scene));
  assert.ok(!reasons.some((reason) => reason.includes(scene.proof.signature)), 'no proof in the log');
});

test('a true proof is accepted after any number of forged ones, in either form of signature', async (t) => {
  const scene = await aScene(t);
  const { world, worker, proof, other } = scene;
  await Promise.all(forged(scene).map(([, wrong]) => register(world, worker, wrong)));
  const { document, signature } = proof;
  const first = await register(world, worker, { document, signature });
  assert.equal(first.status, 200);
  const neighbour = (await world.rows(pool)).find(({ workerId }) => workerId !== worker.workerId);
  assert.ok(neighbour !== undefined);
  const second = await register(world, neighbour, { document: other.document, signature: other.rsa2048 });
  assert.equal(second.status, 200);
  await world.clock.step(secondMs);
  assert.deepEqual(await world.states(pool), { running: 2 });
});
