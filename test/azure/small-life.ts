import assert from 'node:assert/strict';
import type { JsonObject } from '#core/json.ts';
import type { LaunchRequest } from '#core/launch.ts';
import type { Fleet, FleetWorker, Sighting } from '#core/provider.ts';
import { SteppedClock } from '#lib/clock.ts';
import { aLaunchRequest } from '#test/conformance/provider/fixtures.ts';
import { never } from '#test/conformance/provider/world.ts';
import { SmallAzure } from './small-azure.ts';
import type { SmallAzureTimes } from './small-azure.ts';
import { aProcess, sequentialConfiguration, subscriptionId } from './small-azure-world.ts';
import type { SmallProcess } from './small-azure-world.ts';

/** About as long as things take in Azure, in milliseconds. */
export const times: SmallAzureTimes = { network: 4_000, machine: 30_000, removal: 20_000, deployment: 45_000 };
const stepMs = 50;

/** A process in front of a small Azure, on a stepped clock. */
export interface Small {
  clock: SteppedClock;
  azure: SmallAzure;
  process: SmallProcess;
  fleet: Fleet;
}

/** @param special times that are others. */
export function aSmallAzure(special: Partial<SmallAzureTimes> = {}): Small {
  const clock = new SteppedClock(new Date('2026-03-01T00:00:00Z'));
  const azure = new SmallAzure(clock, { ...times, ...special });
  const process = aProcess(azure, clock);
  return { clock, azure, process, fleet: process.fleet };
}

/** Lets time pass until the promise has come to something. @returns it, and the milliseconds that it took. */
export async function passing<T>(clock: SteppedClock, promise: Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startedMs = clock.now().getTime();
  const done = promise.then(
    () => true,
    () => true,
  );
  for (let steps = 0; ; steps++) {
    assert.ok(steps < 40_000, 'it never ends');
    if (await Promise.race([done, clock.step(stepMs).then(() => false)])) break;
  }
  return { value: await promise, tookMs: clock.now().getTime() - startedMs };
}

/** Lets time pass until nothing is being ended or followed any more. */
export async function settled(
  { clock, process }: Pick<Small, 'clock' | 'process'>,
  workerIds: readonly string[],
): Promise<number> {
  const all = Promise.all(workerIds.map((workerId) => process.parts.teardowns.settled(workerId)));
  return (await passing(clock, all)).tookMs;
}

export function aRequest(clock: SteppedClock, configuration: JsonObject, count = 1): LaunchRequest {
  const placedAt = clock.now();
  return aLaunchRequest({
    configuration,
    order: { providerId: 'azure-1', workerGroup: 'eastus', scope: subscriptionId, count, placedAt },
  });
}

export async function launched(
  small: Small,
  configuration: JsonObject,
  count = 1,
): Promise<{ request: LaunchRequest; workers: FleetWorker[]; tookMs: number }> {
  const request = aRequest(small.clock, configuration, count);
  const { value, tookMs } = await passing(small.clock, small.fleet.launch(request, never));
  assert.ok(value.kind === 'settled' && value.launched.length === count, JSON.stringify(value));
  return {
    request,
    workers: value.launched.map((worker) => ({ ...worker, workerPoolId: request.order.workerPoolId })),
    tookMs,
  };
}

export async function inspected(
  { clock, fleet }: Small,
  workers: readonly FleetWorker[],
): Promise<readonly Sighting[]> {
  return (await passing(clock, fleet.inspect(subscriptionId, workers, never))).value;
}

export async function observed({ clock, fleet }: Small): Promise<Sighting[]> {
  const all: Sighting[] = [];
  const reading = (async () => {
    for await (const page of fleet.observe(subscriptionId, never)) all.push(...page);
  })();
  await passing(clock, reading);
  return all;
}

export async function ended(small: Small, workers: readonly FleetWorker[]): Promise<number> {
  const { value } = await passing(small.clock, small.fleet.terminate(subscriptionId, workers, never));
  assert.ok(value.every(({ accepted }) => accepted));
  return settled(
    small,
    workers.map(({ workerId }) => workerId),
  );
}

/** A launch config whose machines have public addresses. */
export const withAddress: JsonObject = { ...sequentialConfiguration, workerManager: { publicIp: true } };

/** Another process in front of the same Azure. */
export function another(small: Small): Small {
  const process = aProcess(small.azure, small.clock);
  return { ...small, process, fleet: process.fleet };
}
