import assert from 'node:assert/strict';
import type { JsonObject } from '#core/json.ts';
import type { WorkerKey } from '#core/worker.ts';
import { HttpError, requestJson } from '#lib/http-client.ts';
import type { World } from '#test/world.ts';

/** What a machine finds in its metadata service to prove who it is. */
export interface MachineProof {
  document: string;
  signature: string;
  /** The PKCS#7 form of the signature. */
  rsa2048: string;
}

/** Reads a booted machine's proof, as a program on it would. */
export async function machineProof(world: World, instanceId: string): Promise<MachineProof> {
  const base = `${world.ec2.url}/_sim/imds/${instanceId}/latest`;
  const given = await fetch(`${base}/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
  });
  const headers = { 'x-aws-ec2-metadata-token': await given.text() };
  const read = async (name: string): Promise<string> => {
    const answer = await fetch(`${base}/dynamic/instance-identity/${name}`, { headers });
    if (!answer.ok) throw new Error(`the metadata service answers ${answer.status}`);
    return answer.text();
  };
  return { document: await read('document'), signature: await read('signature'), rsa2048: await read('rsa2048') };
}

/** What a caller of registerWorker gets to see. */
export interface Face {
  status: number;
  body: JsonObject;
}

/** Calls registerWorker as anybody may. */
export async function register(
  world: World,
  worker: WorkerKey & { providerId: string },
  workerIdentityProof: JsonObject,
): Promise<Face> {
  const { workerPoolId, workerGroup, workerId, providerId } = worker;
  try {
    const { status, body } = await requestJson({
      method: 'POST',
      url: `${world.service.url}/api/worker-manager/v1/worker/register`,
      body: { workerPoolId, workerGroup, workerId, providerId, workerIdentityProof },
      clock: world.clock,
      timeoutMs: 30_000,
    });
    return { status, body: body as JsonObject };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { status: error.status, body: error.body as JsonObject };
  }
}

/** A refusal without the moment at which it was made. */
export function timeless({ status, body }: Face): Face {
  const text = JSON.stringify(body).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
  return { status, body: JSON.parse(text) as JsonObject };
}

/**
 * Presents wrong proofs: all are refused with one face, and change nothing that is stored or told.
 * @returns why each was refused, as only the log knows.
 */
export async function refusedAlike(
  world: World,
  worker: WorkerKey & { providerId: string },
  proofs: readonly (readonly [name: string, proof: JsonObject])[],
): Promise<readonly string[]> {
  const { store } = world.service;
  const before = await store.registrationView(worker);
  const records = await store.launchRecords(worker.workerPoolId);
  const faces = new Map<string, string>();
  for (const [name, proof] of proofs) {
    faces.set(name, JSON.stringify(await register(world, worker, proof)));
  }
  const [face = ''] = faces.values();
  for (const [name, seen] of faces) assert.equal(seen, face, name);
  assert.match(
    face,
    /^\{"status":400,"body":\{"code":"InputError","message":"Worker identity could not be verified\\n/,
  );

  assert.deepEqual(await store.registrationView(worker), before);
  assert.deepEqual(await store.launchRecords(worker.workerPoolId), records);
  await world.deliver();
  assert.ok(world.events.every(({ exchange }) => exchange !== 'worker-running'));
  const reasons = world.logged('registration-error-warning').map(({ error }) => String(error));
  assert.equal(reasons.length, faces.size);
  assert.ok(new Set(reasons).size >= 12, `different reasons: ${[...new Set(reasons)].join('; ')}`);
  return reasons;
}
