import assert from 'node:assert/strict';
import { AwsMetadata } from '#simulators/worker/aws.ts';
import { HttpCaller } from '#simulators/worker/http.ts';
import type { Identity } from '#simulators/worker/metadata.ts';
import type { SimulatedEc2 } from '#simulators/ec2/server.ts';
import type { Clock } from '#core/clock.ts';

/** Who a machine at EC2 is, and how it proves it: from its metadata service, as its own program learns it. */
export async function identityOf(
  { ec2, clock }: { ec2: SimulatedEc2; clock: Clock },
  instanceId: string,
): Promise<Identity> {
  const machine = ec2.park.machines().find(({ id }) => id === instanceId);
  assert.ok(machine !== undefined, `there is no machine ${instanceId}`);
  const http = new HttpCaller(1, 5_000);
  const identity = await new AwsMetadata(machine.metadataUrl, http, clock, Infinity).identify();
  http.close();
  assert.ok(typeof identity !== 'string', `machine ${instanceId} cannot say who it is: ${String(identity)}`);
  return identity;
}
