import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { LaunchedWorker, LaunchOutcome, LaunchRequest } from '#core/launch.ts';
import type { FleetWorker, Sighting } from '#core/provider.ts';
import type { GceOptions } from '#simulators/gce/server.ts';
import { aLaunchRequest } from './fixtures.ts';
import { aGoogleWorld, googleConfiguration } from './google-world.ts';
import type { GoogleWorld } from './google-world.ts';
import { never } from './world.ts';

/** A world for one test, ended with it. */
export async function someGoogle(t: TestContext, options: GceOptions = {}, times = 10): Promise<GoogleWorld> {
  const world = await aGoogleWorld(options, times);
  t.after(() => world.close());
  return world;
}

/** A request for machines of the world's launch config, with some of its members changed. */
export function aGoogleRequest(world: GoogleWorld, count: number, special: JsonObject = {}): LaunchRequest {
  const configuration = { ...googleConfiguration, ...special };
  const { scope, workerGroup } = world.fleet.place(configuration);
  return aLaunchRequest({ configuration, order: { providerId: 'google-1', scope, workerGroup, count } });
}

export function launchedOf(outcome: LaunchOutcome): readonly LaunchedWorker[] {
  assert.equal(outcome.kind, 'settled', outcome.refusal?.message);
  return outcome.kind === 'settled' ? outcome.launched : [];
}

/** Starts machines of the world's launch config. */
export async function launched(world: GoogleWorld, count: number, special: JsonObject = {}): Promise<FleetWorker[]> {
  const outcome = await world.fleet.launch(aGoogleRequest(world, count, special), never);
  return launchedOf(outcome).map((worker) => ({ workerPoolId: 'proj/pool', ...worker }));
}

export async function inspected(world: GoogleWorld, workers: readonly FleetWorker[]): Promise<readonly Sighting[]> {
  return world.fleet.inspect(world.gce.project, workers, never);
}

/** What a sighting says beside who it is of. */
export const summaryOf = ({ presence, cloudState, why, trouble }: Sighting): string =>
  [presence, cloudState, why, trouble?.code].filter((word) => word !== undefined).join(', ');
