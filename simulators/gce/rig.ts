import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { SteppedClock } from '#lib/clock.ts';
import { startGce, type GceOptions, type SimulatedGce } from './server.ts';

/** The day on which all tests of the simulator begin. */
const testDay = new Date('2026-03-01T12:00:00Z');

export const zone = 'us-central1-a';

/**
 * A simulator for one test, ended with it; its time stands still until it is stepped. Instances are `STAGING` after 2 s,
 * `RUNNING` after 5 s and up after 30 s.
 */
export async function rigGce(
  t: TestContext,
  options: GceOptions = {},
): Promise<{ gce: SimulatedGce; clock: SteppedClock }> {
  const clock = new SteppedClock(testDay);
  const gce = await startGce({
    clock,
    regions: ['us-central1', 'us-east1'],
    ...options,
    dials: {
      pendingMs: [500, 500],
      provisionMs: [2_000, 2_000],
      stageMs: [3_000, 3_000],
      bootMs: [25_000, 25_000],
      failMs: [4_000, 4_000],
      deleteMs: [20_000, 20_000],
      stopMs: [10_000, 10_000],
      ...options.dials,
    },
  });
  t.after(() => gce.close());
  return { gce, clock };
}

/** What the Google SDK needs to call the simulator: its address, any token, and no retries of its own. */
export function clientConfig(gce: SimulatedGce): {
  version: 'v1';
  rootUrl: string;
  headers: { authorization: string };
  retry: false;
} {
  return { version: 'v1', rootUrl: `${gce.url}/`, headers: { authorization: 'Bearer any' }, retry: false };
}

/** The least that the instances of a bulk insert need: machine types are named without a URL there. */
export function plainProperties() {
  const { name: _name, ...rest } = plainInstance('any');
  return { ...rest, machineType: 'n2-standard-4' };
}

/** The least that an insert needs. */
export function plainInstance(name: string, place = zone) {
  return {
    name,
    machineType: `zones/${place}/machineTypes/n2-standard-4`,
    disks: [
      { boot: true, autoDelete: true, initializeParams: { sourceImage: 'projects/images/global/images/worker-1' } },
    ],
    networkInterfaces: [{ accessConfigs: [{ type: 'ONE_TO_ONE_NAT' }] }],
  };
}

/** For `assert.rejects`: an error that the SDK made of a refusal with that reason and HTTP status. */
export function refused(reason: string, status: number, text?: RegExp): (error: unknown) => boolean {
  return (error) => {
    const { response, status: seen } = error as {
      status?: number;
      response?: { data?: { error?: { code?: number; message?: string; errors?: { reason?: string }[] } } };
    };
    const body = response?.data?.error;
    assert.deepEqual(
      { reason: body?.errors?.[0]?.reason, status: seen, code: body?.code },
      { reason, status, code: status },
      JSON.stringify(body ?? String(error)),
    );
    if (text !== undefined) {
      assert.match(body?.message ?? '', text);
    }
    return true;
  };
}
