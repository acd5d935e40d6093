import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsonObject } from '#core/json.ts';
import type { Worker } from '#core/worker.ts';
import { segment } from '#demo/client.ts';
import { noMailer } from '#events/mail/no-mailer.ts';
import { createAttestationAuthority } from '#simulators/azure/attestation.ts';
import type { AttestationAuthority } from '#simulators/azure/attestation.ts';
import type { AzureOptions, SimulatedAzure } from '#simulators/azure/server.ts';
import { startAzure } from '#simulators/azure/server.ts';
import type { SteppedClock } from '#lib/clock.ts';
import { runLoops } from '#src/run-loops.ts';
import { aWorld, secondMs } from './world.ts';
import type { World, WorldOptions } from './world.ts';

/** The id of the provider in front of the simulated Azure. */
export const azureId = 'azure-demo';
/** The resource group of whatever names no other. */
export const workersGroup = 'rg-workers';

export interface AzureWorldOptions extends Pick<WorldOptions, 'crash' | 'idleTimeoutMs'> {
  /** How the simulated Azure is started. */
  azure?: Omit<AzureOptions, 'clock' | 'random' | 'attest'>;
  /** Ids under which it is configured as a provider. */
  providerIds?: readonly string[];
  /** Settings of the provider that are not the usual ones, which it is shown. */
  provider?: (usual: JsonObject) => JsonObject;
  /** Where certificate authorities publish their certificates; by default none that is not known is believed. */
  certificatesUrl?: string;
}

type Ending = Parameters<typeof aWorld>[0];

/** The program with its loops running by themselves, a queue, workers and Azure, at a time that only the test moves. */
export class AzureWorld {
  readonly world: World;
  readonly azure: SimulatedAzure;
  readonly authority: AttestationAuthority;

  constructor(parts: { world: World; azure: SimulatedAzure; authority: AttestationAuthority }) {
    this.world = parts.world;
    this.azure = parts.azure;
    this.authority = parts.authority;
  }

  get nowMs(): number {
    return this.world.clock.now().getTime();
  }

  /**
   * Lets time pass until something holds, no faster than sockets follow. `stepMs` is how exactly the result is known.
   * @returns how many seconds passed. @throws when it does not hold after `limitMs`.
   */
  async until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    limitMs = 1800 * secondMs,
    stepMs = 250,
  ): Promise<number> {
    const startedMs = this.nowMs;
    let turnedMs = startedMs;
    while (!(await holds())) {
      if (this.nowMs - startedMs >= limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      await this.world.clock.step(stepMs);
      await breathe(stepMs);
      if (this.nowMs - turnedMs >= secondMs) {
        turnedMs = this.nowMs;
        await unstuck(this.world.clock, this.world.workers.turn());
      }
    }
    return (this.nowMs - startedMs) / secondMs;
  }

  async pass(ms: number, stepMs = 250): Promise<void> {
    const endMs = this.nowMs + ms;
    await this.until('time', () => this.nowMs >= endMs, Infinity, stepMs);
  }

  async untilRunning(workerPoolId: string, count: number): Promise<readonly Worker[]> {
    await this.until(`${count} run`, async () => (await this.world.states(workerPoolId)).running === count);
    return this.world.rows(workerPoolId);
  }

  /** Calls removeWorker. */
  async remove({ workerPoolId, workerGroup, workerId }: Worker): Promise<void> {
    const path = `/workers/${segment(workerPoolId)}/${workerGroup}/${workerId}`;
    await unstuck(this.world.clock, this.world.client.call('DELETE', path));
  }

  /** The instants at which Azure got such calls, in milliseconds, oldest first. */
  calls(...actions: readonly string[]): number[] {
    return this.azure.logbook.filter(({ action }) => actions.includes(action)).map(({ at }) => at.getTime());
  }

  /** Until nothing is left at Azure and every worker of the pool has stopped. @returns how many seconds passed. */
  async untilNothingIsLeft(workerPoolId: string, limitMs = 1800 * secondMs): Promise<number> {
    return this.until(
      'nothing is left',
      async () =>
        this.azure.steering.resources().length === 0 &&
        Object.keys(await this.world.states(workerPoolId)).every((state) => state === 'stopped'),
      limitMs,
    );
  }
}

