import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import { startEc2, type Ec2Options, type SimulatedEc2 } from './server.ts';

/** The day on which all tests of the simulator begin. */
export const testDay = new Date('2026-03-01T12:00:00Z');

/** A simulator for one test, ended with it; its time stands still until it is stepped, and machines boot in 30 s. */
export async function rigEc2(
  t: TestContext,
  options: Ec2Options = {},
): Promise<{ ec2: SimulatedEc2; clock: SteppedClock }> {
  const clock = new SteppedClock(testDay);
  const ec2 = await startEc2({
    clock,
    regions: ['us-east-1', 'us-west-2'],
    ...options,
    dials: { bootMs: [30_000, 30_000], shutDownMs: [20_000, 20_000], stopMs: [10_000, 10_000], ...options.dials },
  });
  t.after(() => ec2.close());
  return { ec2, clock };
}

/** What the AWS SDK needs to call the simulator: its endpoint, any credentials, and no retries of its own. */
export function clientConfig(
  ec2: SimulatedEc2,
  region = 'us-west-2',
): {
  region: string;
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
} {
  const credentials = { accessKeyId: 'AKIASIMULATED', secretAccessKey: 'secret' };
  return { region, endpoint: ec2.url, credentials, maxAttempts: 1 };
}

/** The least that a launch needs. */
export const plainLaunch = {
  ImageId: 'ami-0123456789abcdef0',
  InstanceType: 'm5.large',
  MinCount: 1,
  MaxCount: 1,
} as const;

/** For `assert.rejects`: an error that the SDK made of a refusal with that code and HTTP status. */
export function refused(code: string, status = 400): (error: unknown) => boolean {
  return (error) => {
    const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
    assert.deepEqual({ name, status: $metadata?.httpStatusCode }, { name: code, status });
    return true;
  };
}
