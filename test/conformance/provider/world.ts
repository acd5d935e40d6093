import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { JsonObject } from '#core/json.ts';
import type { LaunchOutcome, LaunchRequest, RefusalClass } from '#core/launch.ts';
import type { Fleet, FleetWorker, Identity, Sighting } from '#core/provider.ts';
import { aLaunchRequest } from './fixtures.ts';

/** The kinds of call a world can disturb. */
export type WorldCall = 'launch' | 'list' | 'get' | 'terminate';

/** A machine as the cloud itself knows it, whoever owns it. */
export interface WorldMachine {
  workerId: string;
  orderId: string | null;
  isAlive: boolean;
}

/** A provider in front of a cloud that can be looked at and disturbed from behind. */
export interface FleetWorld {
  fleet: Fleet;
  /** Null: its workers prove nothing. */
  identity: Identity | null;
  providerId: string;
  /** A launch config's content that works. */
  configuration: JsonObject;
  /** The present instant in this world. */
  now(): Date;
  /** All machines of the cloud. */
  machines(): readonly WorldMachine[];
  /** Starts a machine of somebody else's where ours are. @returns its id. */
  addStranger(): Promise<string>;
  /** An id of the cloud's form that no machine has. */
  unknownId: string;
  /** Ends a machine from the outside. */
  end(workerId: string): void;
  /** The cloud can start so many more machines of the configuration. */
  limitStock(available: number): void;
  /** The cloud says no to calls of this kind; false where it knows no refusal of this class. */
  refuse(call: WorldCall, refusalClass: RefusalClass): boolean;
  /** No answer comes to calls of this kind, before or after they had their effect: the connection breaks, or hangs. */
  disturb(call: WorldCall, how: 'break' | 'hang', when: 'before' | 'after'): void;
  /** Ends all that was asked for by the three above. */
  calm(): void;
  /** The proof that a machine would present. */
  proofOf(workerId: string): Promise<JsonObject>;
  /** Proofs that look right and are not, by what is wrong with them. */
  forgeries(workerId: string): Promise<Readonly<Record<string, JsonObject>>>;
  close(): Promise<void>;
}

/** A signal that is never aborted. */
export const never = new AbortController().signal;

/** Makes a world that ends with the test. */
export type World = (t: TestContext) => Promise<FleetWorld>;

export function requestFor({ fleet, providerId, configuration }: FleetWorld, count: number): LaunchRequest {
  const { workerGroup, scope } = fleet.place(configuration);
  return aLaunchRequest({ configuration, order: { providerId, workerGroup, scope, count } });
}

export function idsOf(world: FleetWorld, orderId: string): string[] {
  return world
    .machines()
    .filter((machine) => machine.orderId === orderId)
    .map((machine) => machine.workerId)
    .toSorted();
}

export function launchedIds(outcome: LaunchOutcome): string[] {
  assert.equal(outcome.kind, 'settled', `settled, not unknown: ${outcome.refusal?.message}`);
  return outcome.kind === 'settled' ? outcome.launched.map((worker) => worker.workerId).toSorted() : [];
}

export async function launchSome(
  world: FleetWorld,
  count: number,
): Promise<{ request: LaunchRequest; workers: FleetWorker[] }> {
  const request = requestFor(world, count);
  const outcome = await world.fleet.launch(request, never);
  launchedIds(outcome);
  const launched = outcome.kind === 'settled' ? outcome.launched : [];
  const workers = launched.map((worker) => ({ workerPoolId: request.order.workerPoolId, ...worker }));
  return { request, workers: workers.toSorted((one, other) => (one.workerId < other.workerId ? -1 : 1)) };
}

export async function observed(world: FleetWorld): Promise<Sighting[]> {
  const sightings: Sighting[] = [];
  for (const scope of world.fleet.scopes()) {
    for await (const page of world.fleet.observe(scope, never)) {
      sightings.push(...page);
    }
  }
  return sightings;
}

export const aliveOf = (sightings: readonly Sighting[]): string[] =>
  sightings
    .filter((sighting) => sighting.presence === 'alive')
    .map((sighting) => sighting.workerId)
    .toSorted();

/** Waits for something that happens elsewhere, such as in a server of this process. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; !isSo(); turns++) {
    assert.ok(turns < 1_000_000, 'it never happens');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
