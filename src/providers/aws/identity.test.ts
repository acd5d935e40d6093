import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ProofRejected } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import type { Worker } from '#core/worker.ts';
import { aWorker } from '#test/conformance/provider/fixtures.ts';
import { identityKeys } from './identity-keys.ts';
import { awsIdentity } from './identity.ts';
import published from './published-keys.json' with { type: 'json' };

const never = new AbortController().signal;

const realProofs = new URL('../../../../shared/data/proofs/', import.meta.url);
const isRealProofHere = existsSync(realProofs);

/** The instance of the real proof, as it would have been recorded. */
const realWorker = aWorker({
  workerGroup: 'us-west-2',
  workerId: 'i-02312cd4f06c990ca',
  created: new Date('2019-08-15T18:19:48Z'),
  providerData: {
    region: 'us-west-2',
    owner: '710952102342',
    availabilityZone: 'us-west-2a',
    architecture: 'x86_64',
    imageId: 'ami-082b5a644766e0e6f',
    instanceType: 't2.micro',
    privateIp: '172.31.23.159',
    launchTime: '2019-08-15T18:19:47.000Z',
  },
});

function realProof(): { document: string; signature: string } {
  const read = (name: string): string => readFileSync(new URL(name, realProofs), 'utf8');
  return { document: read('aws-identity-document.json'), signature: read('aws-identity-signature.txt') };
}

async function rejects(proof: JsonObject, worker: Worker, why: RegExp, now = worker.created): Promise<void> {
  await assert.rejects(awsIdentity(identityKeys([])).identify(proof, worker, now, never), (error) => {
    assert.ok(error instanceof ProofRejected);
    assert.match(error.message, why);
    return true;
  });
}

// spec: provisioning 6.7, E49
describe(
  'a real instance identity document',
  { skip: isRealProofHere ? false : 'no real proofs beside the project' },
  () => {
    const now = new Date('2019-08-15T18:25:00Z');

    test('is believed with Amazon’s published key', async () => {
      await awsIdentity(identityKeys([])).identify(realProof(), realWorker, now, never);
    });

    test('is rejected when a byte of it is changed, be it a space', async () => {
      const { document, signature } = realProof();
      await rejects({ document: document.replace('  "', ' "'), signature }, realWorker, /does not verify/);
      await rejects({ document: `${document}\n`, signature }, realWorker, /does not verify/);
      await rejects({ document, signature: signature.replace('g', 'h') }, realWorker, /does not verify/);
    });

    test('is rejected for a worker of another region, whose key is another', async () => {
      await rejects(realProof(), { ...realWorker, workerGroup: 'ap-east-1' }, /does not verify/);
    });

    test('is rejected for a worker of another region that has the same key', async () => {
      const providerData = { ...realWorker.providerData, region: 'us-east-1' };
      await rejects(realProof(), { ...realWorker, workerGroup: 'us-east-1', providerData }, /region/);
    });

    test('is rejected when any recorded fact is another, or was not recorded', async () => {
      for (const name of [
        'region',
        'owner',
        'availabilityZone',
        'architecture',
        'imageId',
        'instanceType',
        'privateIp',
      ]) {
        const { [name]: _dropped, ...without } = realWorker.providerData;
        await rejects(realProof(), { ...realWorker, providerData: without }, /recorded/);
        await rejects(realProof(), { ...realWorker, providerData: { ...without, [name]: 'other' } }, /recorded/);
      }
      await rejects(realProof(), { ...realWorker, workerId: 'i-02312cd4f06c990cb' }, /another instance/);
    });

    test('is rejected when it was made before the launch, or is not made yet', async () => {
      const providerData = { ...realWorker.providerData, launchTime: '2019-08-15T18:30:00.000Z' };
      await rejects(realProof(), { ...realWorker, providerData }, /before the launch/);
      await rejects(realProof(), realWorker, /future/, new Date('2019-08-15T18:10:00Z'));
    });
  },
);

describe('the keys of identity documents', () => {
  // spec: P-22
  test('are known in both forms for every region that Amazon names', () => {
    const regions = published.signature.flatMap((entry) => entry.regions);
    assert.equal(regions.length, 33);
    assert.equal(new Set(regions).size, 33);
    const keys = identityKeys([]);
    for (const region of regions) {
      const { signature, rsa2048 } = keys(region);
      assert.deepEqual(
        [signature, rsa2048].map((form) => form.map((key) => key.asymmetricKeyDetails?.modulusLength)),
        [[1024], [2048]],
        region,
      );
    }
  });

  test('differ from region to region in the RSA-2048 form', () => {
    assert.equal(new Set(published.rsa2048.map(({ spki }) => spki)).size, published.rsa2048.length);
    assert.ok(published.rsa2048.every(({ regions }) => regions.length === 1));
  });

  test('of a region that nobody knows are none, and then no proof of it is believed', async () => {
    assert.deepEqual(identityKeys([])('us-mars-1'), { signature: [], rsa2048: [] });
    await rejects(
      { document: '{}', signature: 'AAAA' },
      { ...realWorker, workerGroup: 'us-mars-1' },
      /does not verify/,
    );
  });

  test('of the settings are believed beside Amazon’s, for their own region only', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const facts = { ...realWorker.providerData, accountId: '710952102342', instanceId: realWorker.workerId };
    const document = JSON.stringify({ ...facts, pendingTime: '2019-08-15T18:19:47Z' });
    const proof = { document, signature: sign('sha256', Buffer.from(document), privateKey).toString('base64') };
    const now = new Date('2019-08-15T18:25:00Z');
    const trusting = (region: string) => awsIdentity(identityKeys([{ region, signature: publicKey, rsa2048: null }]));
    await trusting('us-west-2').identify(proof, realWorker, now, never);
    await assert.rejects(trusting('us-east-1').identify(proof, realWorker, now, never), ProofRejected);
    await rejects(proof, realWorker, /does not verify/, now);
  });
});