/** Says how long something took, and that it had to be that soon; in seconds. */
export function within(t: { diagnostic(message: string): void }, what: string, seconds: number, limit: number): void {
  t.diagnostic(`${what}: ${seconds} s (at most ${limit} s)`);
  assert.ok(seconds <= limit, `${what}: ${seconds} s is more than ${limit} s`);
}

/** Time passes so many times as fast as real time at most: what waits for a database is given up after seconds of it. */
const fastest = 250;

/** Between two steps of time sockets get many turns, and a database some of the machine's time: more of it where time is measured exactly. */
async function breathe(stepMs: number): Promise<void> {
  const leastMs = Math.max(stepMs < 100 ? 4 : 2, stepMs / fastest);
  const startedAt = performance.now();
  for (let turns = 0; turns < 40 || performance.now() - startedAt < leastMs; turns++) await nextTurn();
}

/** After how much real time `unstuck` lets time pass. */
const stuckAfterMs = 1_000;

/** Waits while time stands still; what lasts longer than a second of real time is taken to wait for the clock, and time passes. */
async function unstuck<T>(clock: SteppedClock | undefined, work: Promise<T>): Promise<T> {
  const progress = { isOver: false };
  const settled = work.finally(() => (progress.isOver = true));
  settled.catch(() => undefined);
  const startedAt = performance.now();
  while (!progress.isOver) {
    await nextTurn();
    if (performance.now() - startedAt > stuckAfterMs) await clock?.step(50);
  }
  return settled;
}

/** Builds a world with Azure in it on a fresh database; it ends with the test. */
export async function anAzureWorld(t: Ending, options: AzureWorldOptions = {}): Promise<AzureWorld> {
  const { providerIds = [azureId], certificatesUrl } = options;
  const made: { azure?: SimulatedAzure; authority?: AttestationAuthority } = {};
  const stack = new AsyncDisposableStack();
  const ending: { world?: World } = {};
  // Before the world ends, of which the loops live. What they are at may wait for the clock.
  t.after(() => unstuck(ending.world?.clock, stack.disposeAsync()));
  const world = await aWorld(t, {
    ...(options.crash === undefined ? {} : { crash: options.crash }),
    ...(options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs }),
    awsProviders: [],
    staticProviders: [],
    clouds: [
      async ({ clock, random }) => {
        const authority = createAttestationAuthority({
          clock,
          ...(certificatesUrl === undefined ? {} : { certificatesUrl }),
        });
        const azure: SimulatedAzure = await startAzure({
          ...options.azure,
          clock,
          random,
          attest: (facts) => authority.attest({ ...facts, subscriptionId: azure.subscriptionId }),
        });
        Object.assign(made, { azure, authority });
        const usual = settingsFor(azure, authority, certificatesUrl);
        const settings = options.provider?.(usual) ?? usual;
        return {
          providers: Object.fromEntries(providerIds.map((providerId) => [providerId, settings])),
          park: azure.park,
          close: () => azure.close(),
        };
      },
    ],
  });
  ending.world = world;
  const { azure, authority } = made;
  if (azure === undefined || authority === undefined) throw new Error('no Azure was started');
  const { loops, sink } = world.service;
  const outward = { sink, mailer: noMailer, healthChecks: {}, scannerConcurrency: 8 };
  await runLoops(loops, new Set(['provisioner', 'scanner']), outward, stack);
  return new AzureWorld({ world, azure, authority });
}

function settingsFor(
  azure: SimulatedAzure,
  authority: AttestationAuthority,
  certificatesUrl: string | undefined,
): JsonObject {
  return {
    providerType: 'azure',
    endpoint: azure.url,
    authority: azure.url,
    clientId: 'client',
    secret: 'secret',
    domain: azure.tenantId,
    subscriptionId: azure.subscriptionId,
    resourceGroupName: workersGroup,
    trustAnchors: authority.trustAnchors().map((certificatePem) => ({ certificatePem })),
    ...(certificatesUrl === undefined
      ? { fetchIntermediates: 'never' }
      : { certificateSources: [{ url: certificatesUrl }] }),
  };
}
